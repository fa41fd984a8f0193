namespace Flyscan.Hocon;

/// <summary>A value as written, before substitutions are resolved.</summary>
internal abstract class Node(HoconOrigin origin)
{
    public HoconOrigin Origin { get; } = origin;
}

internal sealed class NullNode(HoconOrigin origin) : Node(origin);

internal enum TextForm
{
    Unquoted,
    Quoted,

    /// <summary>The blanks between two other pieces, which only texts keep.</summary>
    Blanks,
}

/// <summary>A piece of text.</summary>
internal sealed class TextNode(HoconOrigin origin, string text, TextForm form) : Node(origin)
{
    public string Text { get; } = text;

    public TextForm Form { get; } = form;
}

internal sealed class ArrayNode(HoconOrigin origin) : Node(origin)
{
    public List<Slot> Items { get; } = [];
}

/// <summary>A substitution. Prefix: the path at which the file that says it was included; looked at first.</summary>
internal sealed class ReferenceNode(HoconOrigin origin, IReadOnlyList<string> path, IReadOnlyList<string> prefix, bool isOptional)
    : Node(origin)
{
    public IReadOnlyList<string> Path { get; } = path;

    public IReadOnlyList<string> Prefix { get; } = prefix;

    public bool IsOptional { get; } = isOptional;

    /// <summary>It is joined with an object, so that it must be one.</summary>
    public bool MustBeObject { get; set; }
}

/// <summary>What the same slot said before; for <c>+=</c> inside an array, where no path leads.</summary>
internal sealed class PreviousNode(HoconOrigin origin) : Node(origin);

internal sealed class JoinNode(HoconOrigin origin, IReadOnlyList<Node> pieces) : Node(origin)
{
    public IReadOnlyList<Node> Pieces { get; } = pieces;
}

internal sealed class ObjectNode(HoconOrigin origin) : Node(origin)
{
    private readonly Dictionary<string, Slot> _slots = new(StringComparer.Ordinal);

    /// <summary>Keys in order of first appearance.</summary>
    public List<string> Keys { get; } = [];

    /// <summary>Set while all its fields are being resolved; met again, it contains itself.</summary>
    public bool IsResolving { get; set; }

    public Slot? this[string key] => _slots.GetValueOrDefault(key);

    public void Set(IReadOnlyList<string> path, IEnumerable<Node> layers, HoconOrigin origin)
    {
        var target = this;
        foreach (var key in path.SkipLast(1))
            target = target.SlotAt(key).TopObject(origin);
        var slot = target.SlotAt(path[^1]);
        foreach (var layer in layers)
            slot.Add(layer);
    }

    public void MergeFrom(ObjectNode upper)
    {
        foreach (var key in upper.Keys)
        {
            var slot = SlotAt(key);
            foreach (var layer in upper._slots[key].Layers)
                slot.Add(layer);
        }
    }

    private Slot SlotAt(string key)
    {
        if (_slots.TryGetValue(key, out var slot))
            return slot;
        Keys.Add(key);
        return _slots[key] = new Slot();
    }
}

/// <summary>A place for a value: all that was assigned to it, in order. Later ones override earlier ones; objects merge.</summary>
internal sealed class Slot
{
    public List<Node> Layers { get; } = [];

    /// <summary>The layer being resolved, -1 when none: a reference back to this slot then sees only what is below.</summary>
    public int Active { get; set; } = -1;

    /// <summary>The resolver's depth at which <see cref="Active"/> was first set.</summary>
    public int ActiveDepth { get; set; }

    public HoconValue? Memo { get; set; }

    public void Add(Node layer)
    {
        if (layer is TextNode or NullNode)
            Layers.Clear();
        if (layer is ObjectNode upper && Layers.LastOrDefault() is ObjectNode lower)
            lower.MergeFrom(upper);
        else
            Layers.Add(layer);
    }

    public ObjectNode TopObject(HoconOrigin origin)
    {
        if (Layers.LastOrDefault() is ObjectNode top)
            return top;
        var added = new ObjectNode(origin);
        Layers.Add(added);
        return added;
    }
}
