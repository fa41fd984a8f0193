using System.Collections.Immutable;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;

namespace Flyscan.Persistence.Documents;

/// <summary>How far the documents of a run have come; made only by <see cref="DocumentProjection"/>.</summary>
public sealed record DocumentState
{
    /// <summary>Before the first event.</summary>
    public static readonly DocumentState Empty = new();

    /// <summary>The last event that was projected; 0 before the first.</summary>
    public long Sequence { get; internal init; }

    /// <summary>Frames that documents have reported, each as often as it was: the next index of <c>primary</c>.</summary>
    public long Reported { get; internal init; }

    /// <summary>The stop document is out.</summary>
    public bool Stopped { get; internal init; }

    /// <summary>Scan frames before this one are reported, or skipped for good.</summary>
    internal long Next { get; init; }

    internal string Beamline { get; init; } = "";

    internal DetectorRates Rates { get; init; } = DetectorRates.AllBase;

    internal ImmutableArray<Segment> Recorders { get; init; } = [];

    /// <summary>Of all streams; empty until they are described.</summary>
    internal ImmutableArray<DataKey> Keys { get; init; } = [];

    internal FrameSet Waiting { get; init; } = FrameSet.Empty;

    internal FrameSet Skipped { get; init; } = FrameSet.Empty;

    internal int Ranges { get; init; }

    /// <summary>In mode <c>eager</c>: frames that were reported at least once.</summary>
    internal FrameSet Told { get; init; } = FrameSet.Empty;

    /// <summary>In mode <c>eager</c>: outer points that have their event.</summary>
    internal ImmutableSortedSet<long> OutersTold { get; init; } = [];

    internal bool OuterDescribed { get; init; }

    internal long OuterEvents { get; init; }

    internal long LastOuter { get; init; } = -1;

    internal ImmutableSortedDictionary<long, ScanEvent.OuterPointReached> Arrivals { get; init; } =
        ImmutableSortedDictionary<long, ScanEvent.OuterPointReached>.Empty;
}

/// <summary>One data key: a dataset of a recorder under the name that documents give it.</summary>
internal sealed record DataKey(string Name, string Recorder, SegmentDataset Dataset)
{
    /// <summary>The stream of everything that has a row, or several, for each frame of the scan.</summary>
    public const string Primary = "primary";

    /// <summary>The stream of outer points.</summary>
    public const string Outer = "outer";

    public required DetectorRate Rate { get; init; }

    /// <summary>One that takes a frame for several of the scan has a stream of its own.</summary>
    public string Stream => Rate.Divide == 1 ? Primary : Recorder is Primary or Outer ? $"{Recorder}-frames" : Recorder;

    /// <summary>Events of its stream for so many committed frames: whole groups of them.</summary>
    public long EventsIn(long frames) => frames / Rate.Divide;

    /// <summary>What the key belongs to in the descriptor: its axis, else its recorder.</summary>
    public string Object => Dataset.Role == "axis" && Dataset.Axis is { } axis ? axis : Recorder;

    /// <summary>Where the master file shows the committed frames of this dataset.</summary>
    public string CommittedPath => $"/entry/committed/{Recorder}/{Dataset.Key}";

    /// <summary>Where the master file shows what was told of this dataset in mode <c>eager</c>.</summary>
    public string RecordedPath => $"/entry/recorded/{Recorder}/{Dataset.Key}";

    /// <summary>Names of the datasets that a run's recorders show to readers, unique and in order.</summary>
    /// <remarks>The first readback of an axis has the axis's name, since the start document promised it. Others have their own key
    /// where no two share it, else <c>recorder-key</c>.</remarks>
    public static ImmutableArray<DataKey> Of(ImmutableArray<Segment> recorders, DetectorRates rates)
    {
        var shown = recorders.SelectMany(s => s.Datasets.Where(IsShown).Select(d => (s.Recorder, Dataset: d))).ToArray();
        var readbacks = shown.Where(d => d.Dataset is { Role: "axis", Axis: not null })
            .GroupBy(d => d.Dataset.Axis!).ToDictionary(g => g.Key, g => g.First());
        return [.. shown.Select(d => new DataKey(Name(d), d.Recorder, d.Dataset) { Rate = rates.Of(d.Recorder) })];

        string Name((string Recorder, SegmentDataset Dataset) d)
        {
            if (d.Dataset.Axis is { } axis && readbacks.TryGetValue(axis, out var first) && first == d)
                return axis;
            var isOwn = !readbacks.ContainsKey(d.Dataset.Key) && shown.Count(o => o.Dataset.Key == d.Dataset.Key) == 1;
            return isOwn ? d.Dataset.Key : $"{d.Recorder}-{d.Dataset.Key}";
        }
    }

    private static bool IsShown(SegmentDataset dataset) => dataset.Role is "detector" or "monitor" or "axis" or "timestamp";
}
