using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>Names one take on hardware that knows nothing of scans: a number that a device can hold and give back.</summary>
/// <remarks>Value: 31 bits derived from the scan's uid and the take's number; never 0.</remarks>
public readonly record struct TakeMark(int Value);

public enum MotionPhase
{
    Idle,
    Loaded,
    AtStart,
    Running,
    Done,
    Stopped,
    Faulted,
}

/// <summary>A motion controller's state. Mark: of the programme it holds, default when none.</summary>
/// <remarks><b>Units</b> Positions: axis units, in the order of the controller's axes.</remarks>
public sealed record MotionStatus(MotionPhase Phase, TakeMark Mark, EquatableArray<AxisPosition> Positions, string? Fault);

public enum ShutterPosition
{
    Closed,
    Open,
    Moving,
}

/// <summary>One reading of the beam signal.</summary>
/// <remarks>History: changes since KnownSinceNs, oldest first, where the signal keeps a record of its own; KnownSinceNs null where it
/// keeps none. <b>Units</b> Value in Unit; AtNs, KnownSinceNs: nanoseconds since 1970 by the signal's own time stamp.</remarks>
public sealed record BeamReading(double Value, string Unit, long AtNs)
{
    public long? KnownSinceNs { get; init; }

    public EquatableArray<BeamChange> History { get; init; }
}

/// <summary>From AtNs on the signal had this value.</summary>
public sealed record BeamChange(long AtNs, double Value);

/// <summary>A recorder that is staged. Session: names this staging; a device that restarted no longer has it.</summary>
/// <remarks><b>Units</b> ClockZeroNs: when its time stamps begin, nanoseconds since 1970 by its own clock; null where it stamps
/// nothing.</remarks>
public sealed record RecorderSession(string Session, Segment Segment, EquatableArray<SavedSetting> Restore)
{
    public long? ClockZeroNs { get; init; }
}

/// <summary>What a recorder knows of its present session; Session null when it has none.</summary>
/// <remarks>Acquired: frames that are or will be in the segment, counted by the device (exact when no trigger comes).
/// Recorded: frames on disk. Missed: positions, in the count of triggers since staging, of triggers that made no frame (at most 1000;
/// more: Overflowed).</remarks>
public sealed record RecorderStatus(
    string? Session, bool Accepting, long Acquired, long Recorded, EquatableArray<FrameRange> Missed, bool Overflowed, string? Fault)
{
    /// <summary>Its file takes no more frames, for Fault's reason; what is recorded can be read back, and a new file may do.</summary>
    public bool CannotWrite { get; init; }

    /// <summary>Where frames were last lost, for a person; null where nobody knows or none were.</summary>
    public string? WhyMissed { get; init; }
}

public enum BoxPhase
{
    Idle,
    Waiting,
    Running,
    Faulted,
}

/// <summary>A trigger box's state. Mark: read back from the table it holds, default when none. Triggered: frames fired since
/// staging.</summary>
public sealed record BoxStatus(BoxPhase Phase, TakeMark Mark, long Triggered, string? Fault);

/// <summary>A session taken over. Segment: where frames recorded from now on go (the old one where its writer lives, else a new one).
/// FirstPosition: the first trigger, counted from the session's staging, that the segment holds (0 for the old one).</summary>
public sealed record AdoptedSession(RecorderSession Session, bool NewSegment, long FirstPosition);
