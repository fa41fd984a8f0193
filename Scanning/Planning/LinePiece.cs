using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>Where motion stands, and goes, when frames begin or have ended.</summary>
/// <remarks><b>Units</b> axis units, per second; LeadNs: constant velocity before the first frame, or after the last,
/// nanoseconds.</remarks>
internal sealed record MotionState(double[] Positions, double[] Velocities, long LeadNs)
{
    public bool Moving => Array.Exists(Velocities, v => v != 0);
}

/// <summary>Frames of one line, whole or in part, gone through once: what they take of time, table and controller.</summary>
/// <remarks>Between its first frame and its last; how it is reached and left depends on its neighbours.</remarks>
internal sealed class LinePiece
{
    public required MotionState Entry { get; init; }

    public required MotionState Exit { get; init; }

    public required MotionTimes Inside { get; init; }

    public required long Points { get; init; }

    public required long Rows { get; init; }

    public required long Windows { get; init; }

    public required long FramesNs { get; init; }

    public required long ExposureNs { get; init; }

    /// <summary>Its rows with their times; null where tables are not streamed, or it has too many kinds of rows.</summary>
    public RowRuns? Runs { get; private init; }

    public (long Frame, int Axis)? Break { get; private init; }

    public PositionCompare? OutOfRange { get; private init; }

    public (long FirstFrame, long Frames)? SplitGroup { get; private init; }

    public long? Unplaced { get; private init; }

    public (long Frame, long OffNs, long DurationNs)? Adrift { get; private init; }

    /// <param name="check">Null where the frames were checked before.</param>
    public static LinePiece Of(FrameRange frames, PlanContext context, LimitCheck? check)
    {
        var (motion, limits) = (context.Boundary.Motion!, context.Limits);
        var points = new PointCounter(motion.Axes.Length);
        var runs = limits.Streaming is null ? null : new RowRuns();
        var triggers = new TriggerBuilder(limits.Exposure, limits.Box.MaxRepeats, keep: false, runs);
        MotionSink sink = check is null ? points : new BothSinks(points, check);
        var walker = new TakeWalker(context.Path, motion, limits.Box.TickNs, new WalkOutputs(sink, triggers));
        var watch = new CompareWatch(walker, motion);
        walker.Walk(frames, watch);
        triggers.End();
        return new LinePiece
        {
            Entry = walker.Entry!,
            Exit = walker.Exit!,
            Inside = walker.Times with { RunUpNs = 0, RunDownNs = 0 },
            Points = points.BetweenRests,
            Rows = triggers.Rows,
            Windows = triggers.Windows,
            FramesNs = triggers.FramesNs,
            ExposureNs = triggers.ExposureNs,
            Runs = runs is { IsWhole: true } ? runs : null,
            Break = walker.Break,
            OutOfRange = watch.OutOfRange,
            SplitGroup = triggers.SplitGroup,
            Unplaced = walker.Unplaced,
            Adrift = walker.Adrift,
        };
    }
}

/// <summary>Sees that every compare position fits the box's 32-bit counters.</summary>
internal sealed class CompareWatch(TakeWalker walker, MotionSetup motion) : IWalkObserver
{
    private PositionCompare? _seen;

    /// <summary>The first that does not.</summary>
    public PositionCompare? OutOfRange { get; private set; }

    public bool WindowBegins(long frame) => true;

    public bool FramesDone(long end)
    {
        var compare = walker.Compare;
        if (ReferenceEquals(compare, _seen) || compare is null)
            return true;
        _seen = compare;
        var encoder = motion.Axes.First(a => a.Name == compare.Axis).Encoder!;
        if (Math.Abs((compare.Position - encoder.Offset) / encoder.Scale) >= int.MaxValue)
            OutOfRange ??= compare;
        return true;
    }
}
