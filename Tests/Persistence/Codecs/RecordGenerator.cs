using System.Reflection;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using FsCheck;
using FsCheck.Fluent;

namespace Flyscan.Tests.Persistence.Codecs;

/// <summary>Arbitrary values of any record made of texts, numbers, enums, ranges, arrays and other such records.</summary>
internal static class RecordGenerator
{
    private static readonly string[] Texts =
    [
        "", "a", "cam.0001", "µm", "ключ", "日本", "𝄞", "\"quoted\"", "back\\slash", "line\nline", "\t\u0001\u007f\u2028",
        "<b>&amp;</b>", "null", " ",
    ];

    private static readonly double[] Doubles =
        [0, -0.0, 1, -1, 0.1, 1e-300, double.MaxValue, double.Epsilon, double.NaN, double.PositiveInfinity, double.NegativeInfinity];

    private static readonly long[] Longs = [0, 1, -1, 12, long.MaxValue, long.MinValue, 1_795_246_066_839_628_700];

    public static Gen<ScanEvent> EventOf(Type type) => Record(type).Select(e => (ScanEvent)e);

    private static Gen<object> Record(Type type)
    {
        var constructor = type.GetConstructors().OrderByDescending(c => c.GetParameters().Length).First();
        var none = Gen.Constant(Array.Empty<object?>());
        return constructor.GetParameters()
            .Aggregate(none, (all, p) => all.SelectMany(values => Of(p).Select(v => values.Append(v).ToArray())))
            .Select(values => constructor.Invoke(values));
    }

    private static Gen<object?> Of(ParameterInfo parameter)
    {
        var value = Of(parameter.ParameterType);
        return new NullabilityInfoContext().Create(parameter).WriteState == NullabilityState.Nullable
            ? Gen.OneOf(Gen.Constant<object?>(null), value)
            : value;
    }

    private static Gen<object?> Of(Type type)
    {
        if (Nullable.GetUnderlyingType(type) is Type underlying)
            return Of(underlying);
        if (type == typeof(string))
            return Gen.Elements(Texts).Select(t => (object?)t);
        if (type == typeof(long))
            return Gen.Elements(Longs).Select(n => (object?)n);
        if (type == typeof(int))
            return Gen.Choose(int.MinValue, int.MaxValue).Select(n => (object?)n);
        if (type == typeof(double))
            return Gen.Elements(Doubles).Select(x => (object?)x);
        if (type == typeof(DetectorRate))
            return Gen.Elements<object?>(new DetectorRate(1, 1), new DetectorRate(DetectorRate.Most, 1), new DetectorRate(1, 7));
        if (type.IsEnum)
            return Gen.Elements(Enum.GetValues(type).Cast<object>().ToArray()).Select(e => (object?)e);
        if (type.IsGenericType && type.GetGenericTypeDefinition() == typeof(EquatableArray<>))
            return Items(type.GetGenericArguments()[0]);
        return Record(type).Select(r => (object?)r);
    }

    private static Gen<object?> Items(Type item) =>
        Gen.Choose(0, 3).SelectMany(count => Gen.ArrayOf(Of(item), count)).Select(items => (object?)ToEquatableArray(item, items));

    private static object ToEquatableArray(Type item, object?[] items)
    {
        var typed = typeof(Enumerable).GetMethod(nameof(Enumerable.Cast))!.MakeGenericMethod(item).Invoke(null, [items]);
        return typeof(EquatableArray).GetMethod(nameof(EquatableArray.ToEquatableArray))!.MakeGenericMethod(item).Invoke(null, [typed])!;
    }
}
