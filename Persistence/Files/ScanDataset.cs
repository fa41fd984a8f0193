using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Files;

/// <summary>One data key of the scan: its dataset in every segment of its recorder, and the frames committed.</summary>
/// <remarks>Frames of a recorder with a rate of its own are its places in <paramref name="Grid"/>: groups of the scan's where it is
/// slower.</remarks>
internal sealed record ScanDataset(
    string Recorder, SegmentDataset Dataset, IReadOnlyList<Segment> Segments, IReadOnlyList<Extent> Extents, RangeSet Committed,
    ScanGrid Grid)
{
    public string Key => Dataset.Key;

    public string? Unit => Dataset.Unit;

    /// <summary>Whether it has an NXdata group of its own.</summary>
    public bool IsSignal => !IsReadback && Dataset.Role is not ("timestamp" or "identity" or "frame-number");

    public bool IsReadback => Dataset.Role == "axis";

    /// <summary>Committed frames of the scan, those included that this recorder lacks.</summary>
    public long CommittedFrames => Committed.Count;

    /// <summary>Rows for those.</summary>
    public long CommittedRows => Committed.Count * Grid.PerPlace;

    /// <summary>Whether committed frames are not in this dataset.</summary>
    public bool HasHoles => Extents.Sum(extent => extent.Count) < Committed.Count;

    public IReadOnlyList<int> SegmentNumbers { get; } = [.. Segments.Select(segment => segment.Number)];

    /// <summary>Where it stands in the scan's shape.</summary>
    public string ViewPath => Dataset.Role switch
    {
        "axis" => $"/entry/readbacks/{Key}",
        "timestamp" => $"/entry/timestamps/{Key}",
        "identity" or "frame-number" => $"/entry/identity/{Key}",
        _ => $"/entry/{Key}/data",
    };

    /// <summary>Where its committed frames stand one after the other: what documents point at.</summary>
    public string CommittedPath => $"/entry/committed/{Recorder}/{Key}";

    /// <summary>The path of the dataset in a segment, which may differ between segments.</summary>
    public string PathIn(Segment segment) => segment.Datasets.First(dataset => dataset.Key == Key).Path;

    public IReadOnlyList<FrameMapping> LinearMappings() => VirtualMapping.Linear(Extents, SegmentNumbers, Committed, Grid.PerPlace);

    public VirtualDataset View(string path, EquatableArray<long> shape, IReadOnlyList<FrameMapping> mappings)
        => new(path, Dataset.NumpyType, shape, Dataset.FrameShape, [.. Segments.Select(SourceOf)], mappings);

    private VirtualSource SourceOf(Segment segment)
    {
        var ends = Extents.Where(extent => extent.Segment == segment.Number)
            .Select(extent => extent.Position + extent.Count * Grid.PerPlace);
        return new VirtualSource(segment.Path, PathIn(segment), ends.DefaultIfEmpty(1).Max());
    }
}

/// <summary>The data keys of a scan.</summary>
internal static class ScanDatasets
{
    private static readonly string[] Reserved =
        ["setpoints", "readbacks", "timestamps", "identity", "committed", "recorded", "provenance", "metadata", "mask", "title",
            "entry_identifier", "start_time", "end_time", "status"];

    /// <exception cref="ArgumentException">The content contradicts itself.</exception>
    public static IReadOnlyList<ScanDataset> Of(MasterFileContent content)
    {
        content.Grid.Validate();
        var keys = new SortedSet<string>(Reserved, StringComparer.Ordinal);
        var datasets = new List<ScanDataset>();
        var committed = RangeSet.Of(content.Committed.Where(e => e.Count > 0).Select(e => new FrameRange(e.Frame, e.Frame + e.Count)));
        foreach (var recorder in content.Segments.GroupBy(segment => segment.Recorder))
        {
            Segment[] segments = [.. recorder.OrderBy(segment => segment.Number)];
            var rate = content.Rates.Of(recorder.Key);
            var grid = content.Grid.At(rate);
            var own = content.Committed.Where(e => e.Recorder == recorder.Key).Select(e => Own(e, rate));
            var extents = VirtualMapping.Merge(own, recorder.Key, grid.Frames, grid.PerPlace);
            var places = RangeSet.Of(committed.Ranges.Select(r => new FrameRange(r.First / rate.Divide, r.End / rate.Divide)));
            foreach (var dataset in segments[0].Datasets)
            {
                var isTaken = dataset.Role == "axis" && dataset.Key is ("data" or "index");
                if (dataset.Key.Contains('/') || isTaken || !keys.Add(dataset.Key))
                    throw new ArgumentException($"data key '{dataset.Key}' of {recorder.Key} is reserved, used twice, or holds a slash");
                foreach (var segment in segments)
                    RequireSame(dataset, segment);
                datasets.Add(new ScanDataset(recorder.Key, dataset, segments, extents, places, grid));
            }
        }

        if (content.Committed.FirstOrDefault(extent => content.Segments.All(segment => segment.Recorder != extent.Recorder)) is { } stray)
            throw new ArgumentException($"{stray} is of a recorder that has no segment");
        foreach (var axis in content.Axes)
            RequireFits(axis, content.Grid);
        return datasets;
    }

    /// <summary>The extent in places of its recorder.</summary>
    private static Extent Own(Extent extent, DetectorRate rate) =>
        extent.Frame % rate.Divide == 0 && extent.Count % rate.Divide == 0
            ? extent with { Frame = extent.Frame / rate.Divide, Count = extent.Count / rate.Divide }
            : throw new ArgumentException($"{extent} holds no whole groups of {rate.Divide} frames, as {extent.Recorder} takes them");

    private static void RequireSame(SegmentDataset dataset, Segment segment)
    {
        var other = segment.Datasets.FirstOrDefault(candidate => candidate.Key == dataset.Key);
        if (other is null || other.NumpyType != dataset.NumpyType || other.FrameShape != dataset.FrameShape)
            throw new ArgumentException(
                $"{segment.Path}: dataset '{dataset.Key}' is {other}, but {dataset} in the recorder's first segment: " +
                "type and shape must agree");
    }

    private static void RequireFits(SetpointAxis axis, ScanGrid grid)
    {
        if (axis.Dimension < 0 || axis.Dimension >= grid.Shape.Count || axis.Values.Count != grid.Shape[axis.Dimension])
            throw new ArgumentException(
                $"axis {axis.Axis} has {axis.Values.Count} setpoints along dimension {axis.Dimension}; the scan's shape is {grid.Shape}");
    }
}
