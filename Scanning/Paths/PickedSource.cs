namespace Flyscan.Scanning.Paths;

/// <summary>The frames of another source that a test keeps, as runs of consecutive ones.</summary>
internal sealed class PickedSource : FrameSource
{
    private const int Chunk = 1024;

    private readonly FrameSource _source;
    private readonly long[] _firsts;
    private readonly long[] _sources;
    private readonly bool _gapAtStart;

    private PickedSource(FrameSource source, long[] firsts, long[] sources)
        : base(firsts[^1], source.Axes, source.HasBounds)
    {
        (_source, _firsts, _sources) = (source, firsts, sources);
        _gapAtStart = Jumps(this, Length - 1, this, 0);
    }

    public override bool HasDurations => _source.HasDurations;

    public override bool HasDelays => _source.HasDelays;

    /// <summary>Null where no frame is kept.</summary>
    /// <param name="keep">Given midpoints [axes][frames], says of each frame whether it is kept.</param>
    public static PickedSource? Of(FrameSource source, Action<double[][], bool[]> keep)
    {
        var (firsts, sources) = (new List<long>(), new List<long>());
        var midpoints = source.Axes.Select(_ => new double[Chunk]).ToArray();
        var kept = new bool[Chunk];
        long count = 0;
        for (long start = 0; start < source.Length; start += Chunk)
        {
            var some = (int)Math.Min(Chunk, source.Length - start);
            for (var axis = 0; axis < midpoints.Length; axis++)
                source.Positions(axis, Edge.Midpoint, start, midpoints[axis].AsSpan(0, some));
            keep(midpoints, kept);
            for (var i = 0; i < some; i++)
            {
                if (!kept[i])
                    continue;
                if (sources.Count == 0 || sources[^1] + count - firsts[^1] != start + i)
                {
                    firsts.Add(count);
                    sources.Add(start + i);
                }
                count++;
            }
        }
        firsts.Add(count);
        return count == 0 ? null : new PickedSource(source, [.. firsts], [.. sources]);
    }

    private delegate void Filler<T>(long start, Span<T> into);

    public override void Positions(int axis, Edge edge, long start, Span<double> into) =>
        Fill<double>(start, into, (from, part) => _source.Positions(axis, edge, from, part));

    public override void Gaps(long start, Span<bool> into)
    {
        Fill<bool>(start, into, _source.Gaps);
        // What lies before the first frame of a run is a jump over frames that were not kept, or none.
        for (var run = RunOf(start); run < _sources.Length && _firsts[run] < start + into.Length; run++)
            if (_firsts[run] >= start)
                into[(int)(_firsts[run] - start)] = run == 0
                    ? _gapAtStart
                    : Jumps(_source, _sources[run - 1] + _firsts[run] - _firsts[run - 1] - 1, _source, _sources[run]);
    }

    public override void Durations(long start, Span<double> into) => Fill<double>(start, into, _source.Durations);

    public override void Delays(long start, Span<double> into) => Fill<double>(start, into, _source.Delays);

    public override (double Low, double High) RangeOf(int axis)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        var some = new double[Chunk];
        foreach (var edge in (ReadOnlySpan<Edge>)[Edge.Lower, Edge.Midpoint, Edge.Upper])
        {
            for (long start = 0; start < Length; start += Chunk)
            {
                var part = some.AsSpan(0, (int)Math.Min(Chunk, Length - start));
                Positions(axis, edge, start, part);
                foreach (var position in part)
                    (low, high) = (Math.Min(low, position), Math.Max(high, position));
            }
        }
        return (low, high);
    }

    public override double WidestFrame(int axis) => _source.WidestFrame(axis);

    private void Fill<T>(long start, Span<T> into, Filler<T> fill)
    {
        for (var run = RunOf(start); into.Length > 0; run++)
        {
            var part = into[..(int)Math.Min(_firsts[run + 1] - start, into.Length)];
            fill(_sources[run] + start - _firsts[run], part);
            start += part.Length;
            into = into[part.Length..];
        }
    }

    private int RunOf(long frame)
    {
        var found = Array.BinarySearch(_firsts, frame);
        return found >= 0 ? found : ~found - 1;
    }
}
