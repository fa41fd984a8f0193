using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>The datasets of a file that a PandA's IOC writes: one at the root for each captured value, scaled.</summary>
/// <remarks><b>Source</b> PandABlocks-client: names and types of datasets, and how values are scaled.</remarks>
internal static class PandAIocFile
{
    /// <summary>What h5py chooses for a column of numbers that grows.</summary>
    private const int ChunkFrames = 1024;

    /// <summary>Refuses what the IOC would write wrongly.</summary>
    /// <remarks>It scales all values alike; a deviation is not to be had that way, and an offset does not belong to a difference.</remarks>
    public static void Check(PandAIocSettings placed, ISettings settings)
    {
        if (placed.Box.AxisCaptures.FirstOrDefault(o => o is "StdDev" or "Diff" or "Sum") is { } captured)
            throw settings.Error("axis-captures", $"an IOC does not scale {captured} as it must be; take some of Value Min Max Mean");
        foreach (var detector in placed.Box.Detectors)
        {
            var at = () => settings.Section("detectors").Section(detector.Name);
            if (detector.Options.Contains("StdDev"))
                throw at().Error("options", "an IOC does not scale StdDev as it must be; take some of Value Diff Sum Min Max Mean");
            if (IsDifference(detector) && placed.Box.Encoders.FirstOrDefault(e => $"{e.Input}.VAL" == detector.Capture) is { } encoder)
                throw at().Error(
                    "options",
                    $"an IOC adds the offset of axis {encoder.Axis} to Diff and Sum of {detector.Capture}; take some of Value Min Max "
                        + "Mean, or another input");
        }
        foreach (var counted in placed.Box.ExposureOuts)
            if (counted.Counter == placed.FrameCounter)
                throw settings.Error("frame-counter", $"{counted.Counter} counts the exposures of {counted.Detector}: give another block");
    }

    /// <summary>Its offset would be added to each value.</summary>
    public static bool IsDifference(PandADetector detector) => detector.Options.Any(o => o is "Diff" or "Sum");

    /// <param name="plain">Fields without scale and offset: their whole numbers are written as such.</param>
    public static EquatableArray<SegmentDataset> Datasets(CapturePlan plan, IReadOnlySet<string> plain) => plan.Columns
        .Select(c => new SegmentDataset(
            c.Key, $"/{c.Field}.{c.Capture}", TypeOf(c, plain), [], UnitOf(c), c.Role, c.Axis, ChunkFrames))
        .ToEquatableArray();

    private static string? UnitOf(CapturePlan.Column column) =>
        column.Role == "timestamp" ? "s" : column.Unit.Length > 0 ? column.Unit : null;

    private static string TypeOf(CapturePlan.Column column, IReadOnlySet<string> plain) =>
        column.NumpyType == "<u4" ? "<u4"
        : column.Capture == "Mean" || !plain.Contains(column.Field) ? "<f8"
        : column.Capture == "Sum" ? "<i8"
        : "<i4";
}

/// <summary>Looks into files of columns that an IOC writes meanwhile.</summary>
/// <remarks><b>Errors</b> <see cref="IOException"/>, <see cref="TimeoutException"/>.</remarks>
internal interface IWrittenColumns
{
    bool Exists(string path);

    /// <summary>Rows that every dataset has; throws where one is missing.</summary>
    Task<long> CountAsync(string path, IReadOnlyList<string> datasets, CancellationToken cancel);

    Task<double[]> NumbersAsync(string path, string dataset, long first, long count, CancellationToken cancel);

    /// <summary>Brings to the disk what the IOC has written.</summary>
    Task SyncAsync(string path, CancellationToken cancel);

    /// <summary>Whether its writer has closed it, so that anybody can open it.</summary>
    Task<bool> IsClosedAsync(string path, CancellationToken cancel);

    /// <summary>Keeps what is remembered of a file that is written elsewhere, and survives this process.</summary>
    Task KeepAsync(string path, byte[] content, CancellationToken cancel);

    /// <summary>What was kept beside files of this run; by path.</summary>
    IReadOnlyList<(string Path, byte[] Content)> Kept(string folder, string pattern);

    void Forget(string path);
}

/// <summary>Reads beside the writer, by SWMR.</summary>
internal sealed class WrittenHdf5Columns(TimeProvider time) : IWrittenColumns
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(20);
    private readonly SegmentReader _reader = new(time, Limit);

    public bool Exists(string path) => File.Exists(path);

    public async Task<long> CountAsync(string path, IReadOnlyList<string> datasets, CancellationToken cancel) =>
        (await _reader.InspectAsync(path, datasets, cancel)).Frames;

    public Task<double[]> NumbersAsync(string path, string dataset, long first, long count, CancellationToken cancel) =>
        _reader.ReadScalarsAsync(path, dataset, first, count, cancel);

    public Task SyncAsync(string path, CancellationToken cancel) => _reader.SyncAsync(path, cancel);

    public Task<bool> IsClosedAsync(string path, CancellationToken cancel) => _reader.IsClosedAsync(path, cancel);

    public async Task KeepAsync(string path, byte[] content, CancellationToken cancel)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var temporary = $"{path}~";
        await File.WriteAllBytesAsync(temporary, content, cancel);
        File.Move(temporary, path, overwrite: true);
    }

    public IReadOnlyList<(string Path, byte[] Content)> Kept(string folder, string pattern) => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder, pattern).Select(f => (f, File.ReadAllBytes(f)))]
        : [];

    public void Forget(string path) => File.Delete(path);
}
