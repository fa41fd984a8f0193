namespace Flyscan.Hocon;

/// <summary>A place in a text, and what stands there.</summary>
internal sealed class Cursor(string text, string file)
{
    private int _lineStart;
    private int _line = 1;

    public int Position { get; private set; }

    public bool AtEnd => Position >= text.Length;

    /// <summary>The character here; NUL at the end, so that <see cref="AtEnd"/> tells an end from a NUL in the text.</summary>
    public char Current => Peek(0);

    public HoconOrigin Here => new(file, _line, Position - _lineStart + 1);

    /// <summary>What stands here, for a message.</summary>
    public string Found => AtEnd ? "the end of the text"
        : Current == '\n' ? "the end of the line"
        : char.IsControl(Current) || char.IsSurrogate(Current) ? $"character U+{(int)Current:X4}"
        : $"'{Current}'";

    private bool AtComment => Current == '#' || (Current == '/' && Peek(1) == '/');

    /// <summary>True where a value on this line has ended: line end, comma, closing bracket, comment.</summary>
    public bool AtValueEnd => AtEnd || Current is '\n' or ',' or '}' or ']' || AtComment;

    public char Peek(int ahead) => Position + ahead < text.Length ? text[Position + ahead] : '\0';

    public bool LooksAt(string expected) => string.CompareOrdinal(text, Position, expected, 0, expected.Length) == 0;

    public string Since(int start) => text[start..Position];

    public void Advance(int count = 1)
    {
        for (; count > 0 && Position < text.Length; count--)
        {
            if (text[Position++] != '\n')
                continue;
            _line++;
            _lineStart = Position;
        }
    }

    public bool TryTake(char expected)
    {
        if (AtEnd || Current != expected)
            return false;
        Advance();
        return true;
    }

    /// <summary>Takes blanks on this line and returns them.</summary>
    public string TakeBlanks()
    {
        var start = Position;
        while (!AtEnd && Current != '\n' && IsBlank(Current))
            Advance();
        return Since(start);
    }

    /// <summary>Skips blanks, line ends and comments; true when it passed a line end.</summary>
    public bool SkipToNext()
    {
        var line = _line;
        while (!AtEnd)
        {
            if (AtComment)
                SkipComment();
            else if (IsBlank(Current))
                Advance();
            else
                break;
        }
        return _line > line;
    }

    public HoconException Error(string problem) => new(Here, problem);

    public static bool IsBlank(char c) => char.IsWhiteSpace(c) || c == '\uFEFF';

    private void SkipComment()
    {
        while (!AtEnd && Current != '\n')
            Advance();
    }
}
