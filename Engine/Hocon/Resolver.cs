using System.Text;

namespace Flyscan.Hocon;

/// <summary>Resolves substitutions against the whole merged configuration.</summary>
/// <remarks>
/// A reference met while the slot it leads to is being resolved sees only what that slot said earlier (look-back).
/// <b>Source</b> HOCON specification, section "Self-Referential Substitutions".
/// </remarks>
internal sealed class Resolver(ObjectNode root, HoconOptions options)
{
    // Each step takes about eight stack frames; this many fit the smallest default stack several times over.
    private const int MaxSteps = 300;

    private int _depth;
    private long _work;

    /// <summary>The least depth of a slot that was seen only in part; values that rest on it are not kept for later.</summary>
    private int _seenInPart = int.MaxValue;

    public HoconObject Resolve() => ResolveObject(root);

    private HoconValue? ResolveSlot(Slot slot)
    {
        if (slot is { Memo: not null, Active: < 0 })
            return slot.Memo;
        Enter(slot.Layers[0].Origin);
        var whole = BeginLookBack(slot, out var end);
        var seenBefore = _seenInPart;
        _seenInPart = int.MaxValue;
        HoconValue? result = null;
        for (var i = end - 1; i >= 0; i--)
        {
            var value = ResolveLayer(slot, i);
            if (value is HoconObject lower)
                result = result is HoconObject upper ? Checked(HoconObject.Merge(lower, upper, Work)) : lower;
            else if (value is not null)
            {
                result ??= value;
                break;
            }
        }
        if (whole && _seenInPart >= _depth)
        {
            slot.Memo = result;
            _seenInPart = int.MaxValue;
        }
        _seenInPart = Math.Min(_seenInPart, seenBefore);
        if (!whole)
            _seenInPart = Math.Min(_seenInPart, slot.ActiveDepth);
        _depth--;
        return result;
    }

    /// <summary>True when all layers may be seen; <paramref name="end"/>: the first that may not.</summary>
    private static bool BeginLookBack(Slot slot, out int end)
    {
        end = slot.Active < 0 ? slot.Layers.Count : slot.Active;
        return slot.Active < 0;
    }

    private HoconValue? ResolveLayer(Slot slot, int index)
    {
        // An object's fields are slots of their own, and may refer to each other through this one.
        if (slot.Layers[index] is ObjectNode inner)
            return ResolveObject(inner);
        var (active, activeDepth) = (slot.Active, slot.ActiveDepth);
        slot.Active = index;
        slot.ActiveDepth = active < 0 ? _depth : activeDepth;
        var value = ResolveNode(slot.Layers[index], slot);
        (slot.Active, slot.ActiveDepth) = (active, activeDepth);
        return value;
    }

    private HoconValue? ResolveNode(Node node, Slot slot) => node switch
    {
        NullNode => new HoconNull(node.Origin),
        TextNode text => new HoconText(text.Origin, text.Text),
        ArrayNode array => ResolveArray(array),
        ObjectNode inner => ResolveObject(inner),
        ReferenceNode reference => ResolveReference(reference),
        PreviousNode => ResolveSlot(slot),
        JoinNode join => ResolveJoin(join, slot),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private HoconObject ResolveObject(ObjectNode node)
    {
        if (node.IsResolving)
            throw new HoconException(node.Origin, "this object contains itself, through a substitution in one of its fields.");
        node.IsResolving = true;
        var fields = new List<KeyValuePair<string, HoconValue>>(node.Keys.Count);
        foreach (var key in node.Keys)
            if (ResolveSlot(node[key]!) is { } value)
                fields.Add(new(key, value));
        node.IsResolving = false;
        Work(fields.Count);
        return Checked(new HoconObject(node.Origin, fields));
    }

    private HoconArray ResolveArray(ArrayNode node)
    {
        var items = new List<HoconValue>(node.Items.Count);
        foreach (var item in node.Items)
            if (ResolveSlot(item) is { } value)
                items.Add(value);
        Work(items.Count);
        return Checked(new HoconArray(node.Origin, items));
    }

    private HoconValue? ResolveReference(ReferenceNode node)
    {
        var lookedBack = false;
        var value = node.Prefix.Count > 0 ? Find([.. node.Prefix, .. node.Path], ref lookedBack) : null;
        value ??= Find(node.Path, ref lookedBack);
        if (value is null && options.Environment(string.Join('.', node.Path)) is { } set)
            value = new HoconText(new HoconOrigin($"environment variable {string.Join('.', node.Path)}", 0, 0), set);
        if (value is null && !node.IsOptional)
            throw new HoconException(node.Origin, Undefined(HoconPath.Render(node.Path), lookedBack));
        if (value is not null and not HoconObject && node.MustBeObject)
            throw new HoconException(node.Origin, $"${{{HoconPath.Render(node.Path)}}} is {value}, but it is joined with an object.");
        return value;
    }

    private static string Undefined(string path, bool lookedBack) => lookedBack
        ? $"${{{path}}} refers back to what is being defined here, and nothing was set before it."
        : $"${{{path}}} is not set anywhere, nor in the environment; write ${{?{path}}} if it may be absent.";

    private HoconValue? Find(IReadOnlyList<string> path, ref bool lookedBack)
    {
        var partBefore = _seenInPart;
        _seenInPart = int.MaxValue;
        var value = FindIn(root, path, 0).Value;
        lookedBack |= _seenInPart != int.MaxValue;
        _seenInPart = Math.Min(_seenInPart, partBefore);
        return value;
    }

    private Finding FindIn(ObjectNode node, IReadOnlyList<string> path, int index) =>
        node[path[index]] is { } slot ? FindFrom(slot, path, index + 1) : Finding.Nothing;

    /// <summary>What the path's rest finds from a slot on, without resolving what does not lie on the path.</summary>
    private Finding FindFrom(Slot slot, IReadOnlyList<string> path, int index)
    {
        if (index == path.Count)
            return ResolveSlot(slot) is { } found ? new Finding(found, found is not HoconObject) : Finding.Nothing;
        Enter(slot.Layers[0].Origin);
        if (!BeginLookBack(slot, out var end))
            _seenInPart = Math.Min(_seenInPart, slot.ActiveDepth);
        var result = Finding.Nothing;
        for (var i = end - 1; i >= 0 && !result.Ends; i--)
        {
            var below = slot.Layers[i] is ObjectNode inner ? FindIn(inner, path, index) : FindInValue(ResolveLayer(slot, i), path, index);
            result = result.Over(below, this);
        }
        _depth--;
        return result;
    }

    private static Finding FindInValue(HoconValue? value, IReadOnlyList<string> path, int index)
    {
        if (value is null)
            return Finding.Nothing;
        for (; index < path.Count; index++)
        {
            if (value is not HoconObject inner)
                return new Finding(null, Ends: true);
            value = inner[path[index]];
            if (value is null)
                return Finding.Nothing;
        }
        return new Finding(value, value is not HoconObject);
    }

    private HoconValue? ResolveJoin(JoinNode node, Slot slot)
    {
        var values = new List<(Node Piece, HoconValue? Value)>();
        foreach (var piece in node.Pieces)
            values.Add((piece, ResolveNode(piece, slot)));
        var said = values.Where(v => v.Value is not null && v.Piece is not TextNode { Form: TextForm.Blanks }).ToList();
        return said.Select(v => v.Value).FirstOrDefault() switch
        {
            null => null,
            HoconArray => Checked(new HoconArray(node.Origin, [.. said.SelectMany(v => Expect<HoconArray>(v, "an array").Items)])),
            HoconObject => said.Select(v => Expect<HoconObject>(v, "an object"))
                .Aggregate((lower, upper) => Checked(HoconObject.Merge(lower, upper, Work))),
            _ => JoinTexts(node, values),
        };
    }

    private static T Expect<T>((Node Piece, HoconValue? Value) piece, string what) where T : HoconValue =>
        piece.Value as T ?? throw new HoconException(piece.Piece.Origin, $"{piece.Value} is joined with {what}, but is none.");

    private HoconText JoinTexts(JoinNode node, List<(Node Piece, HoconValue? Value)> values)
    {
        var text = new StringBuilder();
        foreach (var (piece, value) in values)
        {
            var part = value switch
            {
                null => "",
                HoconNull => "null",
                HoconText plain => plain.Text,
                _ => throw new HoconException(piece.Origin, $"{value} cannot be joined with a text."),
            };
            Work(part.Length);
            text.Append(part);
        }
        return new HoconText(node.Origin, text.ToString());
    }

    private void Enter(HoconOrigin origin)
    {
        if (++_depth > MaxSteps)
            throw new HoconException(origin, $"substitutions lead to one another more than {MaxSteps} steps deep.");
        Work(1);
    }

    private void Work(int amount)
    {
        _work += amount;
        if (_work > 4L * options.MaxSize)
            throw TooLarge(root.Origin);
    }

    private T Checked<T>(T value) where T : HoconValue
    {
        if (value.Depth > options.MaxDepth)
            throw new HoconException(value.Origin, $"substitutions nest objects deeper than {options.MaxDepth}.");
        return value.Size <= options.MaxSize ? value : throw TooLarge(value.Origin);
    }

    private HoconException TooLarge(HoconOrigin origin) =>
        new(origin, $"with its substitutions resolved, the configuration is larger than {options.MaxSize} characters.");

    /// <summary>What a path leads to. Ends: nothing below can add to it.</summary>
    private readonly record struct Finding(HoconValue? Value, bool Ends)
    {
        public static readonly Finding Nothing = new(null, Ends: false);

        public Finding Over(Finding below, Resolver resolver) => (Value, below.Value) switch
        {
            (null, _) => below,
            (HoconObject upper, HoconObject lower) =>
                new Finding(resolver.Checked(HoconObject.Merge(lower, upper, resolver.Work)), below.Ends),
            _ => this with { Ends = Ends || below.Ends || below.Value is not null },
        };
    }
}
