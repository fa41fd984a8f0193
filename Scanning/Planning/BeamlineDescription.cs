using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What the planner knows of a beamline: limits and wiring, no addresses. Made from the beamline file.</summary>
public sealed record BeamlineDescription(
    string Name,
    EquatableArray<AxisDescription> Axes,
    EquatableArray<ControllerDescription> Controllers,
    TriggerBoxDescription Box,
    EquatableArray<DetectorDescription> Detectors,
    ShutterDescription? Shutter,
    string? BeamSignal);

/// <summary>One settable axis. Trajectory-capable when it has a controller, else a soft axis (a motor, a temperature, an energy).</summary>
/// <remarks><b>Units</b> Low, High in <paramref name="Unit"/>; MaxVelocity per second; MaxAcceleration per second squared
/// (infinite where the device ramps at once); SettleNs nanoseconds.</remarks>
public sealed record AxisDescription(
    string Name,
    string Unit,
    double Low,
    double High,
    double MaxVelocity,
    double MaxAcceleration,
    string? Controller,
    EncoderDescription? Encoder,
    long SettleNs)
{
    public bool IsSoft => Controller is null;

    /// <summary>How fast acceleration may change between windows; infinite where the axis has no such limit.</summary>
    /// <remarks><b>Units</b> axis unit per second cubed.</remarks>
    public double MaxJerk { get; init; } = double.PositiveInfinity;
}

/// <summary>An axis encoder as the trigger box sees it: position = counts × Scale + Offset.</summary>
/// <remarks><b>Units</b> Scale: axis unit per count; Offset, Tolerance: axis units.</remarks>
public sealed record EncoderDescription(string Input, double Scale, double Offset, double Tolerance);

/// <summary>A motion controller that runs position, velocity, time programmes on several axes at once.</summary>
/// <remarks><b>Units</b> nanoseconds; MaxPoints: points of one programme.</remarks>
public sealed record ControllerDescription(string Name, EquatableArray<string> Axes, long MinSegmentNs, long MaxSegmentNs, int MaxPoints)
{
    /// <summary>It is told only where to go and how fast: one axis, one window at one constant velocity a programme, and no live output.
    /// Outside of an inner scan its axis is moved as a soft one.</summary>
    public bool ConstantVelocityOnly { get; init; }
}

/// <summary>The trigger box: what its sequencer can hold.</summary>
/// <remarks><b>Units</b> TickNs: nanoseconds; TableRows: rows of one fixed table; MaxRepeats: repeats of one row.</remarks>
public sealed record TriggerBoxDescription(string Name, long TickNs, int TableRows, int MaxRepeats, bool HasLiveInput)
{
    /// <summary>Triggers pass a gate that can close after any exposure, so that a scan pauses at a frame, not a window's end.</summary>
    public bool HasGate { get; init; }

    /// <summary>Detectors with an output of their own, which can take frames at another rate than the scan's.</summary>
    public EquatableArray<string> OwnOutputs { get; init; }

    /// <summary>It has no table of frames: all frames of a programme have one duration, and all its windows as many frames.</summary>
    public bool EqualFramesOnly { get; init; }

    /// <summary>A window can begin at an encoder's position; otherwise the live output alone begins it.</summary>
    public bool ComparesPosition { get; init; } = true;

    /// <summary>Windows of one programme.</summary>
    public int MaxWindows { get; init; } = int.MaxValue;

    /// <summary>Frames of one programme: what it can count, or keep until it is read.</summary>
    public long MaxFrames { get; init; } = long.MaxValue;

    /// <summary>Least time between two exposures.</summary>
    public long LeastLowNs { get; init; }

    /// <summary>Shortest frame.</summary>
    public long MinPeriodNs { get; init; }

    /// <summary>How it takes a table longer than <see cref="TableRows"/> while it runs; null where it takes whole tables only.</summary>
    public TableStreaming? Streaming { get; init; }

    /// <summary>How far the calendar times of its samples may be off, nanoseconds; null where its clock has no calendar, and times of other
    /// devices can only be compared with its samples' to half a frame.</summary>
    public long? StampErrorNs { get; init; }

    /// <summary>Detectors whose exposures the box counts.</summary>
    public EquatableArray<string> CountsExposuresOf { get; init; } = [];

    /// <summary>Detectors that can run by themselves while a gate of the box is open, and whose frame pulses come back to it.</summary>
    public EquatableArray<string> FollowsDetectors { get; init; }
}

/// <summary>A table given in pieces: the first ones before the start, each further one when the oldest has been used up.</summary>
/// <param name="PieceRows">Rows of a piece; the last may have fewer.</param>
/// <param name="PiecesQueued">Pieces that the box holds at most, the one that runs included.</param>
/// <param name="RowsPerSecond">How fast further rows get into the box, once their piece is being sent.</param>
/// <param name="LatencyNs">At most from a piece's end to the begin of sending the next.</param>
public sealed record TableStreaming(int PieceRows, int PiecesQueued, double RowsPerSecond, long LatencyNs)
{
    /// <summary>Rows of one programme.</summary>
    public long MostRows { get; init; } = long.MaxValue;

    /// <summary>What one whole piece takes, from room for it to its last row in the box, nanoseconds.</summary>
    public long RefillNs => LatencyNs + (long)Math.Ceiling(PieceRows / RowsPerSecond * 1e9);

    internal TableFlow Flow => new(PieceRows, PiecesQueued, RefillNs);
}

/// <summary>A detector. <see cref="DetectorKind.Triggered"/>: exposes on the box's pulses and writes its own file;
/// <see cref="DetectorKind.Captured"/>: read by the box itself, one sample a frame.</summary>
/// <remarks><b>Units</b> nanoseconds; BytesPerFrame: bytes on disk of one frame; MaxFrames: frames it can be armed for.</remarks>
public sealed record DetectorDescription(
    string Name,
    DetectorKind Kind,
    long MinExposureNs,
    long MaxExposureNs,
    long DeadTimeNs,
    long MinPeriodNs,
    long BytesPerFrame,
    long MaxFrames,
    bool Essential)
{
    /// <summary>How a frame that it recorded is known to be the one of a trigger.</summary>
    public FrameIdentity Identity { get; init; } = FrameIdentity.HardwareFrameNumber;

    /// <summary>How far the time stamp of a frame may be from that of its trigger, nanoseconds; null where nobody has said so. Where it
    /// is known, a frame whose time is not its trigger's is taken again.</summary>
    public long? StampErrorNs { get; init; }

    /// <summary>How it runs by itself while its gate is open; null where each frame needs a trigger.</summary>
    public FreeRunDescription? FreeRun { get; init; }
}

/// <summary>What tells which trigger a recorded frame is of.</summary>
public enum FrameIdentity
{
    /// <summary>The detector counts triggers, those included that made no frame.</summary>
    HardwareFrameNumber,

    /// <summary>Its time stamps, on a clock that agrees with the trigger box's to less than half a frame.</summary>
    Timestamp,

    /// <summary>Its exposure output, which goes to the trigger box: the box counts how often it has risen, and captures the count with each
    /// trigger. Known when a take is over.</summary>
    ExposureOutCounted,

    /// <summary>Nothing: it counts the frames that it has. A take commits when that is the number of its triggers, and is taken again as a
    /// whole when it is not.</summary>
    CountOnly,
}

/// <summary>A detector that takes frames at a period of its own while its gate is open, and shows each by a pulse.</summary>
/// <remarks><b>Units</b> ClockErrorPpm: how far its clock may be off, parts per million; StartNs: from the gate's rise to the first
/// exposure, at most, nanoseconds.</remarks>
public sealed record FreeRunDescription(int ClockErrorPpm, long StartNs)
{
    /// <summary>How late the end of frames may be that last so long, nanoseconds.</summary>
    public long LateNs(long framesNs) => StartNs + (long)((Int128)framesNs * ClockErrorPpm / 1_000_000);
}

public enum DetectorKind
{
    Triggered,
    Captured,
}

/// <summary>A beam shutter and how long before the first exposure it must be told to open.</summary>
public sealed record ShutterDescription(string Name, long LeadNs);
