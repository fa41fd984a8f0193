using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>What has happened to a scan: the journal. Facts in past tense, small, versioned by their codecs.</summary>
/// <remarks><b>Units</b> AtNs: nanoseconds since 1970-01-01 UTC by the supervisor's clock.</remarks>
public abstract record ScanEvent
{
    private ScanEvent(long atNs) => AtNs = atNs;

    public long AtNs { get; init; }

    /// <summary>The first fact. RequestJson and BeamlineText are the whole documents, so that any process can carry on. Rates: of
    /// detectors that do not take one frame for each of the scan.</summary>
    public sealed record ScanSubmitted(
        long AtNs, string Uid, string RequestJson, string BeamlineName, string PlanHash, long Frames, string RunFolder,
        string SoftwareVersion, EquatableArray<RatedDetector> Rates = default)
        : ScanEvent(AtNs);

    /// <summary>What staging is about to change on a device, as it was before: put back at the end, whoever dies when.</summary>
    public sealed record SettingsFound(long AtNs, string Device, EquatableArray<SavedSetting> Settings) : ScanEvent(AtNs);

    /// <summary>Every device is configured for this scan; Session tells a device's own staging from another's. Settings: what was changed,
    /// with the value to put back.</summary>
    public sealed record Staged(long AtNs, long Epoch, EquatableArray<StagedDevice> Devices) : ScanEvent(AtNs);

    /// <summary>A recorder opened a dataset file; journaled before any frame of a take can be in it. Session: the
    /// recorder's staging that fills it; FirstTrigger: the first trigger, counted since that staging, that it holds.
    /// ClockZeroNs: when the recorder's time stamps begin, nanoseconds since 1970 by its clock; null where it stamps nothing.</summary>
    public sealed record SegmentOpened(long AtNs, Segment Segment, string Session, long FirstTrigger, long? ClockZeroNs = null)
        : ScanEvent(AtNs);

    public sealed record OuterPointReached(long AtNs, long OuterIndex, EquatableArray<AxisPosition> Positions) : ScanEvent(AtNs);

    /// <summary>Downloaded and read back equal. AutonomyNs: how long the take runs with nobody feeding it.</summary>
    public sealed record ProgrammeDownloaded(long AtNs, int Take, FrameRange Frames, string Hash, long AutonomyNs) : ScanEvent(AtNs);

    /// <summary>All proofs are in. Positions: each recorder's segment and count of triggers before the take's first frame.</summary>
    public sealed record Armed(long AtNs, int Take, EquatableArray<RecorderPosition> Positions, EquatableArray<string> Unproved)
        : ScanEvent(AtNs);

    /// <summary>Control passes to hardware. Written before the enable is sent.</summary>
    public sealed record HandedOver(long AtNs, int Take, long Epoch) : ScanEvent(AtNs);

    public sealed record FlightStarted(long AtNs, int Take, long StartNs) : ScanEvent(AtNs);

    /// <summary>Hardware is idle and its counts are read. Triggered: frames of the take that the box fired; with detectors at rates of
    /// their own only whole groups of them can be kept.</summary>
    public sealed record TookBack(long AtNs, int Take, long Triggered, string Reason) : ScanEvent(AtNs);

    /// <summary>What the recorders hold of a take, compared. Good: frames that every essential recorder has.</summary>
    public sealed record BlockReconciled(
        long AtNs, int Take, FrameRange Block, EquatableArray<FrameRange> Good, EquatableArray<FrameRange> Bad, string? Cause)
        : ScanEvent(AtNs);

    /// <summary>On disk, synced and identified, but not committed: the beam is not known yet, or the request commits at the end. Journaled
    /// where the request asks for eager documents or commits at the end.</summary>
    public sealed record FramesRecorded(long AtNs, int Take, FrameRange Frames, EquatableArray<Extent> Extents) : ScanEvent(AtNs);

    /// <summary>On disk, synced, identified, in good beam. Never taken back.</summary>
    public sealed record FramesCommitted(long AtNs, FrameRange Frames, EquatableArray<Extent> Extents) : ScanEvent(AtNs);

    public sealed record FramesSkipped(long AtNs, EquatableArray<FrameRange> Frames, string Who, string Why) : ScanEvent(AtNs);

    public sealed record FramesRejected(long AtNs, int Take, EquatableArray<FrameRange> Frames, string Cause) : ScanEvent(AtNs);

    /// <summary>A suspender's condition no longer holds since LostNs by the signal's time stamps: frames exposed from then on are
    /// bad.</summary>
    public sealed record BeamLost(long AtNs, string Suspender, long LostNs, string Reading) : ScanEvent(AtNs);

    public sealed record BeamRestored(long AtNs, string Suspender, long RestoredNs) : ScanEvent(AtNs);

    public sealed record HoldSet(long AtNs, string Hold, string Reason) : ScanEvent(AtNs);

    public sealed record HoldCleared(long AtNs, string Hold) : ScanEvent(AtNs);

    /// <summary>The next take begins at To; what was recorded from there on is superseded.</summary>
    public sealed record Rewound(long AtNs, long To, string Cause) : ScanEvent(AtNs);

    public sealed record DeviceFaulted(long AtNs, string Device, string Reason) : ScanEvent(AtNs);

    /// <summary>A device makes no progress where the plan expects some. What follows from it is told by what comes next.</summary>
    public sealed record DeviceStalled(long AtNs, int Take, string Device, string Reason) : ScanEvent(AtNs);

    public sealed record SupervisorTookOver(long AtNs, long Epoch, string Node) : ScanEvent(AtNs);

    /// <summary>The user asked for the end before the end.</summary>
    public sealed record AbortRequested(long AtNs, string Who, string Reason) : ScanEvent(AtNs);

    /// <summary>Files verified closed, settings put back. Recorded: final frames in each segment.</summary>
    public sealed record Unstaged(long AtNs, EquatableArray<SegmentCount> Segments) : ScanEvent(AtNs);

    public sealed record Finished(long AtNs, ScanStatus Status, string? Reason) : ScanEvent(AtNs);
}

public enum ScanStatus
{
    Finished,
    Aborted,
    Faulted,
}

/// <summary>A device as staged: its session, and settings to put back (name → value as text).</summary>
public sealed record StagedDevice(string Device, string Session, EquatableArray<SavedSetting> Restore);

public sealed record SavedSetting(string Name, string Value);

public sealed record AxisPosition(string Axis, double Position);

/// <summary>One file that one writer grows. A recorder's data is a list of segments, numbered from 1.</summary>
/// <remarks>Path is relative to the run folder.</remarks>
public sealed record Segment(string Recorder, int Number, string Path, EquatableArray<SegmentDataset> Datasets);

/// <summary>One dataset of a segment.</summary>
/// <remarks><b>Shapes</b> the dataset is [frames, FrameShape…]. Role: NeXus role of the data: detector, monitor, axis, timestamp,
/// identity.</remarks>
public sealed record SegmentDataset(
    string Key, string Path, string NumpyType, EquatableArray<long> FrameShape, string? Unit, string Role, string? Axis, int ChunkFrames);

/// <summary>A recorder when a take was armed: the segment it fills, and the number (since its staging) of the take's first
/// trigger, counted at its own rate.</summary>
public sealed record RecorderPosition(string Recorder, int Segment, long Trigger);

/// <summary>Scan frames [Frame, Frame+Count) stand from Position on in a recorder's segment: as many rows as its rate gives for Count
/// frames, Count where it has none of its own.</summary>
public sealed record Extent(string Recorder, int Segment, long Frame, long Count, long Position);

public sealed record SegmentCount(string Recorder, int Segment, long Frames);
