using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Journal;

namespace Flyscan.Host.Cli;

/// <summary>What <c>--json</c> says of a run: the same members however it went.</summary>
/// <remarks>What is not known is null, where it is one thing, and 0 or empty, where it is counted: a refused run has no uid and no frames.
/// Files: relative to the run's folder; Documents and Master: absolute, null while there is no such file.</remarks>
internal sealed record RunReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    public string? Uid { get; init; }

    public required string Status { get; init; }

    public long Frames { get; init; }

    public long Committed { get; init; }

    public long Superseded { get; init; }

    public int Takes { get; init; }

    public int Rewinds { get; init; }

    public double DurationS { get; init; }

    public IReadOnlyDictionary<string, double> DeadTimeS { get; init; } = new SortedDictionary<string, double>();

    public HandoverTimes HandoverMs { get; init; } = new(null, null, null);

    public IReadOnlyList<string> Files { get; init; } = [];

    public string? Documents { get; init; }

    public string? Master { get; init; }

    public string? Error { get; init; }

    /// <summary>The planner's reasons, where it was the planner that refused.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PlanReason>? Problems { get; init; }
    public IReadOnlyList<SupersededFrames> SupersededRanges { get; init; } = [];

    public IReadOnlyList<SkippedFrames> SkippedRanges { get; init; } = [];

    /// <summary>Committed frames that each recorder lacks.</summary>
    public IReadOnlyDictionary<string, long> Lacking { get; init; } = new SortedDictionary<string, long>();

    /// <summary>Detectors that do not take one frame for each of the scan.</summary>
    public IReadOnlyDictionary<string, OwnRate> Rates { get; init; } = new SortedDictionary<string, OwnRate>();

    /// <summary>What the trigger box's registers held other than asked for.</summary>
    public IReadOnlyList<string> BoxRounding { get; init; } = [];

    public static RunReport Of(RunSummary summary) => new()
    {
        Uid = summary.Uid,
        Status = summary.Status,
        Frames = summary.Frames,
        Committed = summary.Committed,
        Superseded = summary.Superseded,
        Takes = summary.Takes,
        Rewinds = summary.Rewinds,
        DurationS = summary.DurationS,
        DeadTimeS = summary.DeadTimeS,
        HandoverMs = summary.HandoverMs,
        Files = summary.Files,
        Documents = Existing(summary.Documents),
        Master = Existing(summary.Master),
        Error = summary.Error,
        SupersededRanges = summary.SupersededRanges,
        SkippedRanges = summary.SkippedRanges,
        Lacking = summary.Lacking,
        Rates = summary.Rates,
        BoxRounding = summary.BoxRounding,
    };

    /// <summary>A run that has no summary yet, as far as its journal tells; as little as its name where that cannot be read.</summary>
    public static RunReport SoFar(string dataFolder, string uid, RunFolder folder, string status, string? error)
    {
        try
        {
            var entries = JournalReader.ReadScan(RunFolder.JournalOf(dataFolder), uid);
            var summary = RunSummary.From([.. entries.Select(e => e.Event)], new RunFacts(folder.Documents, folder.Master));
            return Of(summary) with { Status = status, Error = error };
        }
        catch (JournalException)
        {
            return new RunReport { Uid = uid, Status = status, Error = error };
        }
    }

    /// <summary>The report as one line.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, Json);

    private static string? Existing(string file) => File.Exists(file) ? file : null;
}
