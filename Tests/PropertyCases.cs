using FsCheck;
using Microsoft.FSharp.Core;

namespace Flyscan.Tests;

/// <summary>Cases of properties: the same ones in every test run, others in every soak. One that fails prints its seed.</summary>
internal static class PropertyCases
{
    public static Config Of(int count)
    {
        var cases = Config.QuickThrowOnFailure.WithMaxTest(count);
        return Environment.GetEnvironmentVariable("FLYSCAN_SOAK") == "1"
            ? cases
            : cases.WithReplay(FSharpOption<Replay>.Some(new Replay(new Rnd(20_260_101, 1), FSharpOption<int>.None)));
    }
}
