namespace Flyscan.Scanning.Triggering;

/// <summary>How long a frame of a given duration is exposed, and where in it: as asked for, or all but the dead time; in whole ticks of
/// the box.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
internal readonly record struct ExposureRule(long? AskedNs, long DeadTimeNs, long TickNs)
{
    /// <summary>Exposures stand in the middle of their frames, else at their start.</summary>
    public bool Centred { get; init; }

    /// <summary>Frames of a window, but for its first, begin as the axis reaches their place.</summary>
    public bool ByPosition { get; init; }

    /// <summary>A detector begins the frames of each window, once it is open.</summary>
    public bool ByDetector { get; init; }

    /// <summary>Frames after which detectors of all rates are in step again: windows and takes hold whole groups of them.</summary>
    public int Group { get; init; } = 1;

    /// <summary>The exposure; less than one tick where the frame has no room for any.</summary>
    public long Of(long durationNs) => AskedNs is { } asked
        ? Math.Max(TickNs, (long)Math.Round((double)asked / TickNs, MidpointRounding.AwayFromZero) * TickNs)
        : FloorToTick(durationNs - DeadTimeNs - SlackNs(durationNs));

    /// <summary>By position, what a frame may be shorter than planned: axes follow their course by some per cent only.</summary>
    public long SlackNs(long durationNs) => ByPosition ? durationNs / 20 : 0;

    /// <summary>From the frame's start to its exposure's.</summary>
    public long LeadOf(long durationNs) => Centred ? FloorToTick((durationNs - Of(durationNs)) / 2) : 0;

    private long FloorToTick(long ns) => ns < 0 ? 0 : ns / TickNs * TickNs;
}
