using Flyscan.Scanning.Specs;

namespace Flyscan.Scanning.Paths;

/// <summary>The points of a two-axis grid that lie in a region, kept as runs along the rows; axes y, x.</summary>
internal sealed class MaskSource : FrameSource
{
    private readonly LayerStack _grid;
    private readonly Runs _runs;
    private readonly int[] _gridAxis;
    private readonly bool _gapAtStart;
    private readonly (double Low, double High)[] _ranges;

    private MaskSource(LayerStack grid, Runs runs, string[] axes, bool vertical)
        : base(runs.Count, axes, grid.HasBounds)
    {
        _grid = grid;
        _runs = runs;
        _gridAxis = vertical ? [1, 0] : [0, 1];
        _gapAtStart = Jumps(this, Length - 1, this, 0);
        _ranges = [Extent(0), Extent(1)];
    }

    public static MaskSource Of(Ellipse ellipse, Place place)
    {
        var (x, y) = (ellipse.XCentre, ellipse.YCentre);
        var (width, height) = (Math.Abs(ellipse.XDiameter), Math.Abs(ellipse.YDiameter));
        var grid = new Grid(
            new Specs.Range(ellipse.XAxis, x - width / 2, x + width / 2, ellipse.XStep),
            new Specs.Range(ellipse.YAxis, y - height / 2, y + height / 2, ellipse.YStep),
            ellipse.Snake,
            ellipse.Vertical);
        return Build(grid, place, (px, py) => Square(2 * (px - x) / ellipse.XDiameter) + Square(2 * (py - y) / ellipse.YDiameter) <= 1);
    }

    public static MaskSource Of(Polygon polygon, Place place)
    {
        var corners = polygon.Vertices;
        var grid = new Grid(
            new Specs.Range(polygon.XAxis, corners.Min(v => v.X), corners.Max(v => v.X), polygon.XStep),
            new Specs.Range(polygon.YAxis, corners.Min(v => v.Y), corners.Max(v => v.Y), polygon.YStep),
            polygon.Snake,
            polygon.Vertical);
        return Build(grid, place, (x, y) => IsInside(corners.AsSpan(), x, y));
    }

    public override void Positions(int axis, Edge edge, long start, Span<double> into)
    {
        for (var run = _runs.Of(start); into.Length > 0; run++)
        {
            var offset = start - _runs.First(run);
            var part = into[..(int)Math.Min(_runs.First(run + 1) - start, into.Length)];
            _grid.Positions(_gridAxis[axis], edge, _runs.GridStart(run) + offset, part);
            start += part.Length;
            into = into[part.Length..];
        }
    }

    public override void Gaps(long start, Span<bool> into)
    {
        into.Fill(!HasBounds);
        for (var run = _runs.Of(start); run < _runs.Number && _runs.First(run) < start + into.Length; run++)
        {
            if (_runs.First(run) >= start)
                into[(int)(_runs.First(run) - start)] = true;
        }
        if (start == 0)
            into[0] = _gapAtStart;
    }

    public override double WidestFrame(int axis) => _grid.WidestFrame(_gridAxis[axis]);

    public override (double Low, double High) RangeOf(int axis) => _ranges[axis];

    private static MaskSource Build(Grid grid, Place place, Func<double, double, bool> inside)
    {
        var (slow, fast) = grid.Vertical ? (grid.X, grid.Y) : (grid.Y, grid.X);
        Layer[] layers = [new(PathBuilder.Line(slow, false), false), new(PathBuilder.Line(fast, place.Bounds), grid.Snake)];
        if (place.Nested)
            PathBuilder.CheckSquash(layers, place.At);
        var stack = new LayerStack(layers, place.At);
        var runs = Runs.Find(stack, grid.Vertical ? inside : (slowest, fastest) => inside(fastest, slowest));
        if (runs.Count == 0)
            throw new SpecException("no point of its grid lies inside; use smaller steps or a larger region", place.At);
        return new MaskSource(stack, runs, [grid.Y.Axis, grid.X.Axis], grid.Vertical);
    }

    // Positions change one way along a run, so that its ends hold its extremes.
    private (double Low, double High) Extent(int axis)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        for (var run = 0; run < _runs.Number; run++)
        {
            foreach (var frame in (ReadOnlySpan<long>)[_runs.First(run), _runs.First(run + 1) - 1])
            {
                var (lower, upper) = (At(axis, Edge.Lower, frame), At(axis, Edge.Upper, frame));
                low = Math.Min(low, Math.Min(lower, upper));
                high = Math.Max(high, Math.Max(lower, upper));
            }
        }
        return (low, high);
    }

    private static double Square(double value) => value * value;

    // Counts the edges to the right of the point; half-open in y, so that a corner counts once.
    internal static bool IsInside(ReadOnlySpan<Vertex> corners, double x, double y)
    {
        var inside = false;
        var from = corners[^1];
        foreach (var to in corners)
        {
            if ((y < to.Y) != (y < from.Y) && x < from.X + (y - from.Y) / (to.Y - from.Y) * (to.X - from.X))
                inside = !inside;
            from = to;
        }
        return inside;
    }

    private sealed record Grid(Specs.Range X, Specs.Range Y, bool Snake, bool Vertical);

    /// <summary>Stretches of consecutive grid points that are kept; none crosses a row.</summary>
    private sealed class Runs(long[] firsts, long[] gridStarts)
    {
        public int Number => gridStarts.Length;

        /// <summary>Points kept in all.</summary>
        public long Count => firsts[^1];

        /// <summary>First frame of a run; of one past the last, the count.</summary>
        public long First(int run) => firsts[run];

        public long GridStart(int run) => gridStarts[run];

        public int Of(long frame)
        {
            var found = Array.BinarySearch(firsts, frame);
            return found >= 0 ? found : ~found - 1;
        }

        public static Runs Find(LayerStack grid, Func<double, double, bool> inside)
        {
            var (firsts, starts) = (new List<long>(), new List<long>());
            long kept = 0;
            var row = grid.Layers[1].Length;
            Span<double> fast = stackalloc double[256];
            for (long at = 0; at < grid.Length;)
            {
                var slow = 0.0;
                grid.Positions(0, Edge.Midpoint, at, new Span<double>(ref slow));
                var some = fast[..(int)Math.Min(fast.Length, row - at % row)];
                grid.Positions(1, Edge.Midpoint, at, some);
                for (var i = 0; i < some.Length; i++, at++)
                {
                    if (!inside(slow, some[i]))
                        continue;
                    if (starts.Count == 0 || at % row == 0 || starts[^1] + kept - firsts[^1] != at)
                    {
                        firsts.Add(kept);
                        starts.Add(at);
                    }
                    kept++;
                }
            }
            firsts.Add(kept);
            return new Runs([.. firsts], [.. starts]);
        }
    }
}
