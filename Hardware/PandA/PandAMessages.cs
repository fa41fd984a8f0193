using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA;

/// <summary>One command for the control port: a line, and for table writes the lines of its body.</summary>
/// <remarks><b>Source</b> PandABlocks-server, commands; limits measured in recorded session 11.</remarks>
internal sealed record PandACommand(string Line, EquatableArray<string> Body, bool HasBody)
{
    /// <summary>Longest line that the server takes, with its line feed.</summary>
    public const int LongestLine = 1023;

    public static PandACommand Get(string name) => new($"{name}?", [], false);

    public static PandACommand Set(string name, string value) => new($"{name}={value}", [], false);

    public static PandACommand Table(string name, EquatableArray<string> base64Lines) => new($"{name}<B", base64Lines, true);

    public override string ToString() => Line;
}

/// <summary>What the control port answers to one command.</summary>
internal abstract record PandAReply
{
    private PandAReply() { }

    public sealed record Ok : PandAReply;

    public sealed record Value(string Text) : PandAReply;

    public sealed record Lines(EquatableArray<string> Items) : PandAReply;

    /// <summary>The server's <c>ERR</c>.</summary>
    public sealed record Refused(string Reason) : PandAReply;
}

internal enum PandADataFormat
{
    Framed,
    Ascii,
    Base64,
    Unframed,
}

internal enum PandAFieldType
{
    UInt32,
    Int32,
    Int64,
    Double,
    Int96,
}

/// <summary>One column of a capture: scaled value = raw × Scale + Offset where it has a scale.</summary>
internal sealed record PandADataField(
    string Name, PandAFieldType Type, string Capture, double Scale = 1, double Offset = 0, string Units = "", bool HasScale = true)
{
    public int Bytes => Type switch
    {
        PandAFieldType.UInt32 or PandAFieldType.Int32 => 4,
        PandAFieldType.Int64 or PandAFieldType.Double => 8,
        PandAFieldType.Int96 => 12,
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}

/// <summary>What the data port says before the samples of one capture.</summary>
/// <remarks>Missed: samples of this capture that had gone by before this client's first. SampleBytes: packed, little endian, in the order
/// of Fields.</remarks>
internal sealed record PandADataHeader(
    string ArmTime, string StartTime, long Missed, bool Raw, PandADataFormat Format, int SampleBytes,
    EquatableArray<PandADataField> Fields);
