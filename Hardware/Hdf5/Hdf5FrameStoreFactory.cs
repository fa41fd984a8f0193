using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5.Native;

namespace Flyscan.Hardware.Hdf5;

/// <summary>Opens segments as HDF5 files in SWMR mode.</summary>
public sealed class Hdf5FrameStoreFactory : IFrameStoreFactory
{
    /// <summary>Where the count of recorded frames stands in a segment: written after the frames it counts.</summary>
    public const string RecordedPath = "/entry/frames_recorded";

    private const long LargestChunk = uint.MaxValue;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">The segment's description is wrong.</exception>
    public async Task<IFrameStore> CreateAsync(SegmentSpec segment, CancellationToken cancel)
    {
        Validate(segment);
        return await HdfThread.Shared.RunAsync(() => Create(segment), cancel);
    }

    private static Hdf5FrameStore Create(SegmentSpec segment)
    {
        var file = HdfWriting.CreateFile(segment.Path);
        try
        {
            return Hdf5FrameStore.Start(segment, file.Value);
        }
        catch
        {
            // Nothing has been recorded in it, so that the half-made file is removed rather than left to block its number.
            file.Dispose();
            File.Delete(segment.Path);
            throw;
        }
    }

    private static void Validate(SegmentSpec segment)
    {
        if (segment.Datasets.Count == 0)
            throw new ArgumentException($"{segment.Path}: a segment needs at least one dataset");
        var paths = new SortedSet<string>(StringComparer.Ordinal) { RecordedPath };
        foreach (var dataset in segment.Datasets)
        {
            HdfTypes.Validate(dataset.NumpyType);
            if (dataset.Path.Length < 2 || dataset.Path[0] != '/' || dataset.Path.EndsWith('/'))
                throw new ArgumentException($"{segment.Path}: dataset path '{dataset.Path}' must be absolute, such as /entry/data/x");
            if (!paths.Add(dataset.Path))
                throw new ArgumentException($"{segment.Path}: dataset path '{dataset.Path}' is taken already");
            if (dataset.ChunkFrames < 1 || dataset.FrameShape.Any(n => n < 1))
                throw new ArgumentException(
                    $"{segment.Path}{dataset.Path}: ChunkFrames is {dataset.ChunkFrames}, FrameShape {dataset.FrameShape}; " +
                    "each must be ≥ 1");
            if (dataset.Packed && (dataset.NumpyType != "<i8" || dataset.FrameShape.Count > 0))
                throw new ArgumentException(
                    $"{segment.Path}{dataset.Path}: type '{dataset.NumpyType}' with FrameShape {dataset.FrameShape} cannot be packed; " +
                    "only '<i8' with one value a frame can");
            if (dataset.ChunkFrames > LargestChunk / dataset.FrameBytes)
                throw new ArgumentException(
                    $"{segment.Path}{dataset.Path}: a chunk of {dataset.ChunkFrames} frames of {dataset.FrameBytes} bytes exceeds " +
                    $"{LargestChunk} bytes; lower ChunkFrames");
        }
    }
}
