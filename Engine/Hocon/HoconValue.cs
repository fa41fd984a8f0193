namespace Flyscan.Hocon;

/// <summary>A value with everything resolved. Two are equal when they say the same, wherever they were written.</summary>
public abstract class HoconValue : IEquatable<HoconValue>
{
    private protected HoconValue(HoconOrigin origin, int depth, long size)
    {
        Origin = origin;
        Depth = depth;
        Size = size;
    }

    public HoconOrigin Origin { get; }

    /// <summary>Levels of objects and arrays: 0 for a text.</summary>
    internal int Depth { get; }

    /// <summary>Characters, fields and items in it, each counted as often as it would be written.</summary>
    internal long Size { get; }

    public abstract bool Equals(HoconValue? other);

    public sealed override bool Equals(object? obj) => Equals(obj as HoconValue);

    public abstract override int GetHashCode();

    /// <summary>The value as HOCON on one line.</summary>
    public override string ToString() => HoconRenderer.RenderInline(this);
}

/// <summary>An explicit <c>null</c>.</summary>
public sealed class HoconNull(HoconOrigin origin) : HoconValue(origin, 0, 4)
{
    public override bool Equals(HoconValue? other) => other is HoconNull;

    public override int GetHashCode() => 1;
}

/// <summary>A text, number or flag: HOCON converts between them as the reader asks, so that all are kept as written.</summary>
public sealed class HoconText(HoconOrigin origin, string text) : HoconValue(origin, 0, text.Length)
{
    public string Text { get; } = text;

    public override bool Equals(HoconValue? other) => other is HoconText text && text.Text == Text;

    public override int GetHashCode() => Text.GetHashCode(StringComparison.Ordinal);
}

/// <summary>A list of values.</summary>
public sealed class HoconArray(HoconOrigin origin, IReadOnlyList<HoconValue> items)
    : HoconValue(origin, 1 + items.Select(i => i.Depth).DefaultIfEmpty().Max(), 2 + items.Sum(i => 1 + i.Size))
{
    public IReadOnlyList<HoconValue> Items { get; } = items;

    public override bool Equals(HoconValue? other) => other is HoconArray array && Items.SequenceEqual(array.Items);

    public override int GetHashCode() => Items.Aggregate(17, HashCode.Combine);
}

/// <summary>Fields in the order in which their keys first appeared.</summary>
public sealed class HoconObject : HoconValue
{
    private readonly Dictionary<string, HoconValue> _byKey;

    public HoconObject(HoconOrigin origin, IReadOnlyList<KeyValuePair<string, HoconValue>> fields)
        : base(
            origin,
            1 + fields.Select(f => f.Value.Depth).DefaultIfEmpty().Max(),
            2 + fields.Sum(f => 1 + f.Key.Length + f.Value.Size))
    {
        Fields = fields;
        _byKey = new Dictionary<string, HoconValue>(fields, StringComparer.Ordinal);
    }

    public IReadOnlyList<KeyValuePair<string, HoconValue>> Fields { get; }

    /// <summary>The field's value, null when there is none (an explicit null is a <see cref="HoconNull"/>).</summary>
    public HoconValue? this[string key] => _byKey.GetValueOrDefault(key);

    /// <summary>The value at a dotted path, such as <c>akka.actor."/user/x".router</c>; null when there is none.</summary>
    public HoconValue? Find(string path)
    {
        HoconValue? value = this;
        foreach (var key in HoconPath.Parse(path))
            value = (value as HoconObject)?[key];
        return value;
    }

    public override bool Equals(HoconValue? other)
    {
        if (other is not HoconObject that || that.Fields.Count != Fields.Count)
            return false;
        return Fields.All(f => f.Value.Equals(that[f.Key]));
    }

    public override int GetHashCode() => Fields.Aggregate(0, (hash, f) => hash ^ HashCode.Combine(f.Key, f.Value));

    /// <summary>The fields of both; where both have one, <paramref name="upper"/>'s, merged when both are objects.</summary>
    internal static HoconObject Merge(HoconObject lower, HoconObject upper, Action<int> work)
    {
        work(lower.Fields.Count + upper.Fields.Count);
        var fields = new List<KeyValuePair<string, HoconValue>>(lower.Fields.Count + upper.Fields.Count);
        foreach (var (key, below) in lower.Fields)
        {
            var above = upper[key];
            var merged = above is HoconObject a && below is HoconObject b ? Merge(b, a, work) : above ?? below;
            fields.Add(new(key, merged));
        }
        fields.AddRange(upper.Fields.Where(f => lower[f.Key] is null));
        return new HoconObject(upper.Origin, fields);
    }
}
