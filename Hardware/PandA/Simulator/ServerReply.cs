using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Replies of the control port as text.</summary>
internal static class ServerReply
{
    /// <summary>A value longer than this is refused by the real server.</summary>
    private const int LongestValue = 255;

    private const string ValueHead = "OK =";

    public const string Ok = "OK\n";

    public static string Value(string text) => text.Length > LongestValue ? Error("Result too long") : $"{ValueHead}{text}\n";

    public static string Lines(IEnumerable<string> lines) => string.Concat(lines.Select(line => $"!{line}\n")) + ".\n";

    public static string Error(string text) => $"ERR {text}\n";

    /// <summary>The value of a reply; null for one that has none.</summary>
    public static string? TextOf(string reply) =>
        reply.StartsWith(ValueHead, StringComparison.Ordinal) ? reply[ValueHead.Length..^1] : null;
}

/// <summary>Numbers as the real server reads and writes them.</summary>
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
            value = unchecked(value * (hex ? 16 : 10) + Digit(digits[count]));
        if (negative)
            value = unchecked(-value);
        if (count == 0)
            return "Number missing";
        return count == digits.Length ? null : "Unexpected character after input";
    }

    /// <summary>A number as C's %.10g prints it.</summary>
    public static string Text(double value)
    {
        if (!double.IsFinite(value))
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        if (value == 0)
            return double.IsNegative(value) ? "-0" : "0";
        var mantissa = value.ToString("E9", CultureInfo.InvariantCulture);
        var at = mantissa.IndexOf('E');
        var exponent = int.Parse(mantissa.AsSpan(at + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        if (exponent is >= -4 and < 10)
            return Trim(value.ToString($"F{9 - exponent}", CultureInfo.InvariantCulture));
        return $"{Trim(mantissa[..at])}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
    }

    private static int Digit(char c) => char.IsAsciiDigit(c) ? c - '0' : (c | 0x20) - 'a' + 10;

    private static string Trim(string digits) => digits.Contains('.') ? digits.TrimEnd('0').TrimEnd('.') : digits;
}
