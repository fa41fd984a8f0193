using System.Collections.Immutable;
using System.Diagnostics;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>What a scan becomes when an event has happened: total, and blind to clock and chance.</summary>
public static class ScanEvolution
{
    public static ScanState Evolve(this ScanState state, ScanEvent happened) => happened switch
    {
        ScanEvent.ScanSubmitted e => state with
        {
            Uid = e.Uid,
            Frames = e.Frames,
            PlanHash = e.PlanHash,
            RequestJson = e.RequestJson,
            BeamlineName = e.BeamlineName,
            RunFolder = e.RunFolder,
            Rates = new DetectorRates(e.Rates),
        },
        ScanEvent.SettingsFound e => state with { ToPutBack = Found(state.ToPutBack, e.Device, e.Settings) },
        ScanEvent.Staged e => state with
        {
            Epoch = e.Epoch,
            Staged = e.Devices.Aggregate(state.Staged, (all, d) => all.SetItem(d.Device, d)),
            ToPutBack = e.Devices.Aggregate(state.ToPutBack, (all, d) => Found(all, d.Device, d.Restore)),
        },
        ScanEvent.SegmentOpened e => state with { Segments = state.Segments.Add(Opened(e)) },
        ScanEvent.OuterPointReached e => state with { OuterIndex = e.OuterIndex, OuterPositions = e.Positions },
        ScanEvent.ProgrammeDownloaded e => state with
        {
            LastTake = Math.Max(state.LastTake, e.Take),
            NextTake = new TakeState(e.Take, e.Frames, [], false, null, e.Frames.First, RangeSet.Empty) { Rates = state.Rates },
        },
        ScanEvent.Armed e => state with
        {
            NextTake = state.NextTake! with { Positions = e.Positions },
            Arms =
            [
                .. state.Arms.Where(a => state.OpenTakes.Any(t => t.Number < a.Take)),
                new ArmedTake(e.Take, e.Positions),
            ],
        },
        ScanEvent.HandedOver or ScanEvent.FlightStarted or ScanEvent.TookBack or ScanEvent.BlockReconciled => EvolveTake(state, happened),
        ScanEvent.FramesRecorded e => With(state, e.Take, t => t with { ToldTo = Math.Max(t.ToldTo, e.Frames.End) }) with
        {
            Recorded = [.. state.Recorded, new RecordedFrames(e.Take, e.Frames, e.Extents)],
        },
        ScanEvent.FramesCommitted e => Without(state, [e.Frames]) with
        {
            Committed = state.Committed.Add(e.Frames),
            Stalls = state.Stalls.Clear(),
        },
        ScanEvent.DeviceStalled e => state with
        {
            Stalls = state.Stalls.SetItem(e.Device, state.Stalls.GetValueOrDefault(e.Device) + 1),
        },
        ScanEvent.FramesSkipped e => state with { Skipped = state.Skipped.Union(e.Frames) },
        ScanEvent.FramesRejected e => Without(state, e.Frames) with
        {
            Rejections = [.. state.Rejections, .. e.Frames],
            LastRejection = e.Cause,
        },
        ScanEvent.BeamLost e => state with { BeamLosses = state.BeamLosses.Add(new BeamLoss(e.Suspender, e.LostNs, null)) },
        ScanEvent.BeamRestored e => state with
        {
            BeamToldTo = state.BeamToldTo.SetItem(e.Suspender, Math.Max(state.BeamToldTo.GetValueOrDefault(e.Suspender), e.RestoredNs)),
            BeamLosses = state.BeamLosses
                .Select(l => l.Suspender == e.Suspender && l.ToNs is null ? l with { ToNs = Math.Max(l.FromNs, e.RestoredNs) } : l)
                .ToEquatableArray(),
        },
        ScanEvent.HoldSet e => state with { Holds = state.Holds.SetItem(e.Hold, e.Reason) },
        ScanEvent.HoldCleared e => state with { Holds = state.Holds.Remove(e.Hold) },
        ScanEvent.Rewound => state with { Rewinds = state.Rewinds + 1 },
        ScanEvent.DeviceFaulted e => state with { Ending = state.Ending ?? (ScanStatus.Faulted, $"{e.Device}: {e.Reason}") },
        ScanEvent.AbortRequested e => state with { Ending = state.Ending ?? (ScanStatus.Aborted, e.Reason) },
        ScanEvent.SupervisorTookOver e => state with { Epoch = e.Epoch },
        ScanEvent.Unstaged => state with { IsUnstaged = true },
        ScanEvent.Finished e => state with { Status = e.Status, EndReason = e.Reason },
        _ => throw new UnreachableException(),
    };

    /// <summary>A device staged again holds what its first staging set; what stood there before the scan is what was found first.</summary>
    private static ImmutableSortedDictionary<string, EquatableArray<SavedSetting>> Found(
        ImmutableSortedDictionary<string, EquatableArray<SavedSetting>> all, string device, EquatableArray<SavedSetting> settings)
    {
        var before = all.GetValueOrDefault(device);
        return all.SetItem(device, [.. before, .. settings.Where(s => before.All(b => b.Name != s.Name))]);
    }

    /// <summary>These frames are no longer provisional.</summary>
    private static ScanState Without(ScanState state, EquatableArray<FrameRange> frames) => state.Recorded.Count == 0
        ? state
        : state with
        {
            Kept = state.Kept.Subtract(frames),
            Recorded = state.Recorded
                .SelectMany(r => RangeSet.Of(r.Frames).Subtract(frames).Ranges.Select(part => r.Part(part, state.Rates)))
                .ToEquatableArray(),
        };

    private static SegmentState Opened(ScanEvent.SegmentOpened e) => new(e.Segment, e.Session, e.FirstTrigger, e.ClockZeroNs);

    private static ScanState EvolveTake(ScanState state, ScanEvent happened) => happened switch
    {
        ScanEvent.HandedOver => state with
        {
            OpenTakes = state.OpenTakes.Add(state.NextTake!),
            NextTake = null,
            // With every earlier frame judged, losses that are over can touch none.
            BeamLosses = state.OpenTakes.Count > 0
                ? state.BeamLosses
                : state.BeamLosses.Where(l => l.ToNs is null).ToEquatableArray(),
        },
        ScanEvent.FlightStarted e => With(state, e.Take, t => t with { Started = true }),
        ScanEvent.TookBack e => With(state, e.Take, t => t with { Triggered = e.Triggered }) is var next
            && next.OpenTakes.FirstOrDefault(t => t.Number == e.Take) is TakeState take
                ? next with { HighWater = Math.Max(state.HighWater, take.Frames.First + e.Triggered) }
                : state,
        ScanEvent.BlockReconciled e => Settle(state, e),
        _ => throw new UnreachableException(),
    };

    private static ScanState Settle(ScanState state, ScanEvent.BlockReconciled e)
    {
        var next = With(state, e.Take, t => t with { SettledTo = e.Block.End, Rejected = t.Rejected.Union(e.Bad) });
        var kept = state.Recorded.Count == 0
            ? RangeSet.Empty
            : RangeSet.Of(e.Good).Intersect(RangeSet.Of(state.Recorded.Select(r => r.Frames)));
        return next with
        {
            Kept = state.Kept.Union(kept.Ranges),
            Stalls = kept.IsEmpty ? state.Stalls : state.Stalls.Clear(),
            OpenTakes = next.OpenTakes
                .Where(t => t.Number != e.Take || t.Triggered is null || t.SettledTo < t.Claimed.End)
                .ToEquatableArray(),
        };
    }

    private static ScanState With(ScanState state, int take, Func<TakeState, TakeState> change) =>
        state with { OpenTakes = state.OpenTakes.Select(t => t.Number == take ? change(t) : t).ToEquatableArray() };
}
