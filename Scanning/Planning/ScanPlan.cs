using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>A request proved on a beamline. Takes are cut and compiled from it at any frame, at any time, always the same.</summary>
public sealed class ScanPlan : IRunPlan
{
    private readonly InnerBoundary _boundary;
    private readonly InnerClasses _classes;
    private readonly TakeLimits _limits;
    private readonly PlanContext _context;

    internal ScanPlan(PlanBasis basis, PlanEstimate estimate)
    {
        (Request, Beamline, Path) = (basis.Request, basis.Beamline, basis.Path);
        (_boundary, _classes, _limits) = (basis.Boundary, basis.Classes, basis.Limits with { Starved = null });
        _context = new PlanContext(Path, _boundary, _limits, Check: null);
        FurtherOutputs = basis.Outputs;
        (FramesBy, FrameNs) = (basis.FramesBy, basis.Durations.ShortestNs);
        DetectorsUsed = basis.Detectors.ToEquatableArray();
        ExposureNs = basis.Limits.Exposure.Of(basis.Durations.ShortestNs);
        OuterAxes = _boundary.Soft.Select(s => s.Axis.Name).ToEquatableArray();
        Hash = PlanHash.Of(Request, Beamline);
        Estimate = estimate;
    }

    public ScanRequest Request { get; }

    public BeamlineDescription Beamline { get; }

    public ScanPath Path { get; }

    /// <summary>Frames of the scan.</summary>
    public long Frames => Path.Length;

    /// <summary>Hex SHA-256 of what decides the plan; the same in every process.</summary>
    public string Hash { get; }

    /// <summary>How many of the fastest dimensions hardware runs on its own.</summary>
    public int InnerDimensions => _boundary.Dimensions;

    /// <summary>Frames of one inner scan.</summary>
    public long InnerLength => _boundary.Length;

    /// <summary>How many inner scans.</summary>
    public long OuterCount => Frames / InnerLength;

    /// <summary>Axes that software moves between inner scans, slow to fast.</summary>
    /// <remarks>A trajectory axis of an outer dimension is not among them: every take's trajectory starts at its outer position.</remarks>
    public EquatableArray<string> OuterAxes { get; }

    public EquatableArray<DetectorDescription> DetectorsUsed { get; }

    /// <summary>For detectors at rates of their own; empty where all take a frame for each of the scan.</summary>
    public EquatableArray<FurtherOutput> FurtherOutputs { get; }

    /// <summary>The detector that begins the frames of a window by itself; null where the box does.</summary>
    public string? FramesBy { get; }

    /// <summary>Duration of the shortest frame: of every frame, where a detector begins them.</summary>
    /// <remarks><b>Units</b> nanoseconds, whole ticks of the box.</remarks>
    public long FrameNs { get; }

    /// <summary>Frames that a detector takes in the scan, at its own rate.</summary>
    public long FramesOf(DetectorDescription detector) => MultiRate.RateOf(detector.Name, Request).Of(Frames);

    /// <summary>Frames after which detectors of all rates are in step again: takes begin and end on multiples of it.</summary>
    public int EventGroup => _limits.Exposure.Group;

    /// <summary>What a detector that times its own exposure is set to: the request's, else that of the shortest frame.</summary>
    /// <remarks><b>Units</b> nanoseconds, whole ticks of the box.</remarks>
    public long ExposureNs { get; }

    public PlanEstimate Estimate { get; }

    /// <summary>The inner scan that a frame belongs to, and where the outer axes are for it.</summary>
    public OuterPoint OuterPointOf(long frame)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frame);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(frame, Frames);
        var index = frame / InnerLength;
        return new OuterPoint(
            index,
            _boundary.Soft.Select(s => new AxisPosition(s.Axis.Name, Path.MidpointOf(s.Column, index * InnerLength))).ToEquatableArray());
    }

    /// <summary>The largest prefix of the wanted frames that one take can acquire; it may begin inside a window.</summary>
    public FrameRange NextTake(FrameRange wanted)
    {
        Check(wanted);
        var outer = wanted.First / InnerLength;
        var innerFirst = outer * InnerLength;
        var end = Math.Min(wanted.End, innerFirst + InnerLength);
        // A box that repeats equal windows cannot take a part of the last one along.
        if (_classes.At(outer).TakeEndFrom(wanted.First - innerFirst) is { } known
            && (innerFirst + known <= end || !_limits.Box.EqualFramesOnly))
            return new FrameRange(wanted.First, Math.Min(end, innerFirst + known));
        var within = new FrameRange(wanted.First, end);
        var measured = _classes.Lines is { } lines && new LineWalk(lines, _context, check: false).Next(within) is { } take
            ? take.End
            : TakeMeasure.EndOf(within, Path, _boundary.Motion, _limits);
        // The plan proved that each frame fits from some take's start; one alone never takes more.
        return new FrameRange(wanted.First, Math.Max(measured, Math.Min(end, wanted.First + EventGroup)));
    }

    /// <summary>The programme of a take: frames of one inner scan, as <see cref="NextTake"/> gives them.</summary>
    public TakeProgramme Compile(FrameRange take)
    {
        Check(take);
        if (take.First / InnerLength != (take.End - 1) / InnerLength)
            throw new ArgumentException($"Frames {take} are of more than one inner scan of {InnerLength} frames.", nameof(take));
        var motion = _boundary.Motion;
        var builder = motion is null ? null : new TrajectoryBuilder(motion.Controller.Name, [.. motion.Axes.Select(a => a.Name)]);
        var triggers = new TriggerBuilder(_limits.Exposure, _limits.Box.MaxRepeats, keep: true);
        MotionSink sink = builder is null ? new PointCounter(0) : builder;
        var walker = new TakeWalker(Path, motion, _limits.Box.TickNs, new WalkOutputs(sink, triggers)) { DwellsFirst = true };
        walker.Walk(take);
        var trajectory = builder?.Build();
        var programme = triggers.Build() with { Outputs = FurtherOutputs, FramesBy = FramesBy };
        return new TakeProgramme(
            take, trajectory, programme, trajectory?.DurationNs ?? triggers.FramesNs + walker.Times.DwellNs,
            CanonicalDigest.Of(trajectory, programme));
    }

    private void Check(FrameRange range)
    {
        if (range.IsEmpty || range.First < 0 || range.End > Frames)
            throw new ArgumentOutOfRangeException(nameof(range), $"Frames {range} are not a part of the scan's [0, {Frames}).");
    }
}
