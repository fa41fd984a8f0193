using System.Collections.Immutable;
using System.Diagnostics;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Documents;

/// <summary>Event-model documents of a run, a pure fold over its journal: the same events give the same documents and ids.</summary>
/// <remarks>In mode <c>committed</c>, stream <c>primary</c> has committed frames in scan order, skipped ones left out, so that indices are
/// seq_nums − 1 and no range ever has to be taken back. A commit beyond a gap waits until the gap is filled, skipped, or the run ends.
/// A detector that takes several frames for each of the scan has them in one event; one that takes a frame for several has a stream of its
/// own, named as the detector. Stream <c>outer</c> has one event per outer point, at its first committed frame.
/// <b>Source</b> scan model, section 5; event-model 1.24.</remarks>
public sealed partial class DocumentProjection
{
    private readonly RunDescription _run;
    private readonly DocumentTexts _texts;

    /// <remarks><b>Errors</b> <see cref="DocumentException"/> where <see cref="RunMetadata.Problems"/> finds any.</remarks>
    public DocumentProjection(RunDescription run)
    {
        var problems = RunMetadata.Problems(run.MetadataJson);
        if (problems.Count > 0)
            throw new DocumentException(string.Join("; ", problems));
        if (!Path.IsPathFullyQualified(run.MasterPath))
            throw new DocumentException($"The master file's path '{run.MasterPath}' is relative; documents need the whole path.");
        if (run.FramesPerOuterPoint <= 0 && run.Axes.Any(a => a.IsOuter))
            throw new DocumentException($"An outer point has 1 or more frames; {run.FramesPerOuterPoint} are given.");
        _run = run;
        _texts = new DocumentTexts(run);
    }

    /// <summary>The documents that one event adds. An event that was projected before adds none.</summary>
    /// <remarks><b>Errors</b> <see cref="DocumentException"/>: an event is missing, a frame is committed twice or after it was passed over,
    /// an outer point has no arrival, a recorder changes what it records.</remarks>
    public (DocumentState State, ImmutableArray<Document> Documents) Project(DocumentState state, long sequence, ScanEvent scanEvent)
    {
        if (sequence <= state.Sequence || state.Stopped)
            return (state, []);
        if (sequence != state.Sequence + 1)
            throw new DocumentException($"Run {_run.Uid}: event {sequence} follows event {state.Sequence}; those between are missing.");
        var documents = ImmutableArray.CreateBuilder<Document>();
        var next = Apply(state with { Sequence = sequence }, scanEvent, documents);
        return (next, documents.ToImmutable());
    }

    /// <summary>All documents of a journal, or of its beginning.</summary>
    /// <remarks><b>Errors</b> as <see cref="Project"/>.</remarks>
    public (DocumentState State, ImmutableArray<Document> Documents) Replay(IEnumerable<JournalEntry> entries)
    {
        var state = DocumentState.Empty;
        var all = ImmutableArray.CreateBuilder<Document>();
        foreach (var entry in entries)
        {
            (state, var documents) = Project(state, entry.Sequence, entry.Event);
            all.AddRange(documents);
        }
        return (state, all.ToImmutable());
    }

    private DocumentState Apply(DocumentState state, ScanEvent scanEvent, ImmutableArray<Document>.Builder documents)
    {
        switch (scanEvent)
        {
            case ScanEvent.ScanSubmitted e:
                documents.Add(_texts.Start(e));
                return state with { Beamline = e.BeamlineName, Rates = new DetectorRates(e.Rates) };
            case ScanEvent.SegmentOpened e:
                return Open(state, e.Segment);
            case ScanEvent.OuterPointReached e:
                return state with { Arrivals = state.Arrivals.SetItem(e.OuterIndex, e) };
            case ScanEvent.Armed e:
                return Describe(state, e.AtNs, documents);
            case ScanEvent.FramesRecorded e when IsEager:
                return Tell(Describe(state, e.AtNs, documents), e.Frames, documents);
            case ScanEvent.FramesCommitted e when IsEager:
                return Told(state, e.Frames);
            case ScanEvent.FramesSkipped when IsEager:
                return state;
            case ScanEvent.FramesCommitted e:
                return Advance(Commit(Describe(state, e.AtNs, documents), e.Frames), documents);
            case ScanEvent.FramesSkipped e:
                return Advance(state with { Skipped = e.Frames.Aggregate(state.Skipped, (all, r) => all.Add(r)) }, documents);
            case ScanEvent.Finished e:
                return Stop(state, e, documents);
            case ScanEvent.SettingsFound or ScanEvent.FramesRecorded or ScanEvent.Staged or ScanEvent.ProgrammeDownloaded
                or ScanEvent.HandedOver or ScanEvent.FlightStarted or ScanEvent.TookBack or ScanEvent.BlockReconciled
                or ScanEvent.FramesRejected or ScanEvent.BeamLost or ScanEvent.BeamRestored
                or ScanEvent.HoldSet or ScanEvent.HoldCleared or ScanEvent.Rewound or ScanEvent.DeviceFaulted or ScanEvent.DeviceStalled
                or ScanEvent.SupervisorTookOver or ScanEvent.AbortRequested or ScanEvent.Unstaged:
                return state;
            default:
                throw new UnreachableException();
        }
    }

    private DocumentState Open(DocumentState state, Segment segment)
    {
        var known = state.Recorders.FirstOrDefault(s => s.Recorder == segment.Recorder);
        if (known is null && state.Keys.IsEmpty)
            return state with { Recorders = state.Recorders.Add(segment) };
        if (known is null)
            throw new DocumentException($"Run {_run.Uid}: {segment.Recorder} opened {segment.Path} after 'primary' was described.");
        if (!Layout(known).SequenceEqual(Layout(segment)))
            throw new DocumentException(
                $"Run {_run.Uid}: recorder {segment.Recorder} opened {segment.Path} with other datasets than {known.Path}; " +
                "one data key cannot hold both.");
        return state;
    }

    private static IEnumerable<(string Key, string Type, EquatableArray<long> Shape)> Layout(Segment segment) =>
        segment.Datasets.Select(d => (d.Key, d.NumpyType, d.FrameShape));

    /// <summary>When the first take is armed, every recorder has opened its segments.</summary>
    private DocumentState Describe(DocumentState state, long atNs, ImmutableArray<Document>.Builder documents)
    {
        if (state.Keys.IsEmpty)
        {
            state = state with { Keys = DataKey.Of(state.Recorders, state.Rates) };
            documents.AddRange(state.Keys.GroupBy(k => k.Stream).Select(keys => _texts.StreamDescriptor(keys.Key, [.. keys], state, atNs)));
        }
        if (state.OuterDescribed || !_run.Axes.Any(a => a.IsOuter))
            return state;
        documents.Add(_texts.OuterDescriptor(state, atNs));
        return state with { OuterDescribed = true };
    }

    private DocumentState Commit(DocumentState state, FrameRange frames)
    {
        if (frames.First < 0 || frames.End > _run.Frames)
            throw new DocumentException($"Run {_run.Uid}: event {state.Sequence} commits frames {frames} of a scan of {_run.Frames}.");
        if (frames.First < state.Next)
            throw new DocumentException(
                $"Run {_run.Uid}: event {state.Sequence} commits frames {frames}, " +
                $"but those before {state.Next} are committed or skipped already.");
        if (state.Waiting.Overlaps(frames))
            throw new DocumentException($"Run {_run.Uid}: event {state.Sequence} commits frames {frames} a second time.");
        return state with { Waiting = state.Waiting.Add(frames) };
    }

    /// <summary>Reports what now follows without a gap.</summary>
    private DocumentState Advance(DocumentState state, ImmutableArray<Document>.Builder documents)
    {
        var ready = FrameSet.Empty;
        var next = state.Next;
        while ((state.Waiting.From(next) ?? state.Skipped.From(next)) is { } range)
        {
            if (state.Waiting.From(next) is { } committed)
                ready = ready.Add(committed);
            next = range.End;
        }
        return Report(state, ready, next, documents);
    }

    private DocumentState Report(DocumentState state, FrameSet ready, long next, ImmutableArray<Document>.Builder documents)
    {
        var reported = state.Reported;
        foreach (var range in ready.Ranges)
        {
            state = ReportOuter(state, range, reported, documents);
            reported += range.Count;
        }
        state = state with { Next = next, Waiting = state.Waiting.Since(next), Skipped = state.Skipped.Since(next) };
        if (reported == state.Reported)
            return state;
        if (state.Reported == 0)
            documents.AddRange(state.Keys.Select(_texts.StreamResource));
        documents.AddRange(state.Keys.Select(key => _texts.StreamDatum(
            key, state.Ranges, new FrameRange(key.EventsIn(state.Reported), key.EventsIn(reported)), key.EventsIn(state.Reported))));
        return state with { Reported = reported, Ranges = state.Ranges + 1 };
    }

    private DocumentState ReportOuter(DocumentState state, FrameRange range, long index, ImmutableArray<Document>.Builder documents)
    {
        if (!state.OuterDescribed)
            return state;
        var perPoint = _run.FramesPerOuterPoint;
        for (var outer = Math.Max(state.LastOuter + 1, range.First / perPoint); outer * perPoint < range.End; outer++)
        {
            if (!state.Arrivals.TryGetValue(outer, out var arrival))
                throw new DocumentException($"Run {_run.Uid}: frames of outer point {outer} are committed, but no axis arrived there.");
            var first = index + Math.Max(0, outer * perPoint - range.First);
            documents.Add(_texts.OuterEvent(arrival, state.OuterEvents + 1, first + 1));
            state = state with { OuterEvents = state.OuterEvents + 1, LastOuter = outer, Arrivals = state.Arrivals.Remove(outer) };
        }
        return state;
    }

    /// <summary>What was committed beyond a gap is reported now: the gap will never be filled.</summary>
    private DocumentState Stop(DocumentState state, ScanEvent.Finished finished, ImmutableArray<Document>.Builder documents)
    {
        if (!IsEager)
            state = Report(state, state.Waiting, _run.Frames, documents);
        documents.Add(_texts.Stop(state, finished));
        return state with { Stopped = true };
    }
}
