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

        var axes = AxesPerDimension().Concat(signal.Dataset.FrameShape.Select(_ => ".")).ToArray();
        await file.AttributeAsync(group, "axes", axes, cancel);
        foreach (var axis in content.Axes)
        {
            var name = axis.Axis + SetpointSuffix;
            await file.LinkAsync($"/entry/setpoints/{axis.Axis}", $"{group}/{name}", cancel);
            await file.AttributeAsync(group, $"{name}_indices", axis.Dimension, cancel);
        }

        long[] indices = [.. Enumerable.Range(0, content.Grid.Shape.Count).Select(i => (long)i)];
        foreach (var readback in datasets.Where(dataset => dataset.IsReadback && KindOf(dataset) != ViewKind.Indexed))
        {
            await file.LinkAsync(readback.ViewPath, $"{group}/{readback.Key}", cancel);
            await file.AttributeAsync(group, $"{readback.Key}_indices", indices, cancel);
        }
    }

    private IEnumerable<string> AxesPerDimension()
        => Enumerable.Range(0, content.Grid.Shape.Count).Select(
            dimension => content.Axes.FirstOrDefault(axis => axis.Dimension == dimension) is { } axis ? axis.Axis + SetpointSuffix : ".");

    private ViewKind KindOf(ScanDataset dataset) => views.First(view => view.Key == dataset.Key).Kind;
}
