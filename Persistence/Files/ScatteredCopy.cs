using Flyscan.Hardware.Hdf5;

namespace Flyscan.Persistence.Files;

/// <summary>Copies a dataset of scalars into the scan's shape, where mapping it would take too many mappings.</summary>
internal sealed class ScatteredCopy(SegmentReader reader, MasterFileContent content)
{
    private const long LargestCopy = 1L << 30;
    private const long FramesPerRead = 1 << 20;

    /// <summary>Whether it is scalar and its copy can be held in memory.</summary>
    public static bool Fits(ScanDataset dataset)
        => dataset.Dataset.FrameShape.Count == 0 && dataset.Grid.Frames <= LargestCopy / SizeOf(dataset);

    public async Task WriteAsync(HdfFile file, ScanDataset dataset, CancellationToken cancel)
    {
        var size = SizeOf(dataset);
        var values = new byte[dataset.Grid.Frames * size];
        Fill(values, dataset.Dataset.NumpyType);
        foreach (var extent in dataset.Extents)
        {
            var segment = dataset.Segments[VirtualMapping.IndexOf(dataset.SegmentNumbers, extent.Segment)];
            var source = Path.Combine(content.RunFolder, segment.Path);
            for (long done = 0; done < extent.Count; done += FramesPerRead)
            {
                var count = Math.Min(FramesPerRead, extent.Count - done);
                var read = await reader.ReadAsync(
                    source, dataset.PathIn(segment), dataset.Dataset.NumpyType, extent.Position + done * dataset.Grid.PerPlace,
                    count * dataset.Grid.PerPlace, cancel);
                for (var i = 0; i < count; i++)
                    read.AsSpan(i * size, size).CopyTo(values.AsSpan((int)dataset.Grid.PlaceOf(extent.Frame + done + i) * size, size));
            }
        }

        await file.WriteAsync(dataset.ViewPath, dataset.Dataset.NumpyType, values, dataset.Grid.RowShape, cancel);
    }

    /// <summary>Bytes at each place.</summary>
    private static int SizeOf(ScanDataset dataset) => (dataset.Dataset.NumpyType[^1] - '0') * (int)dataset.Grid.PerPlace;

    /// <summary>The fill values that a virtual dataset of the type has.</summary>
    private static void Fill(byte[] values, string numpyType)
    {
        byte[] missing = numpyType[1..] switch
        {
            "f4" => BitConverter.GetBytes(float.NaN),
            "f8" => BitConverter.GetBytes(double.NaN),
            ['i', ..] => [0xFF],
            _ => [0],
        };
        for (var i = 0; i < values.Length; i++)
            values[i] = missing[i % missing.Length];
    }
}
