using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;

namespace Flyscan.Persistence.Catalogue;

/// <summary>What a run came to, for people and scripts: <c>summary.json</c>.</summary>
/// <remarks>Members in JSON: uid, status, frames, committed, superseded, takes, rewinds, duration_s, dead_time_s, handover_ms, files,
/// documents, master, error, superseded_ranges, skipped_ranges, lacking, rates, box_rounding. Frames are the scan's. Superseded:
/// frames in files that are in no committed extent. Files: relative to the run's folder.</remarks>
public sealed record RunSummary(
    string Uid,
    string Status,
    long Frames,
    long Committed,
    long Superseded,
    int Takes,
    int Rewinds,
    double DurationS,
    SortedDictionary<string, double> DeadTimeS,
    HandoverTimes HandoverMs,
    IReadOnlyList<string> Files,
    string Documents,
    string Master,
    string? Error)
{
    /// <summary>Frames that were exposed and not kept, in the order in which that was found.</summary>
    public IReadOnlyList<SupersededFrames> SupersededRanges { get; init; } = [];

    /// <summary>Frames that were given up, and by whom.</summary>
    public IReadOnlyList<SkippedFrames> SkippedRanges { get; init; } = [];

    /// <summary>Committed frames that each recorder lacks, where it lacks any: it may, by the beamline file.</summary>
    public SortedDictionary<string, long> Lacking { get; init; } = [];

    /// <summary>Detectors that do not take one frame for each of the scan.</summary>
    public SortedDictionary<string, OwnRate> Rates { get; init; } = [];

    /// <summary>What the trigger box's registers held other than asked for.</summary>
    public IReadOnlyList<string> BoxRounding { get; init; } = [];

    private static readonly RunSummaryJson Json = new(new JsonSerializerOptions
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
    });

    /// <summary>The summary of a run from its journal and what else is known of it.</summary>
    /// <remarks><b>Errors</b> <see cref="ArgumentException"/> where the first event is not its submission.</remarks>
    public static RunSummary From(IReadOnlyList<ScanEvent> events, RunFacts facts)
    {
        if (events is not [ScanEvent.ScanSubmitted submitted, ..])
            throw new ArgumentException("A summary needs all events of a run, from its submission on.", nameof(events));
        var finished = events.OfType<ScanEvent.Finished>().LastOrDefault();
        var deadTime = DeadTime.Of(events);
        var committed = events.OfType<ScanEvent.FramesCommitted>().Sum(c => c.Frames.Count);
        var rates = new DetectorRates(submitted.Rates);
        var superseded = SupersededOf(events, rates);
        // A run that ended early flew a part of its plan, one that took frames again more than all of it.
        var flown = submitted.Frames > 0 ? (double)(committed + superseded) / submitted.Frames : 0;
        foreach (var (cause, ns) in facts.PlannedDeadTimeNs)
            deadTime[cause] = deadTime.GetValueOrDefault(cause) + (long)(ns * flown);
        return new RunSummary(
            submitted.Uid,
            finished?.Status.ToString().ToLowerInvariant() ?? "unfinished",
            submitted.Frames,
            committed,
            superseded,
            events.OfType<ScanEvent.HandedOver>().Select(h => h.Take).Distinct().Count(),
            events.OfType<ScanEvent.Rewound>().Count(),
            ((finished ?? events[^1]).AtNs - submitted.AtNs) / 1e9,
            new SortedDictionary<string, double>(deadTime.ToDictionary(d => d.Key, d => d.Value / 1e9), StringComparer.Ordinal),
            HandoverTimes.Of(facts.HandoverNs.Count > 0 ? [.. facts.HandoverNs] : HandoversOf(events)),
            [.. events.OfType<ScanEvent.SegmentOpened>().Select(s => s.Segment.Path).Distinct()],
            facts.Documents,
            facts.Master,
            finished is null or { Status: ScanStatus.Finished } ? facts.Error : finished.Reason ?? facts.Error)
        {
            SupersededRanges = [.. events.OfType<ScanEvent.FramesRejected>()
                .SelectMany(e => e.Frames.Select(f => new SupersededFrames(f.First, f.End, e.Take, e.Cause)))],
            SkippedRanges = [.. events.OfType<ScanEvent.FramesSkipped>()
                .SelectMany(e => e.Frames.Select(f => new SkippedFrames(f.First, f.End, e.Who, e.Why)))],
            Lacking = LackingOf(events, committed),
            Rates = RatesOf(events, rates),
            BoxRounding = [.. facts.BoxRounding],
        };
    }

    /// <summary>The file's text.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json.RunSummary) + "\n";

    /// <summary>Writes the file so that a reader finds the old one or the new one, never a part.</summary>
    public void Write(string path)
    {
        var temporary = path + ".new";
        using (var file = new FileStream(temporary, FileMode.Create, FileAccess.Write, FileShare.None))
        {
            file.Write(System.Text.Encoding.UTF8.GetBytes(ToJson()));
            file.Flush(flushToDisk: true);
        }
        File.Move(temporary, path, overwrite: true);
    }

    /// <summary>Reads a file that <see cref="Write"/> made.</summary>
    /// <remarks><b>Errors</b> <see cref="InvalidDataException"/> naming the file.</remarks>
    public static RunSummary Read(string path)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(path), Json.RunSummary)
                ?? throw new InvalidDataException($"{path} is no run summary but null.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException($"{path} is no run summary: {e.Message}", e);
        }
    }

    private static SortedDictionary<string, long> LackingOf(IReadOnlyList<ScanEvent> events, long committed)
    {
        var has = events.OfType<ScanEvent.FramesCommitted>().SelectMany(c => c.Extents).ToLookup(e => e.Recorder, e => e.Count);
        var recorders = events.OfType<ScanEvent.SegmentOpened>().Select(s => s.Segment.Recorder).Distinct();
        return new SortedDictionary<string, long>(
            recorders.Where(r => has[r].Sum() < committed).ToDictionary(r => r, r => committed - has[r].Sum()), StringComparer.Ordinal);
    }

    /// <summary>From the files' final counts where they were closed; before that, from what the box has triggered.</summary>
    private static long SupersededOf(IReadOnlyList<ScanEvent> events, DetectorRates rates)
    {
        var extents = events.OfType<ScanEvent.FramesCommitted>().SelectMany(c => c.Extents)
            .GroupBy(e => e.Recorder).ToDictionary(g => g.Key, g => g.Sum(e => e.Count));
        if (events.OfType<ScanEvent.Unstaged>().LastOrDefault() is { Segments.Count: > 0 } unstaged)
            return Math.Max(0, unstaged.Segments.GroupBy(s => s.Recorder).Max(g => rates.Of(g.Key) is var rate
                ? rate.FrameFrom(g.Sum(s => s.Frames) - rate.Of(extents.GetValueOrDefault(g.Key)))
                : 0));
        var triggered = events.OfType<ScanEvent.TookBack>().Sum(t => t.Triggered);
        return Math.Max(0, triggered - events.OfType<ScanEvent.FramesCommitted>().Sum(c => c.Frames.Count));
    }

    private static SortedDictionary<string, OwnRate> RatesOf(IReadOnlyList<ScanEvent> events, DetectorRates rates)
    {
        var committed = events.OfType<ScanEvent.FramesCommitted>().SelectMany(c => c.Extents).ToLookup(e => e.Recorder, e => e.Count);
        return new SortedDictionary<string, OwnRate>(
            rates.Rated.ToDictionary(r => r.Detector, r => new OwnRate(r.Rate.ToString(), r.Rate.Of(committed[r.Detector].Sum()))),
            StringComparer.Ordinal);
    }

    private static long[] HandoversOf(IReadOnlyList<ScanEvent> events) =>
    [
        .. from started in events.OfType<ScanEvent.FlightStarted>()
           join handed in events.OfType<ScanEvent.HandedOver>() on started.Take equals handed.Take
           select started.AtNs - handed.AtNs,
    ];
}

/// <summary>Frames [First, End) of a take that are in files and in no committed extent, or that were never recorded.</summary>
public sealed record SupersededFrames(long First, long End, int Take, string Cause);

/// <summary>Frames [First, End) that nobody takes again.</summary>
public sealed record SkippedFrames(long First, long End, string Who, string Why);

/// <summary>A detector's rate, as <c>3</c> or <c>1/4</c> times the scan's, and frames of its own that are committed.</summary>
public sealed record OwnRate(string Rate, long Committed);

[JsonSerializable(typeof(RunSummary))]
internal sealed partial class RunSummaryJson : JsonSerializerContext;
