using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Documents;

/// <summary>Frames as sorted ranges that neither meet nor overlap.</summary>
internal sealed record FrameSet(EquatableArray<FrameRange> Ranges)
{
    public static readonly FrameSet Empty = new([]);

    public long Count => Ranges.Sum(r => r.Count);

    public bool Overlaps(FrameRange range) => Ranges.Any(r => !r.Intersect(range).IsEmpty);

    public bool Covers(FrameRange range) => range.IsEmpty || Ranges.Any(r => r.First <= range.First && r.End >= range.End);

    /// <summary>The range that holds this frame, from the frame on; null when none does.</summary>
    public FrameRange? From(long frame)
    {
        foreach (var range in Ranges)
            if (range.Contains(frame))
                return range with { First = frame };
        return null;
    }

    public FrameSet Add(FrameRange added)
    {
        if (added.IsEmpty)
            return this;
        var apart = Ranges.Where(r => r.End < added.First || r.First > added.End).ToList();
        var joined = Ranges.Where(r => r.End >= added.First && r.First <= added.End).Append(added).ToList();
        apart.Add(new FrameRange(joined.Min(r => r.First), joined.Max(r => r.End)));
        return new FrameSet(apart.OrderBy(r => r.First).ToEquatableArray());
    }

    /// <summary>Without the frames before this one.</summary>
    public FrameSet Since(long frame) =>
        new(Ranges.Where(r => r.End > frame).Select(r => r with { First = Math.Max(r.First, frame) }).ToEquatableArray());
}
