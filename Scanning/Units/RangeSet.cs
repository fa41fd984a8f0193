namespace Flyscan.Scanning.Units;

/// <summary>A set of frames as sorted, disjoint, non-touching ranges.</summary>
public readonly record struct RangeSet
{
    private RangeSet(EquatableArray<FrameRange> ranges) => Ranges = ranges;

    public static readonly RangeSet Empty = new([]);

    public EquatableArray<FrameRange> Ranges { get; }

    /// <summary>How many frames.</summary>
    public long Count => Ranges.Sum(r => r.Count);

    public bool IsEmpty => Ranges.Count == 0;

    public static RangeSet Of(params IEnumerable<FrameRange> ranges) => Empty.Union(ranges);

    public RangeSet Add(FrameRange range) => range.IsEmpty ? this : Union([range]);

    public RangeSet Union(IEnumerable<FrameRange> others)
    {
        var all = Ranges.Concat(others).Where(r => !r.IsEmpty).OrderBy(r => r.First).ToList();
        var merged = new List<FrameRange>(all.Count);
        foreach (var range in all)
        {
            if (merged.Count > 0 && range.First <= merged[^1].End)
                merged[^1] = new FrameRange(merged[^1].First, Math.Max(merged[^1].End, range.End));
            else
                merged.Add(range);
        }
        return new RangeSet(merged.ToEquatableArray());
    }

    public RangeSet Subtract(IEnumerable<FrameRange> others)
    {
        var left = Ranges.ToList();
        foreach (var other in others.Where(r => !r.IsEmpty))
        {
            var next = new List<FrameRange>(left.Count + 1);
            foreach (var range in left)
            {
                var before = new FrameRange(range.First, Math.Min(range.End, other.First));
                var after = new FrameRange(Math.Max(range.First, other.End), range.End);
                if (!before.IsEmpty)
                    next.Add(before);
                if (!after.IsEmpty)
                    next.Add(after);
            }
            left = next;
        }
        return Of(left);
    }

    public RangeSet Intersect(FrameRange other) => Of(Ranges.Select(r => r.Intersect(other)));

    public RangeSet Intersect(RangeSet other) => Of(Ranges.SelectMany(r => other.Ranges.Select(r.Intersect)));

    public bool Contains(long frame) => Ranges.Any(r => r.Contains(frame));

    public bool Covers(FrameRange range) => range.IsEmpty || Ranges.Any(r => r.First <= range.First && r.End >= range.End);

    public override string ToString() => string.Join(" ", Ranges);
}
