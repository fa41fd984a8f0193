using System.Globalization;

namespace Flyscan.Scanning.Planning;

/// <summary>Numbers with units, as error texts and reports show them.</summary>
internal static class Show
{
    /// <summary>A time in the unit that suits it.</summary>
    public static string Time(long ns) => Seconds(ns / 1e9);

    /// <summary>A time in the unit that suits it.</summary>
    public static string Seconds(double seconds) => Math.Abs(seconds) switch
    {
        0 => "0 s",
        < 1e-6 => Number(seconds * 1e9) + " ns",
        < 1e-3 => Number(seconds * 1e6) + " us",
        < 1 => Number(seconds * 1e3) + " ms",
        _ => Number(seconds) + " s",
    };

    /// <summary>Up to six decimals, or six digits and a power of ten.</summary>
    public static string Number(double value) => value.ToString(
        value == 0 || Math.Abs(value) is >= 1e-6 and < 1e9 ? "0.######" : "G6", CultureInfo.InvariantCulture);

    public static string Bytes(Int128 bytes)
    {
        string[] units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
        var (value, unit) = ((double)bytes, 0);
        for (; value >= 1024 && unit < units.Length - 1; unit++)
            value /= 1024;
        return value.ToString("0.##", CultureInfo.InvariantCulture) + " " + units[unit];
    }
}
