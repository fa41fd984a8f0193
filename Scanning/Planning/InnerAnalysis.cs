using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What inner scans are gone through with. Check: null where nothing moves.</summary>
internal sealed record PlanContext(ScanPath Path, InnerBoundary Boundary, TakeLimits Limits, LimitCheck? Check)
{
    /// <summary>The detector that begins the frames, where it is not the box.</summary>
    public string? FramesBy { get; init; }

    public bool RefusesSteps { get; init; }
}

/// <summary>One inner scan, gone through take by take; it stands for all that have the same frames.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
internal sealed class InnerAnalysis
{
    // Beyond these, takes are measured when they are asked for: memory stays bounded however many there are.
    private const int KeptEnds = 65536;

    private readonly List<long> _ends = [];

    public long Takes { get; private set; }

    /// <summary>Takes whose tables are streamed.</summary>
    public long StreamedTakes { get; private set; }

    /// <summary>That of them whose pieces come with the least time to spare.</summary>
    public RowFlow? Tightest { get; private set; }

    public long Windows { get; private set; }

    public long FramesNs { get; private set; }

    public long ExposureNs { get; private set; }

    /// <summary>Without a delay before the inner scan.</summary>
    public long LongestTakeNs { get; private set; }

    public long FirstTakeNs { get; private set; }

    public MotionTimes Times { get; private set; }

    /// <summary>Moves from the end of one take to the start of the next, within this inner scan.</summary>
    public long ReturnNs { get; private set; }

    /// <summary>Axes coming to stand after each take, and at the start of each but the first.</summary>
    public long RestNs { get; private set; }

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

    /// <summary>A window that does not hold whole groups of frames, where detectors have rates of their own.</summary>
    public (long FirstFrame, long Frames)? SplitGroup { get; private set; }

    /// <summary>The frame at which a window begins that an axis at one constant velocity cannot run.</summary>
    public (long Frame, bool Stands)? Uneven { get; private set; }

    /// <summary>A frame that cannot be begun by position.</summary>
    public long? Unplaced { get; private set; }

    /// <summary>A frame that a detector's own clock may put too far from its place.</summary>
    public (long Frame, long OffNs, long DurationNs)? Adrift { get; private set; }

    /// <param name="lines">Null where it has no lines that are alike.</param>
    public static InnerAnalysis Of(FrameRange inner, PlanContext context, LineKinds? lines)
    {
        var analysis = new InnerAnalysis();
        var walk = lines is null ? null : new LineWalk(lines, context, check: true);
        for (var first = inner.First; first < inner.End;)
        {
            var wanted = new FrameRange(first, inner.End);
            var cost = walk?.Next(wanted) ?? analysis.Measure(wanted, context);
            if (cost.End == first)
            {
                analysis.Unfit = first;
                analysis.UnfitMixed = context.Limits.Box.EqualFramesOnly;
                break;
            }
            if (first > inner.First && context.Path.HasDelays)
                cost = cost with { Times = cost.Times + DwellBefore(first, context) };
            analysis.Add(cost, inner.First, context.Boundary);
            first = cost.End;
        }
        foreach (var line in lines?.Met ?? [])
        {
            (analysis.Break, analysis.OutOfRange) = (analysis.Break ?? line.Break, analysis.OutOfRange ?? line.OutOfRange);
            (analysis.SplitGroup, analysis.Unplaced) = (analysis.SplitGroup ?? line.SplitGroup, analysis.Unplaced ?? line.Unplaced);
            analysis.Adrift ??= line.Adrift;
        }
        return analysis;
    }

    /// <summary>The delay after the frame before a take's first.</summary>
    public static MotionTimes DwellBefore(long first, PlanContext context)
    {
        var (seconds, tickNs) = (context.Path.DelayOf(first - 1), context.Limits.Box.TickNs);
        return new MotionTimes { DwellNs = context.Boundary.Motion?.DwellNs(seconds, tickNs) ?? FrameDuration.DwellNs(seconds, tickNs) };
    }

    /// <summary>End of the take that begins at a frame counted from the inner scan's first; null when that is not known here.</summary>
    public long? TakeEndFrom(long frame)
    {
        if (frame == 0 && _ends.Count > 0)
            return _ends[0];
        var index = _ends.BinarySearch(frame);
        return index >= 0 && index + 1 < _ends.Count ? _ends[index + 1] : null;
    }

    /// <summary>Frame by frame: what ends the take, then what it costs.</summary>
    private TakeCost Measure(FrameRange wanted, PlanContext context)
    {
        var (path, boundary, limits, check) = context;
        var end = TakeMeasure.EndOf(wanted, path, boundary.Motion, limits);
        if (end == wanted.First)
            return new TakeCost(end, default, 0, 0, 0, [], []);
        var ends = new PointCounter(boundary.Motion?.Axes.Length ?? 0);
        var flow = limits.Streaming is { } streaming ? new RowFlow(streaming.Flow) : null;
        var triggers = new TriggerBuilder(limits.Exposure, limits.Box.MaxRepeats, keep: false, flow);
        MotionSink sink = check is null ? ends : new BothSinks(ends, check);
        var even = boundary.Motion?.Controller.ConstantVelocityOnly == true ? new ConstantVelocitySink() : null;
        if (even is not null)
            sink = new BothSinks(sink, even);
        var walker = new TakeWalker(path, boundary.Motion, limits.Box.TickNs, new WalkOutputs(sink, triggers));
        var watch = boundary.Motion is null ? null : new CompareWatch(walker, boundary.Motion);
        walker.Walk(new FrameRange(wanted.First, end), watch);
        triggers.End();
        (Break, OutOfRange) = (Break ?? walker.Break, OutOfRange ?? watch?.OutOfRange);
        (SplitGroup, Unplaced) = (SplitGroup ?? triggers.SplitGroup, Unplaced ?? walker.Unplaced);
        Adrift ??= walker.Adrift;
        Uneven ??= even?.Broken;
        return new TakeCost(end, walker.Times, triggers.Windows, triggers.FramesNs, triggers.ExposureNs, ends.Start, ends.End)
        {
            Streamed = triggers.Rows > limits.Box.TableRows ? flow : null,
        };
    }

    private void Add(TakeCost take, long innerFirst, InnerBoundary boundary)
    {
        if (take.Streamed is { } flow)
        {
            StreamedTakes++;
            Tightest = Tightest is { } known && known.MarginNs <= flow.MarginNs ? known : flow.Copy();
        }
        Times += take.Times;
        Windows += take.Windows;
        FramesNs += take.FramesNs;
        ExposureNs += take.ExposureNs;
        LongestTakeNs = Math.Max(LongestTakeNs, take.Times.TotalNs + take.FramesNs);
        var restNs = boundary.Motion?.RestNs ?? 0;
        RestNs += Takes == 0 ? restNs : 2 * restNs;
        if (Takes++ == 0)
            (Start, FirstTakeNs) = (take.Start, take.Times.TotalNs + take.FramesNs);
        else if (boundary.Motion is { } motion)
            ReturnNs += ReturnTime(End, take.Start, motion, boundary.Moving);
        End = take.Finish;
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
}
