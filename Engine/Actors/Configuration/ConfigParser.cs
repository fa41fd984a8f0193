using System.Text;

namespace Akka.Configuration;

/// <summary>Reads configuration text: objects, lists, strings, comments, and references within the same text.</summary>
internal sealed class ConfigParser(string text)
{
    private int _at;

    internal static ConfigValue.Tree Parse(string text)
    {
        var parser = new ConfigParser(text);
        parser.SkipBlank();
        var braced = parser.Take('{');
        var tree = new ConfigValue.Tree();
        parser.Members(tree, braced);
        parser.SkipBlank();
        if (parser._at < text.Length)
            throw parser.Error("nothing may follow the closing brace");
        return (ConfigValue.Tree)Resolve(tree, tree, [])!;
    }

    internal static string[] SplitPath(string path)
    {
        if (!path.Contains('"'))
            return path.Split('.');
        var parser = new ConfigParser(path);
        return [.. parser.Path()];
    }

    private static ConfigValue? Resolve(ConfigValue value, ConfigValue.Tree root, List<string> open)
    {
        switch (value)
        {
            case ConfigValue.Tree tree:
                foreach (var key in tree.Keys.ToArray())
                    tree.Set(key, Resolve(tree.Get(key)!, root, open) ?? new ConfigValue.Text("", quoted: false));
                return tree;
            case ConfigValue.List list:
                return new ConfigValue.List([.. list.Items.Select(item => Resolve(item, root, open)).OfType<ConfigValue>()]);
            case ConfigValue.Reference reference:
                return Follow(reference, root, open);
            default:
                return value;
        }
    }

    private static ConfigValue? Follow(ConfigValue.Reference reference, ConfigValue.Tree root, List<string> open)
    {
        if (open.Contains(reference.Path))
            throw new ConfigurationException($"The reference ${{{reference.Path}}} leads back to itself");
        if (root.Find(SplitPath(reference.Path)) is { } target)
        {
            open.Add(reference.Path);
            var resolved = Resolve(target, root, open);
            open.Remove(reference.Path);
            return resolved;
        }

        return reference.Optional ? null : throw new ConfigurationException($"Unresolved substitution: ${{{reference.Path}}}");
    }

    private void Members(ConfigValue.Tree tree, bool braced)
    {
        while (true)
        {
            SkipBlank();
            while (Take(','))
                SkipBlank();
            if (_at >= text.Length)
            {
                if (braced)
                    throw Error("a closing brace is missing");
                return;
            }

            if (Peek() == '}')
            {
                if (!braced)
                    throw Error("this closing brace has no opening one");
                _at++;
                return;
            }

            Member(tree);
        }
    }

    private void Member(ConfigValue.Tree tree)
    {
        var path = Path();
        SkipSpace();
        ConfigValue value;
        if (Peek() == '{')
        {
            value = Value();
        }
        else if (Take('=') || Take(':'))
        {
            SkipBlank();
            value = Value();
        }
        else
        {
            throw Error($"'=', ':' or '{{' is expected after {string.Join('.', path)}");
        }

        for (var i = 0; i < path.Count - 1; i++)
        {
            if (tree.Get(path[i]) is not ConfigValue.Tree next)
                tree.Set(path[i], next = new ConfigValue.Tree());
            tree = next;
        }

        var key = path[^1];
        tree.Set(key, value is ConfigValue.Tree over && tree.Get(key) is ConfigValue.Tree under ? under.Under(over) : value);
    }

    private List<string> Path()
    {
        var path = new List<string>();
        do
        {
            SkipSpace();
            path.Add(Peek() == '"' ? Quoted() : Key());
            SkipSpace();
        }
        while (Take('.'));
        return path;
    }

    private string Key()
    {
        var start = _at;
        while (_at < text.Length && !"=:{}[],.\n\"#".Contains(text[_at]))
            _at++;
        var key = text[start.._at].Trim();
        return key.Length > 0 ? key : throw Error("a key is expected");
    }

    private ConfigValue Value()
    {
        switch (Peek())
        {
            case '{':
                _at++;
                var tree = new ConfigValue.Tree();
                Members(tree, braced: true);
                return tree;
            case '[':
                _at++;
                return Items();
            default:
                return Scalar();
        }
    }

    private ConfigValue.List Items()
    {
        var items = new List<ConfigValue>();
        while (true)
        {
            SkipBlank();
            while (Take(','))
                SkipBlank();
            if (Take(']'))
                return new ConfigValue.List(items);
            if (_at >= text.Length)
                throw Error("a closing bracket is missing");
            items.Add(Value());
        }
    }

    private ConfigValue Scalar()
    {
        if (text.AsSpan(_at).StartsWith("${"))
            return Substitution();
        var content = new StringBuilder();
        var quoted = false;
        var keep = 0;
        while (_at < text.Length && !IsEnd())
        {
            if (Peek() == '"')
            {
                quoted = true;
                content.Append(Quoted());
                keep = content.Length;
            }
            else
            {
                content.Append(text[_at++]);
            }
        }

        var whole = content.ToString();
        return new ConfigValue.Text(whole[..keep] + whole[keep..].TrimEnd(), quoted);
    }

    private bool IsEnd() => text[_at] is '\n' or ',' or '}' or ']' or '#' || text.AsSpan(_at).StartsWith("//") && !InUri();

    // "tcp://host" is one value: two slashes start a comment only after a space or at the start.
    private bool InUri() => _at > 0 && text[_at - 1] == ':';

    private ConfigValue.Reference Substitution()
    {
        var end = text.IndexOf('}', _at);
        if (end < 0)
            throw Error("a reference is not closed");
        var path = text[(_at + 2)..end];
        _at = end + 1;
        var optional = path.StartsWith('?');
        return new ConfigValue.Reference((optional ? path[1..] : path).Trim(), optional);
    }

    private string Quoted()
    {
        if (text.AsSpan(_at).StartsWith("\"\"\""))
        {
            var end = text.IndexOf("\"\"\"", _at + 3, StringComparison.Ordinal);
            if (end < 0)
                throw Error("a text in triple quotes is not closed");
            var raw = text[(_at + 3)..end];
            _at = end + 3;
            return raw;
        }

        var content = new StringBuilder();
        for (_at++; ; _at++)
        {
            if (_at >= text.Length || text[_at] == '\n')
                throw Error("a quoted text is not closed");
            if (text[_at] == '"')
                break;
            content.Append(text[_at] == '\\' ? Escaped() : text[_at]);
        }

        _at++;
        return content.ToString();
    }

    private char Escaped()
    {
        if (++_at >= text.Length)
            throw Error("a quoted text is not closed");
        if (text[_at] != 'u')
            return text[_at] switch { 'n' => '\n', 't' => '\t', 'r' => '\r', 'b' => '\b', 'f' => '\f', var other => other };
        var code = Convert.ToInt32(text.Substring(_at + 1, 4), 16);
        _at += 4;
        return (char)code;
    }

    private char Peek() => _at < text.Length ? text[_at] : '\0';

    private bool Take(char wanted)
    {
        if (Peek() != wanted || _at >= text.Length)
            return false;
        _at++;
        return true;
    }

    private void SkipSpace()
    {
        while (_at < text.Length && text[_at] != '\n' && char.IsWhiteSpace(text[_at]))
            _at++;
    }

    private void SkipBlank()
    {
        while (_at < text.Length)
        {
            if (char.IsWhiteSpace(text[_at]))
                _at++;
            else if (text[_at] == '#' || text.AsSpan(_at).StartsWith("//"))
                _at = text.IndexOf('\n', _at) is var end && end < 0 ? text.Length : end;
            else
                return;
        }
    }

    private ConfigurationException Error(string what)
    {
        var line = text.AsSpan(0, Math.Min(_at, text.Length)).Count('\n') + 1;
        return new ConfigurationException($"Configuration line {line}: {what}");
    }
}
