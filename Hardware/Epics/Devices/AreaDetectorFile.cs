using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>The datasets of a file that the HDF5 plugin writes.</summary>
internal static class AreaDetectorFile
{
    public const string DataPath = "/entry/data/data";
    public const string NumberPath = Attributes + "NDArrayUniqueId";
    public const string StampPath = Attributes + "NDArrayTimeStamp";

    /// <summary>Role of a dataset of the driver's own frame numbers: they say which frames were lost on the way into the file, not by
    /// themselves which trigger made a frame.</summary>
    public const string NumberRole = "frame-number";

    /// <summary>Bytes of a frame besides its image.</summary>
    public const int NumberBytes = 12;

    private const string Attributes = "/entry/instrument/NDAttributes/";

    // What the plugin gives datasets of attributes.
    private const int AttributeChunk = 16_384;

    public static EquatableArray<SegmentDataset> Datasets(string name, AreaDetectorSettings settings) =>
    [
        new SegmentDataset(name, DataPath, settings.Type, [settings.Height, settings.Width], null, "detector", null, 1),
        new SegmentDataset($"{name}_frame_number", NumberPath, "<i4", [], null, NumberRole, null, AttributeChunk),
        new SegmentDataset($"{name}_timestamp", StampPath, "<f8", [], "s", "timestamp", null, AttributeChunk),
    ];
}

/// <summary>Looks into files that an IOC writes meanwhile.</summary>
internal interface IWrittenFrames
{
    /// <summary>Frames that every dataset has; 0 where there is no file yet.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/>, <see cref="TimeoutException"/>.</remarks>
    Task<long> CountAsync(string path, CancellationToken cancel);

    /// <summary>The driver's numbers of frames [first, first + count).</summary>
    /// <remarks><b>Errors</b> as above.</remarks>
    Task<long[]> NumbersAsync(string path, long first, long count, CancellationToken cancel);

    bool Exists(string path);

    /// <summary>Brings to the disk what the IOC has written.</summary>
    Task SyncAsync(string path, CancellationToken cancel);
}

/// <summary>Reads beside the writer, by SWMR.</summary>
internal sealed class WrittenHdf5Frames(TimeProvider time) : IWrittenFrames
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly SegmentReader _reader = new(time, Limit);

    public async Task<long> CountAsync(string path, CancellationToken cancel) =>
        File.Exists(path) ? (await _reader.InspectAsync(path, [AreaDetectorFile.DataPath, AreaDetectorFile.NumberPath], cancel)).Frames : 0;

    public Task<long[]> NumbersAsync(string path, long first, long count, CancellationToken cancel) =>
        _reader.ReadIntegersAsync(path, AreaDetectorFile.NumberPath, first, count, cancel);

    public bool Exists(string path) => File.Exists(path);

    public Task SyncAsync(string path, CancellationToken cancel) => _reader.SyncAsync(path, cancel);
}
