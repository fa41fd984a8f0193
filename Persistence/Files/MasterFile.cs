using System.Runtime.InteropServices;
using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Files;

/// <summary>Writes the NeXus master file of a run: the scan's own shape over segments that stand in other files.</summary>
/// <remarks>Written under a temporary name, synced, renamed: readers see the old file or the new one. While segments are written, open it
/// for SWMR reading, which the library passes on to them; a segment that cannot be opened reads as fill values.
/// <b>Errors</b> <see cref="ArgumentException"/>: the content contradicts itself; <see cref="IOException"/>: from the file
/// system.</remarks>
public sealed class MasterFile(SegmentReader reader)
{
    /// <summary>The file's name in the run folder.</summary>
    public const string Name = "master.nxs";

    /// <summary>Writes the file, replacing an earlier one.</summary>
    public async Task<MasterFileSummary> WriteAsync(MasterFileContent content, CancellationToken cancel)
    {
        var datasets = ScanDatasets.Of(content);
        var path = Path.Combine(content.RunFolder, Name);
        await using var file = await HdfFile.CreateAsync(path, cancel);
        await WriteEntryAsync(file, content, datasets, cancel);
        await WriteSetpointsAsync(file, content, cancel);
        var views = new List<DatasetView>();
        foreach (var dataset in datasets)
            views.Add(await WriteViewAsync(file, content, dataset, cancel));
        foreach (var dataset in content.Recorded.Count > 0 ? datasets : [])
            await file.VirtualAsync(RecordedView.Of(dataset, content.Recorded, content.Rates.Of(dataset.Recorder)), cancel);
        foreach (var dataset in datasets.Where(dataset => dataset.IsSignal))
            await new NexusData(file, content, datasets, views).WriteAsync(dataset, cancel);
        await WriteMaskAsync(file, content, datasets, cancel);
        await new Provenance(file, content).WriteAsync(cancel);
        await file.PublishAsync(cancel);
        return new MasterFileSummary(path, views.ToEquatableArray());
    }

    private static async Task WriteEntryAsync(
        HdfFile file, MasterFileContent content, IReadOnlyList<ScanDataset> datasets, CancellationToken cancel)
    {
        await file.AttributeAsync("/", "NX_class", "NXroot", cancel);
        await file.AttributeAsync("/", "default", "entry", cancel);
        await file.GroupAsync("/entry", "NXentry", cancel);
        foreach (var group in (string[])["setpoints", "readbacks", "timestamps", "identity", "committed", "provenance", "metadata"])
            await file.GroupAsync($"/entry/{group}", "NXcollection", cancel);
        var recorders = datasets.Select(dataset => dataset.Recorder).Distinct().ToList();
        foreach (var recorder in recorders)
            await file.GroupAsync($"/entry/committed/{recorder}", "NXcollection", cancel);
        if (content.Recorded.Count > 0)
            await file.GroupAsync("/entry/recorded", "NXcollection", cancel);
        foreach (var recorder in content.Recorded.Count > 0 ? recorders : [])
            await file.GroupAsync($"/entry/recorded/{recorder}", "NXcollection", cancel);
        if (datasets.FirstOrDefault(dataset => dataset.IsSignal) is { } signal)
            await file.AttributeAsync("/entry", "default", signal.Key, cancel);
        await file.WriteTextAsync("/entry/title", content.Title, cancel);
        await file.WriteTextAsync("/entry/entry_identifier", content.Uid, cancel);
        await file.WriteTextAsync("/entry/start_time", content.StartTime, cancel);
        if (content.EndTime is { } end)
            await file.WriteTextAsync("/entry/end_time", end, cancel);
        await file.WriteTextAsync("/entry/status", content.Status, cancel);
        foreach (var item in content.Metadata.DistinctBy(item => NameOf(item.Name)))
            await file.WriteTextAsync($"/entry/metadata/{NameOf(item.Name)}", item.Value, cancel);
    }

    // A user's key may hold what a path may not.
    private static string NameOf(string key) => key.Trim() is "" or "." ? "unnamed" : key.Replace('/', ':').Replace('\0', ' ');

    private static async Task WriteSetpointsAsync(HdfFile file, MasterFileContent content, CancellationToken cancel)
    {
        foreach (var axis in content.Axes)
        {
            var path = $"/entry/setpoints/{axis.Axis}";
            var values = MemoryMarshal.AsBytes(axis.Values.AsSpan()).ToArray();
            await file.WriteAsync(path, "<f8", values, [axis.Values.Count], cancel);
            await file.AttributeAsync(path, "dimension", axis.Dimension, cancel);
            if (axis.Unit is { } unit)
                await file.AttributeAsync(path, "units", unit, cancel);
        }
    }

    private async Task<DatasetView> WriteViewAsync(HdfFile file, MasterFileContent content, ScanDataset dataset, CancellationToken cancel)
    {
        if (dataset.IsSignal)
            await file.GroupAsync($"/entry/{dataset.Key}", "NXdata", cancel);
        var grid = dataset.Grid;
        var linear = dataset.View(dataset.CommittedPath, [dataset.CommittedRows], dataset.LinearMappings());
        await file.VirtualAsync(linear, cancel);
        var plan = VirtualMapping.InShape(grid, dataset.Extents, dataset.SegmentNumbers, content.MappingBudget);
        var unmapped = ScatteredCopy.Fits(dataset) ? ViewKind.Copied : ViewKind.Indexed;
        var kind = plan.Mappings is not null ? ViewKind.Mapped : unmapped;
        if (plan.Mappings is { } mappings)
            await file.VirtualAsync(dataset.View(dataset.ViewPath, grid.RowShape, mappings), cancel);
        else if (kind == ViewKind.Copied)
            await new ScatteredCopy(reader, content).WriteAsync(file, dataset, cancel);
        else
            await file.VirtualAsync(linear with { Path = dataset.ViewPath }, cancel);
        if (kind == ViewKind.Indexed)
            await WriteIndexAsync(file, grid, dataset, cancel);
        if (dataset.Unit is { } unit)
            await file.AttributeAsync(dataset.ViewPath, "units", unit, cancel);
        await WriteRateAsync(file, dataset.ViewPath, content.Rates.Of(dataset.Recorder), cancel);
        return new DatasetView(dataset.Key, kind, plan.Count);
    }

    /// <summary>Said only where it is not one row for each frame.</summary>
    private static async Task WriteRateAsync(HdfFile file, string path, DetectorRate rate, CancellationToken cancel)
    {
        if (rate.Multiple > 1)
            await file.AttributeAsync(path, "rows_per_frame", rate.Multiple, cancel);
        if (rate.Divide > 1)
            await file.AttributeAsync(path, "frames_per_row", rate.Divide, cancel);
    }

    private static Task WriteIndexAsync(HdfFile file, ScanGrid grid, ScanDataset dataset, CancellationToken cancel)
    {
        var index = new long[grid.Frames];
        Array.Fill(index, -1);
        foreach (var mapping in dataset.Extents.Zip(dataset.LinearMappings()))
            for (var frame = 0L; frame < mapping.First.Count; frame++)
                index[grid.PlaceOf(mapping.First.Frame + frame)] = mapping.Second.Target[0].Start + frame * grid.PerPlace;
        var path = dataset.IsSignal ? $"/entry/{dataset.Key}/index" : $"{dataset.ViewPath}_index";
        return file.WriteAsync(path, "<i8", MemoryMarshal.AsBytes<long>(index).ToArray(), grid.Shape, cancel);
    }

    private static async Task WriteMaskAsync(
        HdfFile file, MasterFileContent content, IReadOnlyList<ScanDataset> datasets, CancellationToken cancel)
    {
        await WriteAsync(
            "/entry/mask", content.Grid, RangeSet.Of(content.Committed.Select(Frames)),
            "1 where a frame is not committed: missing, rejected or skipped");
        foreach (var signal in datasets.Where(dataset => dataset.IsSignal && dataset.HasHoles))
            await WriteAsync(
                $"/entry/{signal.Key}/mask", signal.Grid, RangeSet.Of(signal.Extents.Select(Frames)),
                "1 where this detector has no frame: not committed, or committed without it");

        static FrameRange Frames(Extent extent) => new(extent.Frame, extent.Frame + extent.Count);

        async Task WriteAsync(string path, ScanGrid grid, RangeSet shown, string description)
        {
            var missing = new byte[grid.Frames];
            foreach (var hole in RangeSet.Of(new FrameRange(0, missing.Length)).Subtract(shown.Ranges).Ranges)
                for (var frame = hole.First; frame < hole.End; frame++)
                    missing[grid.PlaceOf(frame)] = 1;
            await file.WriteAsync(path, "|u1", missing, grid.Shape, cancel);
            await file.AttributeAsync(path, "description", description, cancel);
        }
    }
}
