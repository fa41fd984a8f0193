using System.Globalization;
using System.Text;

namespace Flyscan.Hardware.Zebra.Protocol;

/// <summary>Lines as they stand on the wire: upper-case hexadecimal, ended by a line feed.</summary>
internal static class ZebraText
{
    /// <summary>Digits of one captured field.</summary>
    public const int FieldDigits = 8;

    /// <summary>Length of the line of a sample with so many fields beside its time stamp, without the line feed.</summary>
    public static int SampleLength(int fields) => 1 + FieldDigits * (1 + fields);

    public static string Of(ZebraRequest request) => request switch
    {
        ZebraRequest.Read read => $"R{read.Address:X2}",
        ZebraRequest.Write write => $"W{write.Address:X2}{write.Value:X4}",
        ZebraRequest.Store => "S",
        ZebraRequest.Load => "L",
        ZebraRequest.Unknown unknown => unknown.Line,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    public static string Of(ZebraRequest request, ZebraReply reply) => (request, reply) switch
    {
        (_, ZebraReply.Refused refused) => refused.Line,
        (ZebraRequest.Read read, ZebraReply.Value value) => $"R{read.Address:X2}{value.Word:X4}",
        (ZebraRequest.Write write, _) => $"W{write.Address:X2}OK",
        (ZebraRequest.Store, _) => "SOK",
        (ZebraRequest.Load, _) => "LOK",
        _ => "E0",
    };

    public static string Sample(uint stamp, ReadOnlySpan<uint> fields)
    {
        var text = new StringBuilder("P", SampleLength(fields.Length)).Append(stamp.ToString("X8", CultureInfo.InvariantCulture));
        foreach (var field in fields)
            text.Append(field.ToString("X8", CultureInfo.InvariantCulture));
        return text.ToString();
    }

    /// <summary>The reply that a line is to a request; null when it is none to this one.</summary>
    public static ZebraReply? ReplyIn(string line, ZebraRequest request)
    {
        switch (request)
        {
            case ZebraRequest.Read read when line.Length == 7 && line.StartsWith($"R{read.Address:X2}", StringComparison.Ordinal):
                return TryHex(line.AsSpan(3), out var word) ? new ZebraReply.Value((ushort)word) : null;
            case ZebraRequest.Read read when line == $"E1R{read.Address:X2}":
            case ZebraRequest.Write write when line == $"E1W{write.Address:X2}":
                return new ZebraReply.Refused(line);
            case ZebraRequest.Write write when line == $"W{write.Address:X2}OK":
            case ZebraRequest.Store when line == "SOK":
            case ZebraRequest.Load when line == "LOK":
                return new ZebraReply.Done();
            default:
                return line == "E0" ? new ZebraReply.Refused(line) : null;
        }
    }

    public static ZebraRequest RequestIn(string line) => line switch
    {
        "S" => new ZebraRequest.Store(),
        "L" => new ZebraRequest.Load(),
        { Length: 3 } when line[0] == 'R' && TryHex(line.AsSpan(1), out var address) => new ZebraRequest.Read((byte)address),
        { Length: 7 } when line[0] == 'W' && TryHex(line.AsSpan(1, 2), out var address) && TryHex(line.AsSpan(3), out var value) =>
            new ZebraRequest.Write((byte)address, (ushort)value),
        _ => new ZebraRequest.Unknown(line),
    };

    /// <summary>A sample's words, the time stamp first; false where the line is not one of so many fields.</summary>
    public static bool TrySample(string line, int fields, out uint[] words)
    {
        words = [];
        if (line.Length != SampleLength(fields))
            return false;
        var read = new uint[1 + fields];
        for (var i = 0; i < read.Length; i++)
            if (!TryHex(line.AsSpan(1 + i * FieldDigits, FieldDigits), out read[i]))
                return false;
        words = read;
        return true;
    }

    /// <summary>Upper-case digits only: a lower-case one is a damaged byte.</summary>
    private static bool TryHex(ReadOnlySpan<char> digits, out uint value)
    {
        value = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiHexDigitUpper(digit))
                return false;
            value = value << 4 | (uint)(digit <= '9' ? digit - '0' : digit - 'A' + 10);
        }
        return digits.Length > 0;
    }
}
