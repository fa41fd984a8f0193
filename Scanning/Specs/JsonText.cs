using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Flyscan.Scanning.Specs;

/// <summary>Parses JSON text and turns syntax errors into ones with a line and a column for a person.</summary>
internal static class JsonText
{
    // Above any spec within its own limit, so that a spec nested too deep is named by its path.
    private const int Depth = 512;

    private static ReadOnlySpan<byte> ByteOrderMark => [0xEF, 0xBB, 0xBF];

    /// <remarks><b>Errors</b> <see cref="SpecException"/> for text too long or not JSON. Dispose of what is returned.</remarks>
    public static JsonDocument Parse(ReadOnlySpan<byte> utf8, string document)
    {
        if (utf8.StartsWith(ByteOrderMark))
            utf8 = utf8[ByteOrderMark.Length..];
        if (utf8.Length > SpecLimits.DocumentBytes)
        {
            var limit = $"a document may have at most {SpecLimits.DocumentBytes}";
            throw new SpecException($"has {utf8.Length} bytes, but {limit}", document: document);
        }
        if (!Utf8.IsValid(utf8))
            throw new SpecException("is not UTF-8 text", document: document);
        try
        {
            return JsonDocument.Parse(utf8.ToArray(), new JsonDocumentOptions { MaxDepth = Depth });
        }
        catch (JsonException error)
        {
            throw Explain(error, utf8, document);
        }
    }

    private static SpecException Explain(JsonException error, ReadOnlySpan<byte> utf8, string document)
    {
        var rest = utf8;
        for (var line = error.LineNumber ?? 0; line > 0; line--)
            rest = rest[(rest.IndexOf((byte)'\n') + 1)..];
        var before = (int)Math.Min(error.BytePositionInLine ?? 0, rest.Length);
        var column = Encoding.UTF8.GetCharCount(rest[..before]) + 1;
        var what = error.Message.Split(" LineNumber:")[0].Split(" Path:")[0];
        return new SpecException($"is not JSON: {what}{Hint(rest[before..])}", null, document, (error.LineNumber ?? 0) + 1, column);
    }

    private static string Hint(ReadOnlySpan<byte> at)
    {
        if (at.StartsWith("NaN"u8) || at.StartsWith("Inf"u8) || at.StartsWith("Infinity"u8))
            return " Every number must be finite.";
        return at.StartsWith("'"u8) ? " Texts and names stand in double quotes." : "";
    }
}
