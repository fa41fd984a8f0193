using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What a user asks for: a spec, detectors, and how to behave. Serialised as the request document (<c>"request": 1</c>).</summary>
/// <remarks><b>Units</b> ExposureNs: nanoseconds; null lets the plan choose the longest the detectors' dead time allows.</remarks>
public sealed record ScanRequest(Spec Spec, EquatableArray<string> Detectors)
{
    public long? ExposureNs { get; init; }

    /// <summary>Where in their frames the exposures are.</summary>
    public ExposurePlacement ExposurePlacement { get; init; } = ExposurePlacement.Centred;

    /// <summary>What opens the windows of moving axes.</summary>
    public WindowTrigger WindowTrigger { get; init; } = WindowTrigger.Position;

    /// <summary>What begins each frame of a window.</summary>
    public FrameTrigger FrameTrigger { get; init; } = FrameTrigger.Time;

    /// <summary>What becomes of steps of velocity inside windows.</summary>
    public VelocitySteps VelocitySteps { get; init; } = VelocitySteps.Report;

    /// <summary>How trigger programmes longer than the box's table are run.</summary>
    public LongTables LongTables { get; init; } = LongTables.Auto;

    /// <summary>Detectors that take frames at another rate than the scan's.</summary>
    public EquatableArray<RatedDetector> Rates { get; init; }

    public int? InnerDimensions { get; init; }

    public OnBadFrames OnBadFrames { get; init; } = OnBadFrames.Retake;

    /// <summary>Most times that one frame is exposed, first take included.</summary>
    public int MaxExposuresPerFrame { get; init; } = 3;

    /// <summary>How often the shutter opens. Null: the beamline has none or it is left alone.</summary>
    public ShutterMode? Shutter { get; init; }

    public string? Visit { get; init; }

    public long? ScanNumber { get; init; }

    public string? Operator { get; init; }

    public string? Sample { get; init; }

    /// <summary>Names the run's folder below the data folder; placeholders {visit} {scan} {operator} {uid}.</summary>
    public string? PathTemplate { get; init; }

    /// <summary>When frames become final.</summary>
    public CommitMode Commit { get; init; } = CommitMode.AsProved;

    public DocumentMode Documents { get; init; } = DocumentMode.Committed;

    /// <summary>The user's own metadata, as a JSON object's text; copied into the start document.</summary>
    public string? MetadataJson { get; init; }
}

public enum ExposurePlacement
{
    /// <summary>As much dead time before as after, so that a row flown backwards is exposed at the same places.</summary>
    Centred,

    /// <summary>From the frame's start.</summary>
    Leading,
}

public enum WindowTrigger
{
    /// <summary>The encoder reaching the first frame's start in its direction; the set point where no axis with an encoder moves.</summary>
    Position,

    /// <summary>The controller's live output, which rises as its set point passes the first frame's start.</summary>
    SetPoint,

    /// <summary>The box's clock alone.</summary>
    Time,
}

public enum FrameTrigger
{
    Time,
    Position,
    Detector,
}

public enum VelocitySteps
{
    /// <summary>The two frames beside each take it up; the plan names it.</summary>
    Report,

    /// <summary>Frames around each take it up so that acceleration has no steps; the plan names it.</summary>
    Smooth,

    /// <summary>They are problems.</summary>
    Refuse,
}

public enum LongTables
{
    /// <summary>Streamed where that is proved, else paged.</summary>
    Auto,

    /// <summary>In several takes, with a stop between.</summary>
    Paged,

    /// <summary>In pieces while the box runs; a problem where that is not proved.</summary>
    Streamed,
}

public enum OnBadFrames
{
    Retake,
    Mark,
    Ask,
    Stop,
}

public enum ShutterMode
{
    PerScan,
    PerWindow,
    PerFrame,
}

public enum CommitMode
{
    /// <summary>As soon as they are proved: on disk, identified, in good beam.</summary>
    AsProved,

    /// <summary>At the end of the scan, however it ends: until then an operator may go back over all of them.</summary>
    AtEnd,
}

public enum DocumentMode
{
    /// <summary>Documents tell of committed frames only, in scan order.</summary>
    Committed,

    /// <summary>They tell of frames as soon as those are recorded; after a rewind the later ones count.</summary>
    Eager,
}
