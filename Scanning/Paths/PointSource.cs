using Flyscan.Scanning.Specs;

namespace Flyscan.Scanning.Paths;

/// <summary>Frames whose midpoints stand in a table. Flown, neighbours meet half way, and the ends reach out as far as inwards.</summary>
internal sealed class PointSource : FrameSource
{
    private readonly PointTable _table;
    private readonly bool _gapAtStart;

    public PointSource(PointFile file, PointTable table, bool bounds)
        : base(table.Rows, file.Axes, bounds && table.Rows > 1)
    {
        _table = table;
        HasDelays = table.Delays.ContainsAnyExcept(0.0);
        _gapAtStart = Jumps(this, Length - 1, this, 0);
    }

    public override bool HasDurations => !_table.Durations.IsEmpty;

    public override bool HasDelays { get; }

    public override void Positions(int axis, Edge edge, long start, Span<double> into)
    {
        var points = _table.Positions(axis);
        if (!HasBounds || edge == Edge.Midpoint)
        {
            points.Slice((int)start, into.Length).CopyTo(into);
            return;
        }
        var shift = edge == Edge.Lower ? 0 : 1;
        for (var i = 0; i < into.Length; i++)
            into[i] = Border(points, (int)start + i + shift);
    }

    public override void Gaps(long start, Span<bool> into)
    {
        into.Clear();
        for (var i = 0; i < into.Length && !HasBounds; i++)
            into[i] = start + i > 0 && Moves((int)start + i);
        if (start == 0)
            into[0] = _gapAtStart;
    }

    public override void Durations(long start, Span<double> into) => _table.Durations.Slice((int)start, into.Length).CopyTo(into);

    public override void Delays(long start, Span<double> into) => _table.Delays.Slice((int)start, into.Length).CopyTo(into);

    public override (double Low, double High) RangeOf(int axis)
    {
        var points = _table.Positions(axis);
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var point in points)
            (low, high) = (Math.Min(low, point), Math.Max(high, point));
        if (!HasBounds)
            return (low, high);
        var (first, last) = (Border(points, 0), Border(points, points.Length));
        return (Math.Min(low, Math.Min(first, last)), Math.Max(high, Math.Max(first, last)));
    }

    // Border i lies before frame i.
    private static double Border(ReadOnlySpan<double> points, int i)
    {
        if (i == 0)
            return points[0] - (points[1] - points[0]) / 2;
        return i == points.Length
            ? points[^1] + (points[^1] - points[^2]) / 2
            : points[i - 1] + (points[i] - points[i - 1]) / 2;
    }

    private bool Moves(int frame)
    {
        for (var axis = 0; axis < Axes.Count; axis++)
        {
            if (_table.Positions(axis)[frame] != _table.Positions(axis)[frame - 1])
                return true;
        }
        return false;
    }
}
