using System.Buffers.Binary;
using System.Net;
using System.Text;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The server's side of the data port for one client: raw samples in, the bytes of its format out. No I/O, no clock.</summary>
/// <remarks><b>Source</b> recorded sessions 20 to 40.</remarks>
internal sealed class DataPortEncoder(PandADataOptions options, CaptureLayout layout)
{
    private const int LineBytes = 57;
    private const int LongestScaledFrame = 64 * 1024;
    private const int LongestRawFrame = 2 * 1024 * 1024;
    private const int FrameHead = 8;

    private readonly CaptureColumn[] _columns = [.. layout.Columns.Where(c => options.Raw || c.Role != ColumnRole.Hidden)];
    private byte[] _held = [];

    private int SampleBytes => _columns.Sum(c => Shown(c).Bytes);

    public byte[] Header(string armTime, string startTime, long missed)
    {
        if (options.NoHeader)
            return [];
        var format = options.Format == PandADataFormat.Ascii ? "ASCII" : options.Format.ToString();
        List<(string Name, string Value)> about =
        [
            ("arm_time", armTime), ("start_time", startTime), ("missed", $"{missed}"), ("process", options.Raw ? "Raw" : "Scaled"),
            ("format", format),
        ];
        if (options.Format != PandADataFormat.Ascii)
            about.Add(("sample_bytes", $"{SampleBytes}"));
        return Encoding.UTF8.GetBytes(options.Xml ? Xml(about) : Text(about));
    }

    /// <summary>The bytes that carry these samples.</summary>
    public byte[] Samples(ReadOnlySpan<byte> samples)
    {
        if (options.Format == PandADataFormat.Ascii)
            return Ascii(samples);
        var body = options.Raw ? samples : Scale(samples);
        return options.Format switch
        {
            PandADataFormat.Base64 => Base64(body, false),
            PandADataFormat.Unframed => body.ToArray(),
            _ => Frames(body),
        };
    }

    public byte[] End(long samples, string reason)
    {
        byte[] end = options.NoStatus ? [] : Encoding.ASCII.GetBytes($"END {samples} {reason}\n");
        return options.Format == PandADataFormat.Base64 ? [.. Base64([], true), .. end] : end;
    }

    private PandADataField Shown(CaptureColumn column) =>
        options.Raw || !column.Field.HasScale ? column.Field : column.Field with { Type = PandAFieldType.Double };

    private string Xml(List<(string Name, string Value)> about)
    {
        var text = new StringBuilder("<header>\n<data");
        foreach (var (name, value) in about)
            text.Append($" {name}=\"{value}\"");
        text.Append(" />\n<fields>\n");
        foreach (var field in _columns.Select(Shown))
        {
            text.Append($"<field name=\"{field.Name}\" type=\"{TypeName(field.Type)}\" capture=\"{field.Capture}\"");
            if (field.HasScale)
                text.Append($" scale=\"{ServerNumber.Text(field.Scale)}\" offset=\"{ServerNumber.Text(field.Offset)}\"")
                    .Append($" units=\"{WebUtility.HtmlEncode(field.Units)}\"");
            text.Append(" />\n");
        }
        return text.Append("</fields>\n</header>\n\n").ToString();
    }

    private string Text(List<(string Name, string Value)> about)
    {
        var text = new StringBuilder();
        foreach (var (name, value) in about)
            text.Append($"{name}: {value}\n");
        text.Append("fields:\n");
        foreach (var field in _columns.Select(Shown))
        {
            text.Append($" {field.Name} {TypeName(field.Type)} {field.Capture}");
            if (field.HasScale)
                text.Append($" scale: {ServerNumber.Text(field.Scale)} offset: {ServerNumber.Text(field.Offset)} units: {field.Units}");
            text.Append('\n');
        }
        return text.Append('\n').ToString();
    }

    private static string TypeName(PandAFieldType type) => type.ToString().ToLowerInvariant();

    private byte[] Frames(ReadOnlySpan<byte> body)
    {
        var size = SampleBytes;
        var most = ((options.Raw ? LongestRawFrame : LongestScaledFrame) - FrameHead) / size * size;
        var frames = (body.Length + most - 1) / most;
        var bytes = new byte[body.Length + frames * FrameHead];
        for (var at = 0; body.Length > 0; body = body[Math.Min(most, body.Length)..])
        {
            var part = body[..Math.Min(most, body.Length)];
            "BIN "u8.CopyTo(bytes.AsSpan(at));
            BinaryPrimitives.WriteInt32LittleEndian(bytes.AsSpan(at + 4), part.Length + FrameHead);
            part.CopyTo(bytes.AsSpan(at + FrameHead));
            at += part.Length + FrameHead;
        }
        return bytes;
    }

    private byte[] Ascii(ReadOnlySpan<byte> samples)
    {
        var text = new StringBuilder();
        for (; samples.Length >= layout.SampleBytes; samples = samples[layout.SampleBytes..])
        {
            foreach (var column in _columns)
                AppendValue(text, column, samples);
            text.Append('\n');
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private void AppendValue(StringBuilder text, CaptureColumn column, ReadOnlySpan<byte> sample)
    {
        if (options.Raw)
        {
            for (var word = 0; word < column.Field.Bytes; word += 4)
                text.Append($" 0x{BinaryPrimitives.ReadUInt32LittleEndian(sample[(column.At + word)..]):x8}");
        }
        else if (column.Field.HasScale)
        {
            text.Append(' ').Append(ServerNumber.Text(Value(column, sample)));
        }
        else
        {
            text.Append(' ').Append(BinaryPrimitives.ReadUInt32LittleEndian(sample[column.At..]));
        }
    }

    private byte[] Scale(ReadOnlySpan<byte> samples)
    {
        var scaled = new byte[samples.Length / layout.SampleBytes * SampleBytes];
        var at = 0;
        for (; samples.Length >= layout.SampleBytes; samples = samples[layout.SampleBytes..])
            foreach (var column in _columns)
            {
                if (column.Field.HasScale)
                    BinaryPrimitives.WriteDoubleLittleEndian(scaled.AsSpan(at), Value(column, samples));
                else
                    samples.Slice(column.At, 4).CopyTo(scaled.AsSpan(at));
                at += column.Field.HasScale ? 8 : 4;
            }
        return scaled;
    }

    private double Value(CaptureColumn column, ReadOnlySpan<byte> sample)
    {
        var field = column.Field;
        if (column.Role == ColumnRole.Plain)
            return Raw(field.Type, sample[column.At..]) * field.Scale + field.Offset;
        double ticks = BinaryPrimitives.ReadUInt32LittleEndian(sample[layout.GateAt..]);
        var mean = BinaryPrimitives.ReadInt64LittleEndian(sample[column.SumAt..]) / ticks;
        return column.Role == ColumnRole.Mean
            ? mean * field.Scale + field.Offset
            : Math.Sqrt(Math.Max(0, Raw(field.Type, sample[column.At..]) / ticks - mean * mean)) * Math.Abs(field.Scale);
    }

    private static double Raw(PandAFieldType type, ReadOnlySpan<byte> bytes) => type switch
    {
        PandAFieldType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(bytes),
        PandAFieldType.Int64 => BinaryPrimitives.ReadInt64LittleEndian(bytes),
        PandAFieldType.Int96 =>
            BinaryPrimitives.ReadUInt64LittleEndian(bytes) + BinaryPrimitives.ReadUInt32LittleEndian(bytes[8..]) * Math.Pow(2, 64),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private byte[] Base64(ReadOnlySpan<byte> body, bool all)
    {
        byte[] bytes = [.. _held, .. body];
        var text = new StringBuilder();
        var at = 0;
        // Each line ends with a NUL before the line feed, as the real server's do.
        for (; at < bytes.Length && (all || bytes.Length - at >= LineBytes); at += LineBytes)
            text.Append(' ').Append(Convert.ToBase64String(bytes, at, Math.Min(LineBytes, bytes.Length - at))).Append("\0\n");
        _held = at >= bytes.Length ? [] : bytes[at..];
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
