using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Text;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>The server's side of the data port for one client: raw samples in, the bytes of its format out. No I/O, no clock.</summary>
/// <remarks>Raw layout of a sample: the fields in the header's order; a Mean is the sum, and <paramref name="gateAt"/> is where
/// GATE_DURATION stands.
/// HiddenGate: it stands first only because a Mean needs it; scaled data leave it out.</remarks>
internal sealed class PandADataEncoder(PandADataOptions options, EquatableArray<PandADataField> raw, int gateAt, bool hiddenGate)
{
    private readonly MemoryStream _scaled = new();
    private readonly EquatableArray<PandADataField> _fields = options.Raw
        ? raw
        : raw.Skip(hiddenGate ? 1 : 0).Select(f => f.HasScale ? f with { Type = PandAFieldType.Double } : f).ToEquatableArray();
    private readonly int _rawBytes = raw.Sum(f => f.Bytes);
    private byte[] _held = [];

    private IEnumerable<PandADataField> Sent => hiddenGate && !options.Raw ? raw.Skip(1) : raw;

    private int First => hiddenGate && !options.Raw ? raw[0].Bytes : 0;

    public byte[] Header(string armTime, string startTime, long missed)
    {
        if (options.NoHeader)
            return [];
        var text = new StringBuilder();
        var process = options.Raw ? "Raw" : "Scaled";
        var format = options.Format == PandADataFormat.Ascii ? "ASCII" : options.Format.ToString();
        var bytes = options.Format == PandADataFormat.Ascii ? (int?)null : _fields.Sum(f => f.Bytes);
        if (options.Xml)
            AppendXml(text, armTime, startTime, missed, process, format, bytes);
        else
            AppendText(text, armTime, startTime, missed, process, format, bytes);
        return Encoding.UTF8.GetBytes(text.ToString());
    }

    /// <summary>The bytes that carry these samples.</summary>
    public byte[] Samples(ReadOnlySpan<byte> samples)
    {
        if (options.Format == PandADataFormat.Ascii)
            return Ascii(samples);
        var body = options.Raw ? samples : Scale(samples);
        switch (options.Format)
        {
            case PandADataFormat.Base64:
                return Base64(body, false);
            case PandADataFormat.Unframed:
                return body.ToArray();
            default:
                var frame = new byte[body.Length + 8];
                "BIN "u8.CopyTo(frame);
                BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(4), frame.Length);
                body.CopyTo(frame.AsSpan(8));
                return frame;
        }
    }

    public byte[] End(long samples, string reason)
    {
        byte[] end = options.NoStatus ? [] : Encoding.ASCII.GetBytes($"END {samples} {reason}\n");
        return options.Format == PandADataFormat.Base64 ? [.. Base64([], true), .. end] : end;
    }

    private void AppendXml(StringBuilder text, string armTime, string startTime, long missed, string process, string format, int? bytes)
    {
        text.Append("<header>\n<data arm_time=\"").Append(armTime).Append("\" start_time=\"").Append(startTime)
            .Append("\" missed=\"").Append(missed).Append("\" process=\"").Append(process)
            .Append("\" format=\"").Append(format).Append('"');
        if (bytes is not null)
            text.Append(" sample_bytes=\"").Append(bytes).Append('"');
        text.Append(" />\n<fields>\n");
        foreach (var field in _fields)
        {
            text.Append($"<field name=\"{field.Name}\" type=\"{TypeName(field.Type)}\" capture=\"{field.Capture}\"");
            if (field.HasScale)
                text.Append($" scale=\"{G(field.Scale)}\" offset=\"{G(field.Offset)}\" units=\"{WebUtility.HtmlEncode(field.Units)}\"");
            text.Append(" />\n");
        }
        text.Append("</fields>\n</header>\n\n");
    }

    private void AppendText(StringBuilder text, string armTime, string startTime, long missed, string process, string format, int? bytes)
    {
        text.Append($"arm_time: {armTime}\nstart_time: {startTime}\nmissed: {missed}\nprocess: {process}\nformat: {format}\n");
        if (bytes is not null)
            text.Append($"sample_bytes: {bytes}\n");
        text.Append("fields:\n");
        foreach (var field in _fields)
        {
            text.Append($" {field.Name} {TypeName(field.Type)} {field.Capture}");
            if (field.HasScale)
                text.Append($" scale: {G(field.Scale)} offset: {G(field.Offset)} units: {field.Units}");
            text.Append('\n');
        }
        text.Append('\n');
    }

    /// <summary>A number as C's %.10g prints it.</summary>
    internal static string G(double value)
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

    private static string Trim(string digits) => digits.Contains('.') ? digits.TrimEnd('0').TrimEnd('.') : digits;

    private static string TypeName(PandAFieldType type) => type.ToString().ToLowerInvariant();

    private byte[] Ascii(ReadOnlySpan<byte> samples)
    {
        var text = new StringBuilder();
        for (; samples.Length >= _rawBytes; samples = samples[_rawBytes..])
        {
            var at = First;
            foreach (var field in Sent)
            {
                AppendValue(text, field, samples, at);
                at += field.Bytes;
            }
            text.Append('\n');
        }
        return Encoding.ASCII.GetBytes(text.ToString());
    }

    private void AppendValue(StringBuilder text, PandADataField field, ReadOnlySpan<byte> sample, int at)
    {
        if (options.Raw)
        {
            for (var word = 0; word < field.Bytes; word += 4)
                text.Append($" 0x{BinaryPrimitives.ReadUInt32LittleEndian(sample[(at + word)..]):x8}");
        }
        else if (field.HasScale)
        {
            text.Append(' ').Append(G(Value(field, sample, at)));
        }
        else
        {
            text.Append(' ').Append(BinaryPrimitives.ReadUInt32LittleEndian(sample[at..]));
        }
    }

    private ReadOnlySpan<byte> Scale(ReadOnlySpan<byte> samples)
    {
        _scaled.SetLength(0);
        Span<byte> word = stackalloc byte[8];
        for (; samples.Length >= _rawBytes; samples = samples[_rawBytes..])
        {
            var at = First;
            foreach (var field in Sent)
            {
                BinaryPrimitives.WriteDoubleLittleEndian(word, Value(field, samples, at));
                _scaled.Write(field.HasScale ? word : samples.Slice(at, 4));
                at += field.Bytes;
            }
        }
        return _scaled.GetBuffer().AsSpan(0, (int)_scaled.Length);
    }

    private double Value(PandADataField field, ReadOnlySpan<byte> sample, int at)
    {
        var number = field.Type switch
        {
            PandAFieldType.UInt32 => BinaryPrimitives.ReadUInt32LittleEndian(sample[at..]),
            PandAFieldType.Int32 => BinaryPrimitives.ReadInt32LittleEndian(sample[at..]),
            _ => (double)BinaryPrimitives.ReadInt64LittleEndian(sample[at..]),
        };
        if (field.Capture == "Mean")
            number /= BinaryPrimitives.ReadUInt32LittleEndian(sample[gateAt..]);
        return number * field.Scale + field.Offset;
    }

    private byte[] Base64(ReadOnlySpan<byte> body, bool all)
    {
        byte[] bytes = [.. _held, .. body];
        var text = new StringBuilder();
        var at = 0;
        for (; at < bytes.Length && (all || bytes.Length - at >= 57); at += 57)
            text.Append(' ').Append(Convert.ToBase64String(bytes, at, Math.Min(57, bytes.Length - at))).Append("\0\n");
        _held = at >= bytes.Length ? [] : bytes[at..];
        return Encoding.ASCII.GetBytes(text.ToString());
    }
}
