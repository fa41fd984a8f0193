using System.Runtime.CompilerServices;
using Flyscan.Actors.Remote;
using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Actors.Remote;

public sealed class OrderAnswersTests
{
    /// <summary>Effects that call for no answer of their own, or are not a device's.</summary>
    private static readonly Type[] WithoutAnswer =
    [
        typeof(ScanEffect.WatchBeam), typeof(ScanEffect.ReadBeam), typeof(ScanEffect.WatchDisk), typeof(ScanEffect.ProbeDisk),
        typeof(ScanEffect.AskProgress), typeof(ScanEffect.WatchBlocks), typeof(ScanEffect.Precompile),
    ];

    public static TheoryData<Type> Effects =>
        [.. typeof(ScanEffect).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(ScanEffect)))];

    [Theory]
    [MemberData(nameof(Effects))]
    public void A_device_that_is_out_of_reach_answers_whatever_calls_for_an_answer(Type type)
    {
        var answer = OrderAnswers.Failed((ScanEffect)RuntimeHelpers.GetUninitializedObject(type), 5, "gone");

        Assert.Equal(WithoutAnswer.Contains(type), answer is null);
        if (answer is null)
            return;
        Assert.Equal(5, answer.AtNs);
        Assert.NotEqual(answer.GetType().Name, OrderAnswers.KeyOf(answer));
    }
}
