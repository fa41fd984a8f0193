using Flyscan.Hardware.Hdf5;

namespace Flyscan.Persistence.Files;

/// <summary>Makes a signal's group plottable: signal, axes, readbacks beside it.</summary>
/// <remarks><b>Source</b> NeXus, NXdata: @signal, @axes with "." for dimensions without an axis, @AXISNAME_indices.</remarks>
internal sealed class NexusData(
    HdfFile file, MasterFileContent content, IReadOnlyList<ScanDataset> datasets, IReadOnlyList<DatasetView> views)
{
    private const string SetpointSuffix = "_set";

    public async Task WriteAsync(ScanDataset signal, CancellationToken cancel)
    {
        var group = $"/entry/{signal.Key}";
        await file.AttributeAsync(group, "signal", "data", cancel);
        if (KindOf(signal) == ViewKind.Indexed)
        {
            const string Description = "where each frame of the scan's shape stands in data; -1: nowhere";
            await file.AttributeAsync($"{group}/index", "description", Description, cancel);
            return;
        }

        var rest = signal.Dataset.FrameShape.Count + signal.Grid.RowShape.Count - signal.Grid.Shape.Count;
        var axes = AxesPerDimension(signal).Concat(Enumerable.Repeat(".", rest)).ToArray();
        await file.AttributeAsync(group, "axes", axes, cancel);
        foreach (var axis in content.Axes.Where(axis => HasDimension(signal, axis.Dimension)))
        {
            var name = axis.Axis + SetpointSuffix;
            await file.LinkAsync($"/entry/setpoints/{axis.Axis}", $"{group}/{name}", cancel);
            await file.AttributeAsync(group, $"{name}_indices", axis.Dimension, cancel);
        }

        long[] indices = [.. Enumerable.Range(0, signal.Grid.Shape.Count).Select(i => (long)i)];
        foreach (var readback in datasets.Where(
            dataset => dataset.IsReadback && KindOf(dataset) != ViewKind.Indexed && dataset.Grid.RowShape == signal.Grid.Shape))
        {
            await file.LinkAsync(readback.ViewPath, $"{group}/{readback.Key}", cancel);
            await file.AttributeAsync(group, $"{readback.Key}_indices", indices, cancel);
        }
    }

    private IEnumerable<string> AxesPerDimension(ScanDataset signal)
        => Enumerable.Range(0, signal.Grid.Shape.Count).Select(dimension =>
            HasDimension(signal, dimension) && content.Axes.FirstOrDefault(axis => axis.Dimension == dimension) is { } axis
                ? axis.Axis + SetpointSuffix
                : ".");

    /// <summary>A detector slower than the scan has fewer places along the fast dimensions, and no setpoints there.</summary>
    private bool HasDimension(ScanDataset signal, int dimension)
        => signal.Grid.Shape.Count == content.Grid.Shape.Count && signal.Grid.Shape[dimension] == content.Grid.Shape[dimension];

    private ViewKind KindOf(ScanDataset dataset) => views.First(view => view.Key == dataset.Key).Kind;
}
