using System.Globalization;
using Flyscan.Hardware.Hdf5;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Documents;
using Flyscan.Persistence.Files;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Records;

/// <summary>A run's master file, documents and summary as projections of its journal: given the same events they are the same,
/// so that they can be made again at any time.</summary>
/// <remarks>Events are added in order by one caller; refreshes do not overlap. The master file is replaced before a document points
/// into it.</remarks>
public sealed class RunRecords(RunRecordsInput input, TimeProvider time)
{
    private static readonly TimeSpan ReadLimit = TimeSpan.FromSeconds(30);

    private readonly List<ScanEvent> _events = [];
    private readonly List<(long Sequence, ScanEvent Event)> _undocumented = [];
    private readonly DocumentProjection _projection = new(input.Description);
    private readonly MasterFile _master = new(new SegmentReader(time, ReadLimit));
    private DocumentState _documents = DocumentState.Empty;
    private DocumentWriter? _writer;

    public string Uid => input.Description.Uid;

    /// <summary>Takes note of one more event.</summary>
    public void Add(long sequence, ScanEvent happened)
    {
        lock (_events)
        {
            _events.Add(happened);
            _undocumented.Add((sequence, happened));
        }
    }

    /// <summary>Brings master file and documents up to the events noted so far, and writes the summary where the scan has ended.</summary>
    /// <remarks><b>Units</b> handoverNs: software time of each handover as this process measured it; null while the scan runs.
    /// <b>Errors</b> <see cref="IOException"/>, <see cref="DocumentException"/>, <see cref="TimeoutException"/>.</remarks>
    public async Task RefreshAsync(IReadOnlyList<long>? handoverNs)
    {
        ScanEvent[] events;
        (long Sequence, ScanEvent Event)[] fresh;
        lock (_events)
        {
            events = [.. _events];
            fresh = [.. _undocumented];
        }
        if (events is not [ScanEvent.ScanSubmitted submitted, ..])
            return;
        await _master.WriteAsync(ContentOf(submitted, events), CancellationToken.None);
        Document(fresh);
        lock (_events)
            _undocumented.RemoveRange(0, fresh.Length);
        if (events[^1] is not ScanEvent.Finished)
            return;
        _writer?.Dispose();
        _writer = null;
        var facts = new RunFacts(input.Folder.Documents, input.Folder.Master)
        {
            HandoverNs = (handoverNs ?? []).ToEquatableArray(),
            PlannedDeadTimeNs = input.PlannedDeadTimeNs,
            BoxRounding = input.BoxRounding,
        };
        RunSummary.From(events, facts).Write(input.Folder.Summary);
    }

    private void Document((long Sequence, ScanEvent Event)[] fresh)
    {
        _writer ??= DocumentWriter.Open(input.Folder.Documents);
        foreach (var (sequence, happened) in fresh)
        {
            var (next, documents) = _projection.Project(_documents, sequence, happened);
            _writer.Append(documents);
            _documents = next;
        }
    }

    private MasterFileContent ContentOf(ScanEvent.ScanSubmitted submitted, ScanEvent[] events)
    {
        var finished = events[^1] as ScanEvent.Finished;
        var rates = new DetectorRates(submitted.Rates);
        return new MasterFileContent(
            input.Folder.Path, Uid, input.Title, input.Grid, Time(submitted.AtNs),
            finished?.Status.ToString().ToLowerInvariant() ?? "running")
        {
            Segments = events.OfType<ScanEvent.SegmentOpened>().Select(e => e.Segment).ToEquatableArray(),
            Recorded = input.Description.Mode == DocumentMode.Eager
                ? events.OfType<ScanEvent.FramesRecorded>().Select(e => new RecordedRange(e.Frames, e.Extents)).ToEquatableArray()
                : [],
            Committed = Merged(events.OfType<ScanEvent.FramesCommitted>().SelectMany(e => e.Extents), rates),
            Rates = rates,
            Axes = input.Axes,
            Metadata = input.Metadata,
            Superseded = events.OfType<ScanEvent.FramesRejected>()
                .SelectMany(e => e.Frames.Select(f => new SupersededRange(f, e.Cause))).ToEquatableArray(),
            EndTime = finished is null ? null : Time(finished.AtNs),
        };
    }

    /// <summary>Extents that continue each other as one: a scan without trouble has one for each recorder, however many
    /// takes it had.</summary>
    private static EquatableArray<Extent> Merged(IEnumerable<Extent> extents, DetectorRates rates)
    {
        var merged = new List<Extent>();
        foreach (var recorder in extents.GroupBy(e => e.Recorder).OrderBy(g => g.Key, StringComparer.Ordinal))
        {
            Extent? last = null;
            var rate = rates.Of(recorder.Key);
            foreach (var extent in recorder.OrderBy(e => e.Frame))
            {
                if (last is not null && last.Segment == extent.Segment && last.Frame + last.Count == extent.Frame
                    && last.Position + rate.Of(last.Count) == extent.Position)
                {
                    last = last with { Count = last.Count + extent.Count };
                    continue;
                }
                if (last is not null)
                    merged.Add(last);
                last = extent;
            }
            merged.Add(last!);
        }
        return merged.ToEquatableArray();
    }

    private static string Time(long ns) =>
        DateTimeOffset.UnixEpoch.AddTicks(ns / 100).ToString("yyyy-MM-ddTHH:mm:ss.ffffffzzz", CultureInfo.InvariantCulture);
}
