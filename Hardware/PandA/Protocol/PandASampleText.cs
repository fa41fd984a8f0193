using System.Buffers.Binary;
using System.Globalization;

namespace Flyscan.Hardware.PandA.Protocol;

/// <summary>Turns lines of the ASCII and BASE64 formats into the packed layout that FRAMED has.</summary>
/// <remarks><b>Source</b> recorded sessions 20 to 23.</remarks>
internal sealed class PandASampleText(PandADataHeader header)
{
    private readonly byte[] _bytes = new byte[Math.Max(header.SampleBytes, 64)];

    /// <summary>Returns a problem, or null with the line's bytes: one sample (ASCII), or a piece of the stream of samples
    /// (BASE64).</summary>
    public string? TryRead(string line, out ReadOnlySpan<byte> samples)
    {
        samples = default;
        if (!line.StartsWith(' '))
            return $"not a line of samples: {line}";
        if (header.Format != PandADataFormat.Base64)
            return ReadSample(line, out samples);
        // The server ends each line of base64 with a NUL before the line feed.
        if (!Convert.TryFromBase64String(line[1..].TrimEnd('\0'), _bytes, out var count))
            return $"not base64: {line}";
        samples = _bytes.AsSpan(0, count);
        return null;
    }

    private string? ReadSample(string line, out ReadOnlySpan<byte> sample)
    {
        sample = _bytes.AsSpan(0, header.SampleBytes);
        var words = line[1..].Split(' ');
        var (at, word) = (0, 0);
        foreach (var field in header.Fields)
        {
            var count = header.Raw ? field.Bytes / 4 : 1;
            for (var i = 0; i < count; i++, word++)
                if (word >= words.Length || !TryPut(words[word], field, ref at))
                    return $"not a sample of {header.Fields.Count} fields: {line}";
        }
        return word == words.Length ? null : $"not a sample of {header.Fields.Count} fields: {line}";
    }

    private bool TryPut(string text, PandADataField field, ref int at)
    {
        if (!header.Raw && field.Type == PandAFieldType.Double)
        {
            if (!double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value))
            {
                // The server prints not-a-number in C's way, also with a sign.
                if (text is not ("nan" or "-nan"))
                    return false;
                value = double.NaN;
            }
            BinaryPrimitives.WriteDoubleLittleEndian(_bytes.AsSpan(at), value);
            at += 8;
            return true;
        }
        var hex = text.StartsWith("0x", StringComparison.Ordinal);
        if (!uint.TryParse(hex ? text[2..] : text, hex ? NumberStyles.AllowHexSpecifier : NumberStyles.None, null, out var word))
            return false;
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes.AsSpan(at), word);
        at += 4;
        return true;
    }
}
