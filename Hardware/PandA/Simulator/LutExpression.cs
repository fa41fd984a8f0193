using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Reads the function of a LUT: A to E, 0, 1, brackets and the operators of C, with = for equal and =&gt; for implies.</summary>
/// <remarks><b>Source</b> recorded session 05. Binding from weak to strong: <c>?:</c>, <c>=&gt;</c>, <c>=</c>, <c>|</c>, <c>^</c>,
/// <c>&amp;</c>, <c>~</c>.</remarks>
internal sealed class LutExpression(string text)
{
    private const int DeepestBrackets = 32;
    private const string Operators = "=|^&";
    private static readonly uint[] Inputs = [0xFFFF0000, 0xFF00FF00, 0xF0F0F0F0, 0xCCCCCCCC, 0xAAAAAAAA];

    private int _at;
    private int _depth;

    /// <summary>Null with the table of 32 bits, or the server's words for what is wrong.</summary>
    public string? TryRead(out uint table)
    {
        table = 0;
        if (text.StartsWith("0x", StringComparison.OrdinalIgnoreCase))
            return uint.TryParse(text.AsSpan(2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out table)
                ? null
                : "Number missing";
        return Choice(out table) ?? (_at < text.Length ? "Unexpected character after input" : null);
    }

    private string? Choice(out uint value)
    {
        var problem = Implication(out value);
        if (problem is not null || !Take('?'))
            return problem;
        problem = Choice(out var then) ?? (Take(':') ? null : "Character ':' expected");
        if (problem is not null)
            return problem;
        problem = Choice(out var otherwise);
        value = (value & then) | (~value & otherwise);
        return problem;
    }

    private string? Implication(out uint value)
    {
        var problem = Binary(0, out value);
        if (problem is not null || _at + 1 >= text.Length || text[_at] != '=' || text[_at + 1] != '>')
            return problem;
        _at += 2;
        problem = Implication(out var right);
        value = ~value | right;
        return problem;
    }

    private string? Binary(int level, out uint value)
    {
        if (level == Operators.Length)
            return Unary(out value);
        var problem = Binary(level + 1, out value);
        while (problem is null && IsOperator(Operators[level]))
        {
            _at++;
            problem = Binary(level + 1, out var right);
            value = Operators[level] switch
            {
                '=' => ~(value ^ right),
                '|' => value | right,
                '^' => value ^ right,
                _ => value & right,
            };
        }
        return problem;
    }

    private string? Unary(out uint value)
    {
        var inverted = false;
        while (Take('~') || Take('!'))
            inverted = !inverted;
        var problem = Primary(out value);
        value = inverted ? ~value : value;
        return problem;
    }

    private string? Primary(out uint value)
    {
        value = 0;
        if (Take('('))
        {
            if (++_depth > DeepestBrackets)
                return "Expression too complex";
            var problem = Choice(out value) ?? (Take(')') ? null : "Character ')' expected");
            _depth--;
            return problem;
        }
        if (Peek() is >= 'A' and <= 'E')
        {
            value = Inputs[text[_at++] - 'A'];
            return null;
        }
        if (Peek() is '0' or '1')
        {
            value = text[_at++] == '1' ? uint.MaxValue : 0;
            return null;
        }
        return "Missing value";
    }

    private bool IsOperator(char operation) =>
        Peek() == operation && (operation != '=' || _at + 1 >= text.Length || text[_at + 1] != '>');

    private bool Take(char wanted)
    {
        if (Peek() != wanted)
            return false;
        _at++;
        return true;
    }

    private char Peek()
    {
        while (_at < text.Length && text[_at] == ' ')
            _at++;
        return _at < text.Length ? text[_at] : '\0';
    }
}
