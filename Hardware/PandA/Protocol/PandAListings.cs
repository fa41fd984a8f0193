using System.Globalization;

namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>One line of <c>*BLOCKS?</c>.</summary>
internal sealed record PandABlockCount(string Name, int Count)
{
    public static PandABlockCount? Parse(string line) =>
        line.Split(' ') is [{ Length: > 0 } name, var count] && PandAText.TryWhole(count, out var n) && n is >= 0 and <= int.MaxValue
            ? new(name, (int)n)
            : null;
}

/// <summary>What a field is, as <c>BLOCK.*?</c> tells it: kind, and for param, read, write and ext_out what of.</summary>
internal sealed record PandAFieldInfo(string Name, int Index, string Kind, string Subtype)
{
    public static PandAFieldInfo? Parse(string line)
    {
        var words = line.Split(' ', 4);
        return words.Length >= 3 && words[0].Length > 0 && int.TryParse(words[1], CultureInfo.InvariantCulture, out var index)
            ? new(words[0], index, words[2], words.Length > 3 ? words[3] : "")
            : null;
    }

    public bool IsWritable => Kind is "param" or "time" or "bit_mux" or "pos_mux" or "write" or "table";

    public bool IsTime => Kind == "time" || Subtype == "time";
}

/// <summary>One line of <c>*CHANGES?</c>.</summary>
internal abstract record PandAChange(string Name)
{
    public sealed record Value(string Name, string Text) : PandAChange(Name);

    /// <summary>A table or a text of several lines was written; its content must be asked for.</summary>
    public sealed record Table(string Name) : PandAChange(Name);

    /// <summary>The field cannot be read.</summary>
    public sealed record Unreadable(string Name) : PandAChange(Name);

    public static PandAChange? Parse(string line)
    {
        var equals = line.IndexOf('=');
        if (equals > 0)
            return new Value(line[..equals], line[(equals + 1)..]);
        if (line.Length > 1 && line[^1] == '<')
            return new Table(line[..^1]);
        const string error = " (error)";
        return line.Length > error.Length && line.EndsWith(error, StringComparison.Ordinal) ? new Unreadable(line[..^error.Length]) : null;
    }
}

/// <summary>What <c>*PCAP.STATUS?</c> says: clients that gave their options, and those still taking the present capture.</summary>
internal sealed record PandACaptureStatus(bool Busy, int Readers, int Active)
{
    public static PandACaptureStatus? Parse(string text) =>
        text.Split(' ') is ["Busy" or "Idle", var readers, var active]
        && PandAText.TryWhole(readers, out var r) && PandAText.TryWhole(active, out var a)
        && r is >= 0 and <= 65535 && a is >= 0 and <= 65535
            ? new(text[0] == 'B', (int)r, (int)a)
            : null;

    /// <summary>The next capture can be armed.</summary>
    public bool IsFree => !Busy && Active == 0;
}

/// <summary>One line of <c>*WHO?</c>.</summary>
internal sealed record PandAClientInfo(string Since, bool TakesData, string Address)
{
    public static PandAClientInfo? Parse(string line) =>
        line.TrimEnd().Split(' ') is [var since, "config" or "data", var address] ? new(since, line.Contains(" data "), address) : null;
}

/// <summary>Numbers and names as the server writes them.</summary>
internal static class PandAText
{
    public static bool TryWhole(ReadOnlySpan<char> text, out long value) =>
        long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out value);

    public static bool TryNumber(ReadOnlySpan<char> text, out double value) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out value);

    /// <summary>A number so that it reads back the same.</summary>
    public static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    /// <summary>The name with its block's number left out where it is 1: the server knows PCAP1 and PCAP for one thing.</summary>
    public static string Plain(string name)
    {
        var dot = name.IndexOf('.');
        var block = dot < 0 ? name : name[..dot];
        return block.Length > 1 && block[^1] == '1' && !char.IsAsciiDigit(block[^2]) ? block[..^1] + name[block.Length..] : name;
    }

    /// <summary>Block and field of a name such as <c>SEQ1.TABLE.MODE</c>, the block without its number.</summary>
    public static (string Block, string Field, string Attribute) Split(string name)
    {
        var words = name.Split('.', 3);
        return (words[0].TrimEnd('0', '1', '2', '3', '4', '5', '6', '7', '8', '9'), words.ElementAtOrDefault(1) ?? "",
            words.ElementAtOrDefault(2) ?? "");
    }
}
