using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>What a scan is told: by a user, by a clock, or by a device that answers. Answers name the take they belong to,
/// so that late ones are known for late.</summary>
/// <remarks><b>Units</b> AtNs: nanoseconds since 1970-01-01 UTC.</remarks>
public abstract record ScanCommand(long AtNs)
{
    /// <summary>The plan is proved: begin.</summary>
    public sealed record SubmitScan(
        long AtNs, long Epoch, string Uid, string RequestJson, string BeamlineName, string RunFolder, string SoftwareVersion)
        : ScanCommand(AtNs);

    /// <summary>The journal is folded: carry on.</summary>
    public sealed record TakeOver(long AtNs, long Epoch, string Node) : ScanCommand(AtNs);

    public sealed record PauseScan(long AtNs, string Who) : ScanCommand(AtNs);

    public sealed record ResumeScan(long AtNs, string Who) : ScanCommand(AtNs);

    public sealed record AbortScan(long AtNs, string Who, string Reason) : ScanCommand(AtNs);

    /// <summary>A second has gone by in flight: reconcile what is recorded so far.</summary>
    public sealed record BlockDue(long AtNs, int Take) : ScanCommand(AtNs);

    /// <summary>A tenth of a second has gone by in flight: see whether everything goes on.</summary>
    public sealed record ProgressDue(long AtNs, int Take) : ScanCommand(AtNs);

    public sealed record RecorderProgress(long AtNs, int Take, string Recorder, Outcome<RecorderStatus> Outcome) : ScanCommand(AtNs);

    public sealed record MotionProgress(long AtNs, int Take, Outcome<MotionStatus> Outcome) : ScanCommand(AtNs);

    /// <summary>The scan goes on at this frame: back to one that is not committed, or forward over frames that are then
    /// skipped.</summary>
    public sealed record SeekScan(long AtNs, string Who, long Frame) : ScanCommand(AtNs);

    public sealed record BeamReported(long AtNs, string Suspender, BeamReport Report) : ScanCommand(AtNs);

    /// <summary>Whether there is room on the disk; Reason: for people, where there is none.</summary>
    public sealed record DiskReported(long AtNs, bool IsGood, string Reason) : ScanCommand(AtNs);

    /// <summary>Which triggers of a take, counted from its first, a recorder's frames are of.</summary>
    public sealed record FramesMatched(long AtNs, int Take, string Recorder, bool Final, Outcome<EquatableArray<SegmentRun>> Outcome)
        : ScanCommand(AtNs);

    public sealed record ExposuresJudged(long AtNs, int Take, bool Final, Outcome<BeamVerdict> Outcome) : ScanCommand(AtNs);

    public sealed record DeviceLost(long AtNs, string Device, string Reason) : ScanCommand(AtNs);

    public sealed record SettingsRead(long AtNs, string Recorder, Outcome<EquatableArray<SavedSetting>> Outcome) : ScanCommand(AtNs);

    public sealed record RecorderStaged(long AtNs, string Recorder, Outcome<RecorderSession> Outcome) : ScanCommand(AtNs);

    public sealed record RecorderAdopted(long AtNs, string Recorder, Outcome<Adoption> Outcome) : ScanCommand(AtNs);

    public sealed record OuterSettled(long AtNs, int Take, string Axis, Outcome<double> Outcome) : ScanCommand(AtNs);

    public sealed record ShutterMoved(long AtNs, bool Open, Outcome<ShutterPosition> Outcome) : ScanCommand(AtNs);

    public sealed record RecorderArmed(long AtNs, int Take, string Recorder, Outcome<RecorderStatus> Outcome) : ScanCommand(AtNs);

    public sealed record MotionAnswered(long AtNs, int Take, MotionOrder Order, Outcome<MotionStatus> Outcome) : ScanCommand(AtNs);

    public sealed record BoxAnswered(long AtNs, int Take, BoxOrder Order, Outcome<BoxStatus> Outcome) : ScanCommand(AtNs);

    public sealed record EncodersRead(long AtNs, int Take, Outcome<EquatableArray<AxisPosition>> Outcome) : ScanCommand(AtNs);

    public sealed record RecorderCollected(long AtNs, int Take, string Recorder, bool Final, Outcome<RecorderStatus> Outcome)
        : ScanCommand(AtNs);

    public sealed record MadeSafe(long AtNs, string Device, Outcome<Nothing> Outcome) : ScanCommand(AtNs);

    public sealed record RecorderUnstaged(long AtNs, string Recorder, Outcome<long> Outcome) : ScanCommand(AtNs);
}

/// <summary>What a motion controller was asked.</summary>
public enum MotionOrder
{
    Load,
    MoveToStart,
    Start,
    Await,
    Stop,
    Query,
}

/// <summary>What a trigger box was asked.</summary>
public enum BoxOrder
{
    Load,
    Enable,
    Await,
    Halt,
    Query,
}

/// <summary>What a recorder that outlived a supervisor (or did not) still has. Adopted null: it no longer knows the session.
/// Salvaged: what dead writers' files hold.</summary>
public sealed record Adoption(AdoptedSession? Adopted, EquatableArray<SegmentRun> Salvaged);

/// <summary>Triggers [FirstTrigger, FirstTrigger+Count) of a recorder's session stand at [Position, Position+Count) of a segment.</summary>
public sealed record SegmentRun(int Segment, string Session, long FirstTrigger, long Count, long Position)
{
    /// <summary>Rows of which nobody knows the trigger: before any that a take has.</summary>
    public static SegmentRun Unknown(int segment, string session, long count) => new(segment, session, -count, count, 0);
}
