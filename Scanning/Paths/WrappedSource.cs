namespace Flyscan.Scanning.Paths;

/// <summary>Another source's frames, but for what a derived class changes.</summary>
internal abstract class WrappedSource(FrameSource inner) : FrameSource(inner.Length, inner.Axes, inner.HasBounds)
{
    protected FrameSource Inner { get; } = inner;

    public override bool HasDurations => Inner.HasDurations;

    public override bool HasDelays => Inner.HasDelays;

    public override void Positions(int axis, Edge edge, long start, Span<double> into) => Inner.Positions(axis, edge, start, into);

    public override void PositionsDown(int axis, Edge edge, long start, Span<double> into) => Inner.PositionsDown(axis, edge, start, into);

    public override void Gaps(long start, Span<bool> into) => Inner.Gaps(start, into);

    public override void Durations(long start, Span<double> into) => Inner.Durations(start, into);

    public override void Delays(long start, Span<double> into) => Inner.Delays(start, into);

    public override (double Low, double High) RangeOf(int axis) => Inner.RangeOf(axis);

    public override double WidestFrame(int axis) => Inner.WidestFrame(axis);
}
