namespace Flyscan.Scanning.Paths;

/// <summary>Two dimensions of one length that advance together.</summary>
internal sealed class ZipSource(FrameSource left, FrameSource right)
    : FrameSource(left.Length, [.. left.Axes, .. right.Axes], left.HasBounds || right.HasBounds)
{
    public override bool HasDurations => left.HasDurations || right.HasDurations;

    public override void Positions(int axis, Edge edge, long start, Span<double> into)
    {
        if (axis < left.Axes.Count)
            left.Positions(axis, edge, start, into);
        else
            right.Positions(axis - left.Axes.Count, edge, start, into);
    }

    public override void PositionsDown(int axis, Edge edge, long start, Span<double> into)
    {
        if (axis < left.Axes.Count)
            left.PositionsDown(axis, edge, start, into);
        else
            right.PositionsDown(axis - left.Axes.Count, edge, start, into);
    }

    public override void Gaps(long start, Span<bool> into)
    {
        Span<bool> other = stackalloc bool[256];
        for (var done = 0; done < into.Length;)
        {
            var part = into.Slice(done, Math.Min(other.Length, into.Length - done));
            left.Gaps(start + done, part);
            right.Gaps(start + done, other[..part.Length]);
            for (var i = 0; i < part.Length; i++)
                part[i] |= other[i];
            done += part.Length;
        }
    }

    public override void Durations(long start, Span<double> into) => (left.HasDurations ? left : right).Durations(start, into);

    public override bool HasDelays => left.HasDelays || right.HasDelays;

    /// <summary>The longer of the two: both stand still together.</summary>
    public override void Delays(long start, Span<double> into)
    {
        (left.HasDelays ? left : right).Delays(start, into);
        if (!left.HasDelays || !right.HasDelays)
            return;
        Span<double> other = stackalloc double[256];
        for (var done = 0; done < into.Length; done += other.Length)
        {
            var part = into.Slice(done, Math.Min(other.Length, into.Length - done));
            right.Delays(start + done, other[..part.Length]);
            for (var i = 0; i < part.Length; i++)
                part[i] = Math.Max(part[i], other[i]);
        }
    }

    public override double WidestFrame(int axis) =>
        axis < left.Axes.Count ? left.WidestFrame(axis) : right.WidestFrame(axis - left.Axes.Count);

    public override (double Low, double High) RangeOf(int axis) =>
        axis < left.Axes.Count ? left.RangeOf(axis) : right.RangeOf(axis - left.Axes.Count);
}
