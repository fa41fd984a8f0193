using System.Globalization;
using System.Text;

namespace Flyscan.Hocon;

/// <summary>Reads texts: quoted, triple-quoted, unquoted, and dotted paths.</summary>
/// <remarks><b>Source</b> HOCON specification, sections "Unquoted strings", "Multi-line strings", "Path expressions".</remarks>
internal static class TextScanner
{
    private const string Reserved = "$\"{}[]:=,+#`^?!@*&\\";

    /// <summary>True where an unquoted text can begin or go on.</summary>
    public static bool IsUnquoted(Cursor cursor)
    {
        if (cursor.AtEnd || Cursor.IsBlank(cursor.Current) || (cursor.Current == '/' && cursor.Peek(1) == '/'))
            return false;
        // The sign of an exponent is part of a number; elsewhere a plus belongs to +=.
        if (cursor.Current == '+')
            return cursor.Position > 0 && cursor.Peek(-1) is 'e' or 'E' && char.IsAsciiDigit(cursor.Peek(1));
        return !Reserved.Contains(cursor.Current) && !char.IsControl(cursor.Current);
    }

    public static string ReadUnquoted(Cursor cursor)
    {
        var start = cursor.Position;
        while (IsUnquoted(cursor))
            cursor.Advance();
        return cursor.Since(start);
    }

    /// <summary>Reads a quoted text, single or triple; the cursor is on its first quote.</summary>
    public static string ReadQuoted(Cursor cursor) => cursor.LooksAt("\"\"\"") ? ReadTripleQuoted(cursor) : ReadSingleQuoted(cursor);

    /// <summary>Reads a dotted path up to whatever cannot be part of one.</summary>
    public static IReadOnlyList<string> ReadPath(Cursor cursor, string what)
    {
        var keys = new List<string>();
        var key = new StringBuilder();
        var quoted = false;
        cursor.TakeBlanks();
        while (true)
        {
            var blanks = cursor.TakeBlanks();
            if (!cursor.AtEnd && cursor.Current == '"')
            {
                key.Append(key.Length > 0 ? blanks : "").Append(ReadQuoted(cursor));
                quoted = true;
            }
            else if (IsUnquoted(cursor) && cursor.Current != '.')
            {
                key.Append(key.Length > 0 ? blanks : "").Append(cursor.Current);
                cursor.Advance();
            }
            else
            {
                if (key.Length == 0 && !quoted)
                    throw cursor.Error($"expected {what}, found {cursor.Found}.");
                keys.Add(key.ToString());
                if (!cursor.TryTake('.'))
                    return keys;
                key.Clear();
                quoted = false;
            }
        }
    }

    private static string ReadTripleQuoted(Cursor cursor)
    {
        var opened = cursor.Here;
        cursor.Advance(3);
        var start = cursor.Position;
        while (!cursor.LooksAt("\"\"\""))
        {
            if (cursor.AtEnd)
                throw new HoconException(opened, "the text that begins here with \"\"\" has no closing \"\"\".");
            cursor.Advance();
        }
        // Quotes beyond three belong to the text.
        while (cursor.Peek(3) == '"')
            cursor.Advance();
        var text = cursor.Since(start);
        cursor.Advance(3);
        return text;
    }

    private static string ReadSingleQuoted(Cursor cursor)
    {
        var opened = cursor.Here;
        cursor.Advance();
        var text = new StringBuilder();
        while (true)
        {
            if (cursor.AtEnd || cursor.Current == '\n')
                throw new HoconException(opened, $"the text that begins here has no closing quote before {cursor.Found}.");
            if (cursor.TryTake('"'))
                return text.ToString();
            if (cursor.Current == '\\')
            {
                text.Append(ReadEscape(cursor));
                continue;
            }
            text.Append(cursor.Current);
            cursor.Advance();
        }
    }

    private static char ReadEscape(Cursor cursor)
    {
        var letter = cursor.Peek(1);
        if (letter == 'u')
            return ReadUnicodeEscape(cursor);
        var character = letter switch
        {
            '"' => '"',
            '\\' => '\\',
            '/' => '/',
            'b' => '\b',
            'f' => '\f',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            _ => throw cursor.Error("expected one of \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX; write \\\\ for a backslash."),
        };
        cursor.Advance(2);
        return character;
    }

    private static char ReadUnicodeEscape(Cursor cursor)
    {
        var digits = string.Concat(Enumerable.Range(2, 4).Select(cursor.Peek));
        if (!digits.All(char.IsAsciiHexDigit))
            throw cursor.Error("expected four hexadecimal digits after \\u.");
        cursor.Advance(6);
        return (char)int.Parse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture);
    }
}
