using System.Diagnostics;
using System.Globalization;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Journal;

/// <summary>A scan's journal as lines for people: time since its first event, number, what happened.</summary>
public static class Timeline
{
    /// <summary>One line per event.</summary>
    public static IEnumerable<string> Render(IReadOnlyList<JournalEntry> entries) =>
        entries.Select(e => Line(e, entries[0].Event.AtNs));

    /// <summary>What an event says, in words.</summary>
    public static string Describe(ScanEvent scanEvent) => scanEvent switch
    {
        ScanEvent.ScanSubmitted e =>
            $"submitted: {Count(e.Frames, "frame")} on {e.BeamlineName}, plan {e.PlanHash}, " +
            $"into {e.RunFolder} (flyscan {e.SoftwareVersion}){Rates(e)}",
        ScanEvent.SettingsFound e => $"{e.Device}: {Count(e.Settings.Count, "setting")} to put back at the end",
        ScanEvent.Staged e => $"staged under epoch {e.Epoch}: {List(e.Devices, d => d.Device)}",
        ScanEvent.SegmentOpened e =>
            $"{e.Segment.Recorder} opened segment {e.Segment.Number}, {e.Segment.Path}: {List(e.Segment.Datasets, d => d.Key)}",
        ScanEvent.OuterPointReached e =>
            $"outer point {e.OuterIndex} reached: {List(e.Positions, p => Invariant($"{p.Axis} {p.Position:0.######}"))}",
        ScanEvent.ProgrammeDownloaded e =>
            $"take {e.Take} downloaded: frames {e.Frames}, runs {Duration(e.AutonomyNs)} by itself, programme {e.Hash}",
        ScanEvent.Armed e =>
            $"take {e.Take} armed: {List(e.Positions, p => $"{p.Recorder}.{p.Segment:0000} at trigger {p.Trigger}")}{Unproved(e)}",
        ScanEvent.HandedOver e => $"take {e.Take} handed over to hardware under epoch {e.Epoch}",
        ScanEvent.FlightStarted e => $"take {e.Take} flying",
        ScanEvent.TookBack e => $"take {e.Take} taken back after {Count(e.Triggered, "trigger")}: {e.Reason}",
        ScanEvent.BlockReconciled e => $"take {e.Take}, frames {e.Block}: good {Ranges(e.Good)}, bad {Ranges(e.Bad)}{Because(e.Cause)}",
        ScanEvent.FramesRecorded e => $"frames {e.Frames} of take {e.Take} recorded, not yet committed",
        ScanEvent.FramesCommitted e => $"frames {e.Frames} committed",
        ScanEvent.FramesSkipped e => $"frames {Ranges(e.Frames)} skipped by {e.Who}: {e.Why}",
        ScanEvent.FramesRejected e => $"frames {Ranges(e.Frames)} of take {e.Take} rejected: {e.Cause}",
        ScanEvent.BeamLost e => $"beam lost, {e.Suspender}: {e.Reading}",
        ScanEvent.BeamRestored e => $"beam restored, {e.Suspender}",
        ScanEvent.HoldSet e => $"hold '{e.Hold}' set: {e.Reason}",
        ScanEvent.HoldCleared e => $"hold '{e.Hold}' cleared",
        ScanEvent.Rewound e => $"rewound to frame {e.To}: {e.Cause}",
        ScanEvent.DeviceFaulted e => $"{e.Device} faulted: {e.Reason}",
        ScanEvent.DeviceStalled e => $"{e.Device} stalls in take {e.Take}: {e.Reason}",
        ScanEvent.SupervisorTookOver e => $"supervisor on {e.Node} took over under epoch {e.Epoch}",
        ScanEvent.AbortRequested e => $"abort requested by {e.Who}: {e.Reason}",
        ScanEvent.Unstaged e => $"unstaged: {List(e.Segments, s => $"{s.Recorder}.{s.Segment:0000} has {Count(s.Frames, "frame")}")}",
        ScanEvent.Finished e => $"{e.Status.ToString().ToLowerInvariant()}{Because(e.Reason)}",
        _ => throw new UnreachableException(),
    };

    private static string Line(JournalEntry entry, long startNs) =>
        Invariant($"{(entry.Event.AtNs - startNs) / 1e9,11:+0.000;-0.000} s  {entry.Sequence,5}  {Describe(entry.Event)}");

    private static string Rates(ScanEvent.ScanSubmitted e) =>
        e.Rates.Count == 0 ? "" : $"; {List(e.Rates, r => $"{r.Detector} {r.Rate} a frame")}";

    private static string Unproved(ScanEvent.Armed e) =>
        e.Unproved.Count == 0 ? "" : $"; not proved, waited for: {List(e.Unproved, u => u)}";

    private static string Because(string? cause) => cause is null ? "" : $": {cause}";

    private static string Ranges(EquatableArray<FrameRange> ranges) => List(ranges, r => r.ToString());

    private static string List<T>(IReadOnlyCollection<T> items, Func<T, string> text) =>
        items.Count == 0 ? "none" : string.Join(", ", items.Select(text));

    private static string Count(long count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";

    private static string Duration(long ns) => Invariant($"{ns / 1e9:0.###} s");

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
