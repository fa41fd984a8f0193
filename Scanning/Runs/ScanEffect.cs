using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>What is to be done once the events before it are in the journal. Safe to do twice; each has exactly one answer
/// among the commands. Small and serialisable: an effect is what crosses to the device's actor.</summary>
public abstract record ScanEffect
{
    private ScanEffect() { }

    /// <summary>Ask a recorder what staging would change, before it does.</summary>
    public sealed record ReadSettings(string Recorder) : ScanEffect;

    public sealed record StageRecorder(string Recorder) : ScanEffect;

    /// <summary>Ask a recorder for a former staging; read what its dead segments hold.</summary>
    public sealed record AdoptRecorder(string Recorder, string Session, EquatableArray<SegmentState> Segments) : ScanEffect;

    public sealed record MoveOuter(int Take, string Axis, double Target) : ScanEffect;

    public sealed record MoveShutter(string Shutter, bool Open) : ScanEffect;

    public sealed record ArmRecorder(int Take, string Recorder, long Frames) : ScanEffect;

    /// <summary>An order to the motion controller. Frames: the take's; its programme is compiled from the plan where it is
    /// needed.</summary>
    public sealed record OrderMotion(int Take, MotionOrder Order, FrameRange Frames) : ScanEffect;

    /// <summary>An order to the box. ExpectedNs: when its sequence should end, for <see cref="BoxOrder.Await"/>.</summary>
    public sealed record OrderBox(int Take, BoxOrder Order, FrameRange Frames, long ExpectedNs) : ScanEffect;

    public sealed record ReadEncoders(int Take, EquatableArray<string> Axes) : ScanEffect;

    /// <summary>Wait until so many frames are recorded (or the deadline), then flush, sync and report. Final false: report
    /// at once.</summary>
    public sealed record CollectRecorder(int Take, string Recorder, bool Final, long Recorded) : ScanEffect;

    /// <summary>Ask for the beam at these frames, by the box's time stamps. Segments: those that the extents are in; LiveSegment: the
    /// one that the box still fills, 0 for none.</summary>
    public sealed record JudgeExposures(
        int Take, bool Final, string Box, EquatableArray<Extent> Extents, EquatableArray<SegmentState> Segments, int LiveSegment,
        BeamQuery Query)
        : ScanEffect
    {
        /// <summary>What the box captured with each of the frames must be within these.</summary>
        public EquatableArray<CapturedLimit> Limits { get; init; } = [];
    }

    /// <summary>Ask which triggers of a take a recorder's rows are of, by the time stamps of both. Triggers: where the box's samples of the
    /// take stand, counted from its first trigger; LiveSegment: the one that the box still fills, 0 for none.</summary>
    /// <remarks><b>Units</b> ToleranceNs: nanoseconds that the stamps of one exposure may differ.</remarks>
    public sealed record MatchFrames(
        int Take, bool Final, string Box, string Recorder, EquatableArray<SegmentRun> Triggers, int LiveSegment,
        EquatableArray<SegmentRun> Rows, EquatableArray<SegmentState> Segments, long ToleranceNs)
        : ScanEffect
    {
        /// <summary>Not by time stamps: the column of the box that counts the recorder's exposures. The sample before the take is among the
        /// triggers then, as number −1, where the box has it.</summary>
        public string? Counter { get; init; }

        /// <summary>How many triggers the take had, for <see cref="Counter"/>.</summary>
        public long Count { get; init; }

        /// <summary>What the counter showed before the take, where that is known without a sample: 0 since staging.</summary>
        public long? CountBefore { get; init; }
    }

    /// <summary>Report on this signal from now on.</summary>
    public sealed record WatchBeam(string Suspender) : ScanEffect;

    /// <summary>Report as soon as the signal is known up to this time of its own.</summary>
    public sealed record ReadBeam(string Suspender, long NotBeforeNs) : ScanEffect;

    /// <summary>Say from now on when the disk has no room, and when it has some again.</summary>
    public sealed record WatchDisk : ScanEffect;

    /// <summary>Writing failed: say that the disk has room only once something could be written to it.</summary>
    public sealed record ProbeDisk : ScanEffect;

    public sealed record MakeSafe(string Device) : ScanEffect;

    public sealed record UnstageRecorder(string Recorder, EquatableArray<SavedSetting> Restore) : ScanEffect;

    /// <summary>Ask a recorder or the motion controller how far it is.</summary>
    public sealed record AskProgress(int Take, string Device) : ScanEffect;

    /// <summary>Call back every second with <see cref="ScanCommand.BlockDue"/>, and every tenth of one with
    /// <see cref="ScanCommand.ProgressDue"/>, while this take flies.</summary>
    public sealed record WatchBlocks(int Take) : ScanEffect;

    /// <summary>Compile this programme now, while there is time, and keep it.</summary>
    public sealed record Precompile(FrameRange Frames) : ScanEffect;
}

/// <summary>What whoever told the scan something is answered.</summary>
public abstract record ScanReply
{
    private ScanReply() { }

    public sealed record Accepted : ScanReply;

    public sealed record Refused(string Reason) : ScanReply;

    /// <summary>The scan stands; it goes on at this frame.</summary>
    public sealed record Paused(long AtFrame) : ScanReply;
}
