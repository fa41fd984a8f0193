using System.Buffers.Binary;
using System.Text;
using Flyscan.Hardware.Epics.ChannelAccess;

namespace Flyscan.Tests.Hardware.Epics.CLibrary;

/// <summary>One of the C library's structures, read by its declaration in db_access.h and by nothing of ours.</summary>
internal sealed record CStructure(int Kind, int Form)
{
    public int Status { get; init; }

    public int Severity { get; init; }

    /// <summary>Nanoseconds since 1970; null where there is none.</summary>
    public long? StampNs { get; init; }

    public int? Precision { get; init; }

    public string Units { get; init; } = "";

    /// <summary>Display, alarm, warning, warning, alarm, display, then control: as the structure has them, highs and lows.</summary>
    public double[] Limits { get; init; } = [];

    public string[] Choices { get; init; } = [];

    public double[] Numbers { get; init; } = [];

    public string[] Texts { get; init; } = [];

    private const long EpochSeconds = 631_152_000;
    private static readonly int[] Sizes = [40, 2, 4, 2, 1, 4, 8];

    /// <param name="offset">Bytes before the first value, as the library says.</param>
    public static CStructure Read(CValue value, int offset)
    {
        var (kind, form, data) = (value.Type % 7, value.Type / 7, value.Data);
        var read = new CStructure(kind, form);
        if (form > 0)
            read = read with { Status = Int16(data, 0), Severity = Int16(data, 2) };
        if (form == 2 && (UInt32(data, 4), UInt32(data, 8)) is var (seconds, nanoseconds) && (seconds, nanoseconds) != (0, 0))
            read = read with { StampNs = (seconds + EpochSeconds) * 1_000_000_000 + nanoseconds };
        if (form > 2 && kind == Dbr.Enum)
            read = read with { Choices = [.. Enumerable.Range(0, Int16(data, 4)).Select(i => Text(data, 6 + 26 * i, 26))] };
        else if (form > 2 && kind != Dbr.String)
            read = ReadLimits(read, data, form == 4 ? 8 : 6);
        return kind == Dbr.String
            ? read with { Texts = [.. Enumerable.Range(0, value.Count).Select(i => Text(data, offset + 40 * i, 40))] }
            : read with { Numbers = [.. Enumerable.Range(0, value.Count).Select(i => Number(kind, data, offset + Sizes[kind] * i))] };
    }

    private static CStructure ReadLimits(CStructure read, byte[] data, int count)
    {
        var at = 4;
        if (read.Kind is Dbr.Float or Dbr.Double)
        {
            read = read with { Precision = Int16(data, 4) };
            at = 8;
        }
        return read with
        {
            Units = Text(data, at, 8),
            Limits = [.. Enumerable.Range(0, count).Select(i => Number(read.Kind, data, at + 8 + Sizes[read.Kind] * i))],
        };
    }

    private static double Number(int kind, byte[] data, int at) => kind switch
    {
        Dbr.Short => Int16(data, at),
        Dbr.Float => BinaryPrimitives.ReadSingleLittleEndian(data.AsSpan(at)),
        Dbr.Enum => BinaryPrimitives.ReadUInt16LittleEndian(data.AsSpan(at)),
        Dbr.Char => data[at],
        Dbr.Long => BinaryPrimitives.ReadInt32LittleEndian(data.AsSpan(at)),
        _ => BinaryPrimitives.ReadDoubleLittleEndian(data.AsSpan(at)),
    };

    private static short Int16(byte[] data, int at) => BinaryPrimitives.ReadInt16LittleEndian(data.AsSpan(at));

    private static uint UInt32(byte[] data, int at) => BinaryPrimitives.ReadUInt32LittleEndian(data.AsSpan(at));

    private static string Text(byte[] data, int at, int length)
    {
        var text = data.AsSpan(at, length);
        return Encoding.UTF8.GetString(text[..(text.IndexOf((byte)0) is var end and >= 0 ? end : length)]);
    }
}
