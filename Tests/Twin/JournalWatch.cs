using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Twin;

/// <summary>Judges the scan while it runs, by what its journal says as it is written.</summary>
internal sealed class JournalWatch(TwinRun twin)
{
    private readonly List<ScanEvent> _events = [];
    private readonly Dictionary<(string, int), string> _paths = [];
    private readonly HashSet<long> _committed = [];
    private readonly HashSet<string> _holds = new(StringComparer.Ordinal);
    private ScanState _folded = ScanState.New;
    private int _flying;
    private int _resumes;
    private long _epoch;
    private int _compared;

    /// <summary>An event is durable, or is read again by a successor.</summary>
    public void Add(long sequence, ScanEvent happened)
    {
        if (sequence == 1 && _events.Count > 0)
        {
            CheckDisk();
            Begin();
        }
        if (sequence != _events.Count + 1)
        {
            // Two lives overlap in what they publish: the later begins with 1.
            twin.Fail($"the journal's event {sequence} was told after event {_events.Count}");
            return;
        }
        _events.Add(happened);
        _folded = _folded.Evolve(happened);
        Judge(happened);
    }

    /// <summary>Invariant 6: what the supervisor holds for its state is what its journal folds to.</summary>
    public void Compare(ScanState lived)
    {
        if (_compared == _events.Count)
            return;
        _compared = _events.Count;
        var (said, folded) = (Text(lived), Text(_folded));
        if (said != folded)
            twin.Fail($"invariant 6: the supervisor's state is not what its journal folds to:\n  {said}\n  {folded}");
    }

    /// <summary>Invariants 4 and 5: a programme runs only for a take that was handed over, with every recorder armed.</summary>
    public void MotionRuns()
    {
        var journal = twin.Journal;
        var take = 0;
        foreach (var happened in journal)
            take = happened switch
            {
                ScanEvent.HandedOver e => e.Take,
                ScanEvent.TookBack => 0,
                _ => take,
            };
        if (take == 0)
        {
            twin.Fail($"invariant 5: motion runs while no take is handed over; the journal ends with {Show.Last(journal)}");
            return;
        }
        if (twin.Hardware.Motion.Mark != Marks.Of(TwinRun.Uid, take))
            twin.Fail($"invariant 5: motion runs another programme than that of take {take}, which was handed over");
        // What happens to the camera after its proof nobody can know before the flight.
        foreach (var camera in twin.Hardware.Devices.Cameras.Where(c => twin.ToMake.Setup.Recorders.Contains(c.Settings.Detector.Name)))
        {
            var isTampered = camera.Settings.Detector.Name == "cam" && twin.Hardware is not { IsStealing: false, IsUsedUp: false };
            if (!isTampered && camera.Session is not { IsAccepting: true })
                twin.Fail($"invariant 5: motion runs for take {take} while {camera.Settings.Detector.Name} accepts no triggers");
        }
        if (!twin.Hardware.Box.Capture.Busy)
            twin.Fail($"invariant 5: motion runs for take {take} while the box captures nothing");
    }

    private void Begin()
    {
        _events.Clear();
        _paths.Clear();
        _committed.Clear();
        _holds.Clear();
        (_folded, _flying, _resumes, _epoch, _compared) = (ScanState.New, 0, 0, 0, 0);
    }

    /// <summary>What was told as durable is durable.</summary>
    private void CheckDisk()
    {
        var disk = twin.Journal;
        if (disk.Count < _events.Count || !disk.Take(_events.Count).Select(Show.Event).SequenceEqual(_events.Select(Show.Event)))
            twin.Fail($"what was journaled is not on disk: told {_events.Count} events up to {Show.Last(_events)}, found {disk.Count}");
    }

    private void Judge(ScanEvent happened)
    {
        switch (happened)
        {
            case ScanEvent.SupervisorTookOver e:
                if (e.Epoch <= _epoch)
                    twin.Fail($"invariant 4: epoch {e.Epoch} follows epoch {_epoch}");
                _epoch = e.Epoch;
                break;
            case ScanEvent.HandedOver e:
                if (_flying != 0)
                    twin.Fail($"invariant 4: take {e.Take} is handed over while hardware has take {_flying}");
                if (_holds.Count > 0)
                    twin.Fail($"take {e.Take} is handed over while the scan is held: {string.Join(", ", _holds)}");
                if (e.Epoch != _epoch)
                    twin.Fail($"invariant 4: take {e.Take} is handed over by epoch {e.Epoch}, in charge is {_epoch}");
                _flying = e.Take;
                break;
            case ScanEvent.TookBack e:
                if (_flying != e.Take)
                    twin.Fail($"invariant 4: take {e.Take} is taken back, hardware has {_flying}");
                _flying = 0;
                break;
            case ScanEvent.HoldSet e:
                _holds.Add(e.Hold);
                break;
            case ScanEvent.HoldCleared e:
                _holds.Remove(e.Hold);
                if (e.Hold == "operator" && ++_resumes > twin.OperatorResumed)
                    twin.Fail("the operator's pause ended, and no operator ended it");
                break;
            case ScanEvent.SegmentOpened e:
                _paths[(e.Segment.Recorder, e.Segment.Number)] = e.Segment.Path;
                break;
            case ScanEvent.FramesCommitted e:
                Committed(e);
                break;
            case ScanEvent.Rewound e:
                break;
            case ScanEvent.FramesRejected e:
                if (e.Frames.Any(r => Frames(r).Any(_committed.Contains)))
                    twin.Fail($"invariant 2: committed frames among {string.Join(", ", e.Frames)} are rejected");
                break;
        }
    }

    private void Committed(ScanEvent.FramesCommitted e)
    {
        foreach (var frame in Frames(e.Frames))
        {
            if (!_committed.Add(frame))
                twin.Fail($"invariant 1: frame {frame} is committed a second time");
        }
        foreach (var extent in e.Extents)
        {
            if (!_paths.TryGetValue((extent.Recorder, extent.Segment), out var path))
            {
                twin.Fail($"invariant 2: {extent} points into a segment that was never opened");
                continue;
            }
            var store = twin.Disk.Stores[System.IO.Path.Combine(twin.ToMake.Folder.Path, path)];
            var rows = twin.Twin.RateOf(extent.Recorder).RowsOf(extent.Count);
            if (extent.Position < 0 || extent.Position + rows > store.Recorded)
                twin.Fail($"invariant 2: {extent} points past the {store.Recorded} frames that {path} has recorded");
        }
    }

    private static IEnumerable<long> Frames(FrameRange range)
    {
        for (var frame = range.First; frame < range.End; frame++)
            yield return frame;
    }

    private static string Text(ScanState s) => string.Join(" | ",
        s.Uid, s.Frames, s.Epoch, s.Status, s.Ending, s.LastTake, s.HighWater, s.OuterIndex, s.Rewinds, s.IsUnstaged,
        string.Join(",", s.Committed.Ranges), string.Join(",", s.Skipped.Ranges), string.Join(",", s.Holds.Select(h => h.Key)),
        string.Join(",", s.OpenTakes.Select(
            t => $"{t.Number}:{t.Frames}:{t.Triggered}:{t.SettledTo}:{string.Join("+", t.Rejected.Ranges)}")),
        string.Join(",", s.Segments.Select(g => $"{g.Segment.Path}:{g.Session}:{g.FirstTrigger}")),
        string.Join(",", s.BeamLosses.Select(l => $"{l.FromNs}-{l.ToNs}")));
}
