using System.Globalization;
using System.Runtime.InteropServices;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>How a table write follows the ones before it.</summary>
internal enum PandATableWrite
{
    /// <summary>The whole table; the block starts from nothing.</summary>
    Fixed,

    /// <summary>One piece of a table that goes on.</summary>
    Streaming,

    /// <summary>The last piece of a streamed table.</summary>
    StreamingLast,
}

/// <summary>One command for the control port: a line, and for table and multi-line writes the lines of its body.</summary>
/// <remarks><b>Source</b> PandABlocks-server, commands; limits measured in recorded session 11.</remarks>
internal sealed record PandACommand(string Line, EquatableArray<string> Body, bool HasBody)
{
    /// <summary>Longest line that the server takes, with its line feed.</summary>
    public const int LongestLine = 1023;

    /// <summary>Bytes that one line of a base64 table carries: 960 characters, a multiple of the server's own 64.</summary>
    private const int LineBytes = 720;

    public static PandACommand Get(string name) => new($"{name}?", [], false);

    public static PandACommand Set(string name, string value) => new($"{name}={value}", [], false);

    /// <summary>A table in base64.</summary>
    public static PandACommand Table(string name, EquatableArray<string> base64Lines, PandATableWrite write = PandATableWrite.Fixed) =>
        new($"{name}{Mark(write)}B", base64Lines, true);

    /// <summary>A table of 32-bit words, in base64, in as few lines as the server takes.</summary>
    public static PandACommand Words(string name, ReadOnlySpan<uint> words, PandATableWrite write = PandATableWrite.Fixed)
    {
        if (!BitConverter.IsLittleEndian)
            throw new PlatformNotSupportedException("Tables are little endian.");
        var bytes = MemoryMarshal.AsBytes(words);
        var lines = new string[(bytes.Length + LineBytes - 1) / LineBytes];
        for (var i = 0; i < lines.Length; i++)
            lines[i] = Convert.ToBase64String(bytes.Slice(i * LineBytes, Math.Min(LineBytes, bytes.Length - i * LineBytes)));
        return Table(name, lines.ToEquatableArray(), write);
    }

    /// <summary>A table in decimal numbers, one row of <paramref name="rowWords"/> a line.</summary>
    public static PandACommand Decimal(string name, ReadOnlySpan<uint> words, int rowWords, PandATableWrite write = PandATableWrite.Fixed)
    {
        var lines = new List<string>();
        for (; !words.IsEmpty; words = words[Math.Min(rowWords, words.Length)..])
            lines.Add(string.Join(
                ' ', words[..Math.Min(rowWords, words.Length)].ToArray().Select(w => w.ToString(CultureInfo.InvariantCulture))));
        return new($"{name}{Mark(write)}", lines.ToEquatableArray(), true);
    }

    /// <summary>A text of several lines, such as <c>*METADATA.LAYOUT</c>; no line may be empty.</summary>
    public static PandACommand Text(string name, EquatableArray<string> lines) => new($"{name}<", lines, true);

    public override string ToString() => Line;

    private static string Mark(PandATableWrite write) => write switch
    {
        PandATableWrite.Fixed => "<",
        PandATableWrite.Streaming => "<<",
        PandATableWrite.StreamingLast => "<<|",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
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

/// <summary>Why a capture ended, as the box says it.</summary>
/// <remarks>Ok is no proof of success: ENABLE fell, for whatever reason. <b>Source</b> recorded sessions 50 to 62.</remarks>
internal enum PandAEndReason
{
    Ok,
    Disarmed,
    EarlyDisconnect,
    DataOverrun,
    FramingError,
    DriverDataOverrun,
    DmaDataError,

    /// <summary>A text that no known server sends.</summary>
    Other,
}

/// <summary>The end of a capture: samples that this client was sent, and why no more come.</summary>
internal readonly record struct PandAEnd(long Samples, PandAEndReason Reason, string Text)
{
    public static PandAEnd Of(long samples, string text) => new(samples, ReasonOf(text), text);

    private static PandAEndReason ReasonOf(string text) => text switch
    {
        "Ok" => PandAEndReason.Ok,
        "Disarmed" => PandAEndReason.Disarmed,
        "Early disconnect" => PandAEndReason.EarlyDisconnect,
        "Data overrun" => PandAEndReason.DataOverrun,
        "Framing error" => PandAEndReason.FramingError,
        "Driver data overrun" => PandAEndReason.DriverDataOverrun,
        "DMA data error" => PandAEndReason.DmaDataError,
        _ => PandAEndReason.Other,
    };
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
