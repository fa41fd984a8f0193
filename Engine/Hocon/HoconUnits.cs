using System.Globalization;

namespace Flyscan.Hocon;

/// <summary>Texts with units: durations and sizes.</summary>
/// <remarks><b>Source</b> HOCON specification, sections "Duration format" and "Size in bytes format"; <c>min</c> is ours.</remarks>
public static class HoconUnits
{
    private static readonly (string[] Names, decimal Factor)[] Durations =
    [
        (["ns", "nano", "nanos", "nanosecond", "nanoseconds"], 1),
        (["us", "µs", "micro", "micros", "microsecond", "microseconds"], 1_000),
        (["ms", "milli", "millis", "millisecond", "milliseconds"], 1_000_000),
        (["s", "second", "seconds"], 1_000_000_000),
        (["m", "min", "minute", "minutes"], 60_000_000_000),
        (["h", "hour", "hours"], 3_600_000_000_000),
        (["d", "day", "days"], 86_400_000_000_000),
    ];

    private static readonly (string[] Names, decimal Factor)[] Sizes =
    [
        (["B", "b", "byte", "bytes"], 1),
        (["kB", "kilobyte", "kilobytes"], 1_000),
        (["MB", "megabyte", "megabytes"], 1_000_000),
        (["GB", "gigabyte", "gigabytes"], 1_000_000_000),
        (["TB", "terabyte", "terabytes"], 1_000_000_000_000),
        (["K", "k", "Ki", "KiB", "kibibyte", "kibibytes"], 1L << 10),
        (["M", "m", "Mi", "MiB", "mebibyte", "mebibytes"], 1L << 20),
        (["G", "g", "Gi", "GiB", "gibibyte", "gibibytes"], 1L << 30),
        (["T", "t", "Ti", "TiB", "tebibyte", "tebibytes"], 1L << 40),
    ];

    /// <summary>A number with a unit of time (<c>5 ms</c>, <c>0.5s</c>) that is a whole number of nanoseconds.</summary>
    public static bool TryDurationNs(string text, out long ns) => TryWithUnit(text, Durations, out ns);

    /// <summary>A number with a unit of size (<c>64MiB</c>) that is a whole number of bytes.</summary>
    public static bool TryBytes(string text, out long bytes) => TryWithUnit(text, Sizes, out bytes);

    /// <summary>The duration in the largest unit that leaves a whole number, such as <c>5 ms</c>.</summary>
    public static string FormatDuration(long ns) => Format(ns, Durations, ["h", "min", "s", "ms", "us", "ns"]);

    /// <summary>The size in the largest binary unit that leaves a whole number, such as <c>64 MiB</c>.</summary>
    public static string FormatBytes(long bytes) => Format(bytes, Sizes, ["TiB", "GiB", "MiB", "KiB", "B"]);

    private static bool TryWithUnit(string text, (string[] Names, decimal Factor)[] units, out long value)
    {
        value = 0;
        text = text.Trim();
        var digits = text.Length;
        while (digits > 0 && !char.IsAsciiDigit(text[digits - 1]) && text[digits - 1] != '.')
            digits--;
        var unit = text[digits..].Trim();
        const NumberStyles Style = NumberStyles.AllowLeadingSign | NumberStyles.AllowDecimalPoint;
        if (!decimal.TryParse(text[..digits], Style, CultureInfo.InvariantCulture, out var number))
            return false;
        var factor = units.FirstOrDefault(u => u.Names.Contains(unit)).Factor;
        if (factor == 0 || Math.Abs(number) > long.MaxValue / factor)
            return false;
        var product = number * factor;
        if (product != decimal.Truncate(product) || product > long.MaxValue)
            return false;
        value = (long)product;
        return true;
    }

    private static string Format(long value, (string[] Names, decimal Factor)[] units, string[] preferred)
    {
        foreach (var name in preferred)
        {
            var factor = (long)units.First(u => u.Names.Contains(name)).Factor;
            if (value % factor == 0 && (value != 0 || name == preferred[^1]))
                return string.Create(CultureInfo.InvariantCulture, $"{value / factor} {name}");
        }
        throw new System.Diagnostics.UnreachableException();
    }
}
