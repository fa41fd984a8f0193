using System.Globalization;
using System.Text;

namespace Flyscan.Hocon;

/// <summary>Writes values as HOCON without substitutions or includes, which any parser reads, Akka.NET's own too.</summary>
public static class HoconRenderer
{
    /// <summary>The fields of an object, one a line, nested objects indented.</summary>
    public static string Render(HoconObject value)
    {
        var text = new StringBuilder();
        foreach (var (key, field) in value.Fields)
            WriteField(text, key, field, indent: 0);
        return text.ToString();
    }

    internal static string RenderInline(HoconValue value)
    {
        var text = new StringBuilder();
        WriteInline(text, value);
        return text.ToString();
    }

    internal static string Quote(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var c in text)
            quoted.Append(c switch
            {
                '"' => "\\\"",
                '\\' => "\\\\",
                '\n' => "\\n",
                '\r' => "\\r",
                '\t' => "\\t",
                _ when char.IsControl(c) || char.IsSurrogate(c) => string.Create(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => c.ToString(),
            });
        return quoted.Append('"').ToString();
    }

    private static void WriteField(StringBuilder text, string key, HoconValue value, int indent)
    {
        text.Append(' ', indent).Append(HoconPath.RenderKey(key));
        if (value is not HoconObject { Fields.Count: > 0 } inner)
        {
            text.Append(" = ");
            WriteInline(text, value);
            text.Append('\n');
            return;
        }
        text.Append(" {\n");
        foreach (var (innerKey, field) in inner.Fields)
            WriteField(text, innerKey, field, indent + 2);
        text.Append(' ', indent).Append("}\n");
    }

    private static void WriteInline(StringBuilder text, HoconValue value)
    {
        switch (value)
        {
            case HoconNull:
                text.Append("null");
                break;
            case HoconText plain:
                text.Append(IsPlain(plain.Text) ? plain.Text : Quote(plain.Text));
                break;
            case HoconArray array:
                WriteList(text, '[', array.Items, static (t, item) => WriteInline(t, item), ']');
                break;
            case HoconObject inner:
                WriteList(text, '{', inner.Fields, static (t, field) => WriteInlineField(t, field), '}');
                break;
            default:
                throw new System.Diagnostics.UnreachableException();
        }
    }

    private static void WriteInlineField(StringBuilder text, KeyValuePair<string, HoconValue> field)
    {
        text.Append(HoconPath.RenderKey(field.Key)).Append(" = ");
        WriteInline(text, field.Value);
    }

    private static void WriteList<T>(StringBuilder text, char open, IReadOnlyList<T> items, Action<StringBuilder, T> write, char close)
    {
        text.Append(open);
        for (var i = 0; i < items.Count; i++)
        {
            if (i > 0)
                text.Append(", ");
            write(text, items[i]);
        }
        text.Append(close);
    }

    /// <summary>True for numbers, flags and words that no reader takes for something else.</summary>
    private static bool IsPlain(string text) =>
        text.Length is > 0 and < 40 && text is not ("null" or "include") && (char.IsAsciiLetterOrDigit(text[0]) || text[0] == '-')
        && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_' or '.');
}
