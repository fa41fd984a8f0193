namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>Refuses what the server takes without a word and the hardware then holds as something else.</summary>
/// <remarks><b>Source</b> recorded sessions 05, 07 and 12: numbers beyond 32 bits wrap, signs too; PULSE blocks cannot delay by 1 to 4
/// ticks.</remarks>
internal static class PandAValueCheck
{
    /// <summary>Shortest delay of a PULSE block that is not none, in clock ticks.</summary>
    public const int LeastDelayTicks = 5;
    private const long LargestTime = (1L << 48) - 1;

    /// <summary>Null, or what is wrong with writing <paramref name="value"/> to <paramref name="name"/>.</summary>
    /// <param name="units">Of a time: what its UNITS attribute says; empty: not known; a time without <c>.RAW</c> then passes.</param>
    /// <param name="tickNs">Nanoseconds of a clock tick.</param>
    public static string? Problem(string name, PandAFieldInfo field, string value, string units, long tickNs)
    {
        var (block, _, attribute) = PandAText.Split(name);
        var line = $"{name}={value}\n";
        if (System.Text.Encoding.UTF8.GetByteCount(line) > PandACommand.LongestLine)
            return $"{name}: a value of {value.Length} characters makes the line longer than the {PandACommand.LongestLine} bytes that "
                + "the server takes";
        if (value.Contains('\n') || value.Contains('\r'))
            return $"{name}: the value has a line break";
        if (attribute == "DELAY")
            return Whole(name, value, 0, 31);
        if (field.IsTime && (attribute == "RAW" || attribute.Length == 0 && units.Length > 0))
            return Time(name, block, field, value, attribute == "RAW" ? null : units, tickNs);
        if (attribute.Length > 0)
            return null;
        return (field.Kind, field.Subtype.Split(' ')[0]) switch
        {
            ("param" or "write", "" or "uint") => Whole(name, value, 0, uint.MaxValue),
            ("param" or "write", "int") => Whole(name, value, int.MinValue, int.MaxValue),
            ("param" or "write", "bit") => Whole(name, value, 0, 1),
            _ => null,
        };
    }

    private static string? Whole(string name, string value, long least, long greatest)
    {
        // Hexadecimal is taken by the server, and by nobody's hand; it is bounded alike.
        var hex = value.StartsWith("0x", StringComparison.Ordinal);
        var read = hex
            ? long.TryParse(value.AsSpan(2), System.Globalization.NumberStyles.AllowHexSpecifier, null, out var number)
            : PandAText.TryWhole(value, out number);
        return !read || hex && value.Length > 2 + 15 || number < least || number > greatest
            ? $"{name}={value}: must be a whole number from {least} to {greatest}; the server would keep it modulo 2^32"
            : null;
    }

    private static string? Time(string name, string block, PandAFieldInfo field, string value, string? units, long tickNs)
    {
        var unitNs = units switch
        {
            null => tickNs,
            "min" => 60e9,
            "s" => 1e9,
            "ms" => 1e6,
            "us" => 1e3,
            _ => double.NaN,
        };
        if (!PandAText.TryNumber(value, out var number) || !double.IsFinite(number) || double.IsNaN(unitNs))
            return $"{name}={value}: must be a number{(units is null ? " of ticks" : $" in {units}")}";
        var ticks = Math.Round(number * unitNs / tickNs);
        var most = field.Kind == "time" ? LargestTime : uint.MaxValue;
        if (ticks < 0 || ticks > most)
            return $"{name}={value}: is {ticks:0} ticks of {tickNs} ns, at most {most} fit";
        return block == "PULSE" && field.Name == "DELAY" && ticks is > 0 and < LeastDelayTicks
            ? $"{name}={value}: is {ticks:0} ticks; a PULSE delays by none or by at least "
                + $"{LeastDelayTicks} ticks ({LeastDelayTicks * tickNs} ns)"
            : null;
    }
}
