namespace Flyscan.Scanning.Paths;

/// <summary>A whole stack of dimensions as one.</summary>
internal sealed class SquashSource : FrameSource
{
    private readonly LayerStack _stack;
    private readonly bool _gapAtStart;

    public SquashSource(LayerStack stack)
        : base(stack.Length, stack.Axes, stack.HasBounds)
    {
        _stack = stack;
        _gapAtStart = Jumps(this, Length - 1, this, 0);
    }

    public override bool HasDurations => _stack.HasDurations;

    public override void Positions(int axis, Edge edge, long start, Span<double> into) => _stack.Positions(axis, edge, start, into);

    public override void Gaps(long start, Span<bool> into)
    {
        _stack.Gaps(start, into);
        if (start == 0)
            into[0] |= _gapAtStart;
    }

    public override void Durations(long start, Span<double> into) => _stack.Durations(start, into);

    public override bool HasDelays => _stack.HasDelays;

    public override void Delays(long start, Span<double> into) => _stack.Delays(start, into);

    public override double WidestFrame(int axis) => _stack.WidestFrame(axis);

    public override (double Low, double High) RangeOf(int axis) => _stack.RangeOf(axis);
}
