using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What inner scans are gone through with. Check: null where nothing moves.</summary>
internal sealed record PlanContext(ScanPath Path, InnerBoundary Boundary, TakeLimits Limits, LimitCheck? Check);

/// <summary>One inner scan, gone through take by take; it stands for all that have the same frames.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
internal sealed class InnerAnalysis
{
    // Beyond these, takes are measured when they are asked for: memory stays bounded however many there are.
    private const int KeptEnds = 65536;

    private readonly List<long> _ends = [];

    public long Takes { get; private set; }

    public long Windows { get; private set; }

    public long FramesNs { get; private set; }

    public long ExposureNs { get; private set; }

    public long LongestTakeNs { get; private set; }

    public MotionTimes Times { get; private set; }

    /// <summary>Moves from the end of one take to the start of the next, within this inner scan.</summary>
    public long ReturnNs { get; private set; }

    /// <summary>Where the trajectory axes are when the first take starts.</summary>
    public double[] Start { get; private set; } = [];

    /// <summary>Where the trajectory axes are when the last take has ended.</summary>
    public double[] End { get; private set; } = [];

    /// <summary>First frame of the scan that fits into no take; null when all fit.</summary>
    public long? Unfit { get; private set; }

    /// <summary>What does not fit are durations that differ in a window.</summary>
    public bool UnfitMixed { get; private set; }

    /// <summary>Compare positions that the box cannot hold.</summary>
    public PositionCompare? OutOfRange { get; private set; }

    public (long Frame, int Axis)? Break { get; private set; }

    public static InnerAnalysis Of(FrameRange inner, PlanContext context)
    {
        var analysis = new InnerAnalysis();
        for (var first = inner.First; first < inner.End;)
        {
            var end = TakeMeasure.EndOf(new FrameRange(first, inner.End), context.Path, context.Boundary.Motion, context.Limits);
            if (end == first)
            {
                analysis.Unfit = first;
                analysis.UnfitMixed = context.Limits.Box.EqualFramesOnly && end == first;
                return analysis;
            }
            analysis.Add(new FrameRange(first, end), inner.First, context);
            first = end;
        }
        return analysis;
    }

    /// <summary>End of the take that begins at a frame counted from the inner scan's first; null when that is not known here.</summary>
    public long? TakeEndFrom(long frame)
    {
        if (frame == 0 && _ends.Count > 0)
            return _ends[0];
        var index = _ends.BinarySearch(frame);
        return index >= 0 && index + 1 < _ends.Count ? _ends[index + 1] : null;
    }

    private void Add(FrameRange take, long innerFirst, PlanContext context)
    {
        var (path, boundary, limits, check) = context;
        var ends = new PointCounter(boundary.Motion?.Axes.Length ?? 0);
        var triggers = new TriggerBuilder(limits.Exposure, limits.Box.MaxRepeats, keep: false);
        MotionSink sink = check is null ? ends : new BothSinks(ends, check);
        var walker = new TakeWalker(path, boundary.Motion, limits.Box.TickNs, new WalkOutputs(sink, check, triggers));
        walker.Walk(take, boundary.Motion is null ? null : new CompareWatch(this, walker, boundary.Motion));
        Break ??= walker.Break;
        var times = walker.Times;
        Times += times;
        Windows += triggers.Windows;
        FramesNs += triggers.FramesNs;
        ExposureNs += triggers.ExposureNs;
        LongestTakeNs = Math.Max(LongestTakeNs, times.TotalNs + triggers.FramesNs);
        if (Takes++ == 0)
            Start = ends.Start;
        else if (boundary.Motion is { } motion)
            ReturnNs += ReturnTime(End, ends.Start, motion, boundary.Moving);
        End = ends.End;
        if (_ends.Count < KeptEnds)
            _ends.Add(take.End - innerFirst);
    }

    /// <summary>The time that the slowest moving axis takes from rest to rest.</summary>
    public static long ReturnTime(double[] from, double[] to, MotionSetup motion, bool[] moving)
    {
        var seconds = 0.0;
        for (var i = 0; i < from.Length; i++)
            if (moving[i])
                seconds = Math.Max(seconds, motion.Limits[i].RestToRestSeconds(to[i] - from[i]));
        return (long)(seconds * 1e9);
    }

    /// <summary>Sees that every compare position fits the box's 32-bit counters.</summary>
    private sealed class CompareWatch(InnerAnalysis analysis, TakeWalker walker, MotionSetup motion) : IWalkObserver
    {
        private PositionCompare? _seen;

        public bool WindowBegins(long frame) => true;

        public bool FramesDone(long end)
        {
            var compare = walker.Compare;
            if (ReferenceEquals(compare, _seen) || compare is null)
                return true;
            _seen = compare;
            var encoder = motion.Axes.First(a => a.Name == compare.Axis).Encoder!;
            if (Math.Abs((compare.Position - encoder.Offset) / encoder.Scale) >= int.MaxValue)
                analysis.OutOfRange ??= compare;
            return true;
        }
    }
}
