using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Contracts;

/// <summary>One dataset of a new segment.</summary>
/// <remarks><b>Shapes</b> the dataset is [frames, FrameShape…], unlimited in frames, C order, little endian. NumpyType: <c>&lt;u2</c>,
/// <c>&lt;f8</c>, … Packed: 64-bit integers of one value a frame that lie near each other are stored in fewer bytes, without loss, where
/// the store can; who reads them sees no difference.</remarks>
public sealed record DatasetSpec(
    string Path,
    string NumpyType,
    EquatableArray<long> FrameShape,
    int ChunkFrames,
    string? Unit = null,
    string? Description = null,
    bool Packed = false)
{
    /// <summary>Bytes of one frame.</summary>
    public long FrameBytes => FrameShape.Aggregate((long)(NumpyType[^1] - '0'), (bytes, n) => bytes * n);
}

/// <summary>A segment to be made: the file must not exist yet.</summary>
public sealed record SegmentSpec(string Path, EquatableArray<DatasetSpec> Datasets, EquatableArray<SegmentAttribute> Attributes);

public sealed record SegmentAttribute(string Name, string Value);

/// <summary>Opens segments.</summary>
public interface IFrameStoreFactory
{
    /// <summary>Creates the file with all its datasets, in SWMR mode, readable at once.
    /// Errors: <see cref="IOException"/> naming path and cause: exists already, no such folder, disk full, no permission.</summary>
    Task<IFrameStore> CreateAsync(SegmentSpec segment, CancellationToken cancel);
}

/// <summary>The one writer of one segment.</summary>
public interface IFrameStore : IAsyncDisposable
{
    SegmentSpec Segment { get; }

    /// <summary>Frames given to the library.</summary>
    long Written { get; }

    /// <summary>Frames known to be on disk and readable by others.</summary>
    long Recorded { get; }

    /// <summary>Appends the same number of frames to every dataset.</summary>
    /// <remarks><b>Shapes</b> columns[d]: frames × FrameBytes of dataset d, C order; may be reused when the task completes.
    /// Calls may overlap; they are done in their order.
    /// <b>Errors</b> <see cref="IOException"/> naming path and cause (disk full); what was recorded stays readable.</remarks>
    Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> columns, int frames, CancellationToken cancel);

    /// <summary>Frames [first, first + count) of a dataset of 64-bit integers, among those written.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming path, dataset and cause.</remarks>
    Task<long[]> ReadIntegersAsync(string dataset, long first, long count, CancellationToken cancel);

    /// <summary>Frames [first, first + count) of a dataset of numbers, one a frame, among those written.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming path, dataset and cause.</remarks>
    Task<double[]> ReadNumbersAsync(string dataset, long first, long count, CancellationToken cancel) =>
        Task.FromException<double[]>(new IOException($"{Segment.Path}: {dataset} cannot be read back"));

    /// <summary>Flushes to readers, and with <paramref name="sync"/> to the disk (fdatasync); returns the frames recorded.</summary>
    Task<long> FlushAsync(bool sync, CancellationToken cancel);

    /// <summary>Flushes, syncs, closes. The file is then an ordinary closed HDF5 file. Returns the frames in it.</summary>
    Task<long> CloseAsync(CancellationToken cancel);
}
