namespace Flyscan.Scanning.Paths;

/// <summary>Two dimensions, one after the other, as one.</summary>
internal sealed class ConcatSource : FrameSource
{
    private readonly Layer _left;
    private readonly Layer _right;
    private readonly int[] _rightAxis;
    private readonly bool _gapAtStart;
    private readonly bool _gapAtJoin;

    public ConcatSource(Layer left, Layer right, bool gap)
        : base(left.Length + right.Length, left.Source.Axes, left.Source.HasBounds || right.Source.HasBounds)
    {
        _left = left;
        _right = right;
        _rightAxis = [.. left.Source.Axes.Select(right.Source.AxisIndex)];
        _gapAtStart = Jumps(right.Source, right.Length - 1, left.Source, 0);
        _gapAtJoin = gap || Jumps(left.Source, left.Length - 1, right.Source, 0);
    }

    public override bool HasDurations => _left.HasDuration;

    public override void Positions(int axis, Edge edge, long start, Span<double> into)
    {
        var before = Before(start, into.Length);
        if (before > 0)
            _left.Source.Positions(axis, edge, start, into[..before]);
        if (before < into.Length)
            _right.Source.Positions(_rightAxis[axis], edge, start + before - _left.Length, into[before..]);
    }

    public override void Gaps(long start, Span<bool> into)
    {
        var before = Before(start, into.Length);
        if (before > 0)
            _left.Source.Gaps(start, into[..before]);
        if (before < into.Length)
            _right.Source.Gaps(start + before - _left.Length, into[before..]);
        if (start == 0)
            into[0] = _gapAtStart;
        if (start <= _left.Length && before < into.Length)
            into[before] = _gapAtJoin;
    }

    public override void Durations(long start, Span<double> into)
    {
        var before = Before(start, into.Length);
        if (before > 0)
            _left.Durations(start, into[..before]);
        if (before < into.Length)
            _right.Durations(start + before - _left.Length, into[before..]);
    }

    public override bool HasDelays => _left.Source.HasDelays || _right.Source.HasDelays;

    public override void Delays(long start, Span<double> into)
    {
        var before = Before(start, into.Length);
        if (before > 0)
            _left.Delays(start, into[..before]);
        if (before < into.Length)
            _right.Delays(start + before - _left.Length, into[before..]);
    }

    public override double WidestFrame(int axis) =>
        Math.Max(_left.Source.WidestFrame(axis), _right.Source.WidestFrame(_rightAxis[axis]));

    public override (double Low, double High) RangeOf(int axis)
    {
        var left = _left.Source.RangeOf(axis);
        var right = _right.Source.RangeOf(_rightAxis[axis]);
        return (Math.Min(left.Low, right.Low), Math.Max(left.High, right.High));
    }

    private int Before(long start, int count) => (int)Math.Clamp(_left.Length - start, 0, count);
}
