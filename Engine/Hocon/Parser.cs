namespace Flyscan.Hocon;

/// <summary>Reads one text, and the texts it includes, into nodes.</summary>
/// <remarks>Prefix: the path at which this text is included, empty for a file of its own.</remarks>
internal sealed class Parser(HoconSource source, IReadOnlyList<string> prefix, int includeDepth, ParseBudget budget)
{
    private readonly Cursor _cursor = new(source.Text, source.File);

    /// <summary>The whole text: an object, with or without its outer braces.</summary>
    public ObjectNode ParseFile(int depth = 1)
    {
        budget.TakeText(source, _cursor.Here);
        _cursor.SkipToNext();
        if (_cursor.Current == '[')
            throw _cursor.Error("expected an object (keys and values), found '['.");
        var root = new ObjectNode(_cursor.Here);
        var braced = _cursor.Current == '{';
        if (braced)
            ParseBraced(root, prefix, depth);
        else
            ParseMembers(root, prefix, depth, opened: null);
        _cursor.SkipToNext();
        return _cursor.AtEnd ? root : throw _cursor.Error($"expected the end of the text, found {_cursor.Found}.");
    }

    private void ParseBraced(ObjectNode target, IReadOnlyList<string>? path, int depth)
    {
        CheckDepth(depth);
        var opened = _cursor.Here;
        _cursor.Advance();
        ParseMembers(target, path, depth, opened);
        _cursor.Advance();
    }

    /// <summary>Members up to the closing brace (left to the caller) or, when none was opened, the end of the text.</summary>
    private void ParseMembers(ObjectNode target, IReadOnlyList<string>? path, int depth, HoconOrigin? opened)
    {
        _cursor.SkipToNext();
        while (!AtMembersEnd(opened))
        {
            if (AtInclude())
                ParseInclude(target, path, depth);
            else
                ParseField(target, path, depth);
            SkipSeparator('}', "a field");
        }
    }

    private bool AtMembersEnd(HoconOrigin? opened)
    {
        if (_cursor.AtEnd)
            return opened is null ? true : throw new HoconException(opened.Value, "the '{' here has no closing '}'.");
        if (_cursor.Current != '}')
            return false;
        return opened is not null ? true : throw _cursor.Error("this '}' closes nothing.");
    }

    private void SkipSeparator(char closing, string what)
    {
        var newLine = _cursor.SkipToNext();
        if (_cursor.AtEnd || _cursor.Current == closing)
            return;
        if (_cursor.TryTake(','))
            _cursor.SkipToNext();
        else if (!newLine)
            throw _cursor.Error($"expected ',', '{closing}' or a new line after {what}, found {_cursor.Found}.");
    }

    private void ParseField(ObjectNode target, IReadOnlyList<string>? path, int depth)
    {
        var origin = _cursor.Here;
        var keys = TextScanner.ReadPath(_cursor, "a key");
        CheckDepth(depth + keys.Count - 1);
        var inner = path is null ? null : new List<string>([.. path, .. keys]);
        var afterKey = _cursor.Here;
        _cursor.SkipToNext();
        var appends = _cursor.LooksAt("+=");
        if (appends)
            _cursor.Advance(2);
        else if (!_cursor.TryTake('=') && !_cursor.TryTake(':') && _cursor.Current != '{')
            throw new HoconException(
                afterKey, $"expected '=', ':' or '{{' after the key {HoconPath.Render(keys)}, found {_cursor.Found}.");
        _cursor.SkipToNext();
        var layers = ParseValue(inner, depth + keys.Count);
        target.Set(keys, appends ? [Appended(inner, layers, origin)] : layers, origin);
    }

    private static JoinNode Appended(IReadOnlyList<string>? path, IReadOnlyList<Node> layers, HoconOrigin origin)
    {
        Node before = path is null ? new PreviousNode(origin) : new ReferenceNode(origin, path, [], isOptional: true);
        var added = new ArrayNode(origin);
        added.Items.Add(SlotOf(layers));
        return new JoinNode(origin, [before, added]);
    }

    /// <summary>One value, which may be several pieces side by side. More than one layer: objects to be merged in this order.</summary>
    private List<Node> ParseValue(IReadOnlyList<string>? path, int depth)
    {
        var origin = _cursor.Here;
        var pieces = new List<Node>();
        while (true)
        {
            var blanks = _cursor.TakeBlanks();
            if (_cursor.AtValueEnd)
                break;
            if (blanks.Length > 0 && pieces.Count > 0)
                pieces.Add(new TextNode(_cursor.Here, blanks, TextForm.Blanks));
            pieces.Add(ParsePiece(path, depth));
        }
        return pieces switch
        {
            [] => throw _cursor.Error($"expected a value, found {_cursor.Found}."),
            [TextNode { Text: "null", Form: TextForm.Unquoted } only] => [new NullNode(only.Origin)],
            [var only] => [only],
            _ when pieces.Any(p => p is ObjectNode) => JoinObjects(pieces),
            _ => [JoinTexts(pieces, origin)],
        };
    }

    private Node ParsePiece(IReadOnlyList<string>? path, int depth)
    {
        var origin = _cursor.Here;
        switch (_cursor.Current)
        {
            case '{':
                var inner = new ObjectNode(origin);
                ParseBraced(inner, path, depth);
                return inner;
            case '[':
                return ParseArray(depth);
            case '"':
                return new TextNode(origin, TextScanner.ReadQuoted(_cursor), TextForm.Quoted);
            case '$' when _cursor.Peek(1) == '{':
                return ParseReference();
        }
        if (TextScanner.IsUnquoted(_cursor))
            return new TextNode(origin, TextScanner.ReadUnquoted(_cursor), TextForm.Unquoted);
        throw _cursor.Error(
            $"unexpected {_cursor.Found} in a value: text that holds it needs double quotes, or a new line or ',' is missing.");
    }

    private ArrayNode ParseArray(int depth)
    {
        CheckDepth(depth);
        var array = new ArrayNode(_cursor.Here);
        _cursor.Advance();
        _cursor.SkipToNext();
        while (!_cursor.TryTake(']'))
        {
            if (_cursor.AtEnd)
                throw new HoconException(array.Origin, "the '[' here has no closing ']'.");
            array.Items.Add(SlotOf(ParseValue(path: null, depth + 1)));
            SkipSeparator(']', "an item");
        }
        return array;
    }

    private ReferenceNode ParseReference()
    {
        var origin = _cursor.Here;
        _cursor.Advance(2);
        var optional = _cursor.TryTake('?');
        var path = TextScanner.ReadPath(_cursor, "a path");
        if (!_cursor.TryTake('}'))
            throw _cursor.Error($"expected '}}' after ${{{HoconPath.Render(path)}, found {_cursor.Found}.");
        return new ReferenceNode(origin, path, prefix, optional);
    }

    private static List<Node> JoinObjects(List<Node> pieces)
    {
        var layers = pieces.Where(p => p is not TextNode { Form: TextForm.Blanks }).ToList();
        foreach (var layer in layers)
        {
            if (layer is ReferenceNode reference)
                reference.MustBeObject = true;
            else if (layer is not ObjectNode)
                throw new HoconException(layer.Origin, "only an object can be joined with an object; a new line or ',' may be missing.");
        }
        return layers;
    }

    private static JoinNode JoinTexts(List<Node> pieces, HoconOrigin origin)
    {
        var hasArray = pieces.Any(p => p is ArrayNode);
        var odd = pieces.FirstOrDefault(p => p is TextNode { Form: not TextForm.Blanks });
        if (hasArray && odd is not null)
            throw new HoconException(odd.Origin, "only an array can be joined with an array; a new line or ',' may be missing.");
        return new JoinNode(origin, pieces);
    }

    private static Slot SlotOf(IReadOnlyList<Node> layers)
    {
        var slot = new Slot();
        foreach (var layer in layers)
            slot.Add(layer);
        return slot;
    }

    private bool AtInclude()
    {
        if (!_cursor.LooksAt("include"))
            return false;
        var ahead = 7;
        while (_cursor.Peek(ahead) is ' ' or '\t')
            ahead++;
        return ahead > 7 && (_cursor.Peek(ahead) == '"' || IncludeForms.Any(form => LooksAt(ahead, form)));
    }

    private static readonly string[] IncludeForms = ["file(", "required(", "url(", "classpath("];

    private bool LooksAt(int ahead, string text) => !text.Where((c, i) => _cursor.Peek(ahead + i) != c).Any();

    private void ParseInclude(ObjectNode target, IReadOnlyList<string>? path, int depth)
    {
        var origin = _cursor.Here;
        _cursor.Advance(7);
        _cursor.TakeBlanks();
        var required = TakeForm("required(");
        var file = TakeForm("file(");
        if (_cursor.AtEnd || _cursor.Current != '"')
            throw _cursor.Error("expected the name of a file in quotes: include \"name\", file(\"name\") or required(\"name\").");
        var name = TextScanner.ReadQuoted(_cursor);
        for (var open = (required ? 1 : 0) + (file ? 1 : 0); open > 0; open--)
            CloseForm();
        CheckDepth(depth);
        budget.TakeInclude(includeDepth, origin);
        var included = budget.Options.Include(name, source.File);
        if (included is null && required)
            throw new HoconException(origin, $"the file \"{name}\" that must be included here was not found.");
        if (included is not null)
            target.MergeFrom(new Parser(included, path ?? [], includeDepth + 1, budget).ParseFile(depth));
    }

    private bool TakeForm(string form)
    {
        if (!_cursor.LooksAt(form))
            return false;
        _cursor.Advance(form.Length);
        _cursor.TakeBlanks();
        return true;
    }

    private void CloseForm()
    {
        _cursor.TakeBlanks();
        if (!_cursor.TryTake(')'))
            throw _cursor.Error($"expected ')' after the file's name, found {_cursor.Found}.");
    }

    private void CheckDepth(int depth)
    {
        if (depth > budget.Options.MaxDepth)
            throw _cursor.Error($"objects and arrays are nested {depth} deep; at most {budget.Options.MaxDepth} are allowed.");
    }
}

/// <summary>What all the texts of one configuration together may take.</summary>
internal sealed class ParseBudget(HoconOptions options)
{
    private long _characters;

    public HoconOptions Options { get; } = options;

    public void TakeText(HoconSource source, HoconOrigin origin)
    {
        // An empty text counts too, so that including it for ever ends.
        _characters += source.Text.Length + 64;
        if (_characters > Options.MaxSize)
            throw new HoconException(origin, $"the configuration has more than {Options.MaxSize} characters, with all it includes.");
    }

    public void TakeInclude(int depth, HoconOrigin origin)
    {
        if (depth >= Options.MaxDepth)
            throw new HoconException(origin, $"files include one another {Options.MaxDepth} deep; does one include itself?");
    }
}
