namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Replies of the control port as text.</summary>
internal static class ServerReply
{
    /// <summary>A value longer than this is refused by the real server.</summary>
    private const int LongestValue = 255;

    public const string Ok = "OK\n";

    public static string Value(string text) => text.Length > LongestValue ? Error("Result too long") : $"OK ={text}\n";

    public static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => $"!{line}\n")) + ".\n";

    public static string Error(string text) => $"ERR {text}\n";
}

/// <summary>Numbers as the real server reads them.</summary>
internal static class ServerNumber
{
    /// <summary>Reads an integer, decimal or hex, modulo 2^64 as C does; returns an error text or null.</summary>
    public static string? TryRead(string text, out long value)
    {
        value = 0;
        var digits = text.AsSpan().TrimStart(' ');
        var negative = digits.StartsWith("-");
        if (negative || digits.StartsWith("+"))
            digits = digits[1..];
        var hex = digits.StartsWith("0x", StringComparison.OrdinalIgnoreCase);
        if (hex)
            digits = digits[2..];
        var count = 0;
        for (; count < digits.Length && (hex ? char.IsAsciiHexDigit(digits[count]) : char.IsAsciiDigit(digits[count])); count++)
            value = unchecked(value * (hex ? 16 : 10) + Convert.ToInt32(digits[count].ToString(), 16));
        if (negative)
            value = unchecked(-value);
        if (count == 0)
            return "Number missing";
        return count == digits.Length ? null : "Unexpected character after input";
    }
}
