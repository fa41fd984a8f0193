using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Scans whose HDF5 files lose their writers to SIGKILL while frames are written; other processes read what is left, before and
/// after a successor has finished the scan.</summary>
[Collection(KillCollection.Name)]
public sealed class MidWriteTests(MidWriteFigures figures, ITestOutputHelper output) : IClassFixture<MidWriteFigures>
{
    /// <summary>About how long hardware writes in <see cref="Written"/>.</summary>
    private const double WritingS = 1.6;

    /// <summary>How the process ends that loses its beamline before it is killed itself.</summary>
    private const int Paused = 5;

    /// <summary>Offset of the flags in a superblock that say that a writer has the file open.</summary>
    private const int FlagsAt = 11;

    private static readonly SegmentReader Reader = new(TimeProvider.System, TimeSpan.FromSeconds(60));

    /// <summary>192 frames of 4 ms in one flight, written all the while.</summary>
    private static readonly string Written = Requests.Grid(1, 6, 32, 0.004);

    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Kills.IsSoak ? 200 : 2)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Files_whose_writers_are_killed_are_read_back_and_the_scan_is_finished(int seed)
    {
        var draw = new Seeded((ulong)seed);
        var beamlineDies = seed % 2 == 0;
        var delay = TimeSpan.FromSeconds(draw.NextDouble() * WritingS);
        using var folder = new DataFolder(timeScale: 1);
        int code;
        using (var run = folder.StartRun(Written))
        {
            await folder.UntilAsync<ScanEvent.FlightStarted>(run);
            await Task.Delay(delay, TimeProvider.System);
            if (beamlineDies)
                folder.KillBeamline();
            run.Kill();
            var killed = await run.EndAsync();
            Assert.True(killed.Code is FlyscanResult.Killed or Paused or 0, killed.ToString());
            code = killed.Code;
        }
        var left = await LeftAsync(folder, beamlineDies);
        output.WriteLine($"seed {seed}: killed {Kills.Seconds(delay)} into the flight, {left.Open} files open with {left.Rows} rows");
        if (code != 0)
        {
            var resumed = await folder.ResumeAsync();
            Assert.True(resumed.Code == 0, resumed.ToString());
        }
        await RunChecker.FinishedAsync(folder);
        figures.Add(left.Open, left.Rows);
    }

    /// <summary>Reads the files as their writers left them: every row that is counted is whole, and every one that is committed is
    /// there.</summary>
    private static async Task<(int Open, long Rows)> LeftAsync(DataFolder folder, bool beamlineDied)
    {
        var (open, rows) = (0, 0L);
        var journal = folder.Journal();
        foreach (var segment in journal.OfType<ScanEvent.SegmentOpened>().Select(e => e.Segment))
        {
            var path = Path.Combine(folder.Run.Path, segment.Path);
            // A camera that lives on writes on.
            if ((segment.Recorder == "cam" && !beamlineDied) || !IsOpen(path))
                continue;
            var content = await Reader.InspectAsync(path, [.. segment.Datasets.Select(d => d.Path)], CancellationToken.None);
            var committed = journal.OfType<ScanEvent.FramesCommitted>().SelectMany(e => e.Extents)
                .Where(e => e.Recorder == segment.Recorder && e.Segment == segment.Number)
                .Select(e => e.Position + e.Count).DefaultIfEmpty(0).Max();
            Assert.True(content.Frames >= committed, $"{path} has {content.Frames} rows, {committed} are committed");
            await RowsAsync(path, segment, content.Frames);
            (open, rows) = (open + 1, rows + content.Frames);
        }
        return (open, rows);
    }

    private static async Task RowsAsync(string path, Segment segment, long frames)
    {
        var identity = segment.Datasets.Single(d => d.Role == "identity");
        var numbers = await Reader.ReadIntegersAsync(path, identity.Path, 0, frames, CancellationToken.None);
        Assert.Equal(numbers.Select((_, i) => numbers[0] + i), numbers);
        if (segment.Recorder == "cam")
        {
            var images = segment.Datasets.Single(d => d.Key == "cam");
            var bytes = await Reader.ReadAsync(path, images.Path, images.NumpyType, 0, frames, CancellationToken.None);
            var imageBytes = Math.Max(1, (int)(bytes.Length / Math.Max(1, frames)));
            Assert.Equal(numbers, bytes.Chunk(imageBytes).Select(image => (long)BitConverter.ToUInt32(image)));
        }
        if (H5Py.Available)
            Assert.Equal($"{frames}", H5Py.Run(CountScript, path, identity.Path));
    }

    private const string CountScript = """
        import sys
        import h5py

        with h5py.File(sys.argv[1], "r", libver="latest", swmr=True) as file:
            recorded = int(file["entry/frames_recorded"][()])
            rows = file[sys.argv[2]][:recorded]
            assert list(rows) == list(range(int(rows[0]), int(rows[0]) + recorded)) if recorded else True, rows
            print(recorded)
        """;

    private static bool IsOpen(string path)
    {
        if (!File.Exists(path))
            return false;
        using var file = File.OpenRead(path);
        file.Position = FlagsAt;
        return file.ReadByte() != 0;
    }
}

/// <summary>Counts what the kills met, and says so at the end.</summary>
public sealed class MidWriteFigures : IDisposable
{
    private int _scans;
    private int _met;
    private int _files;
    private long _rows;

    public void Add(int open, long rows)
    {
        _scans++;
        _met += open > 0 ? 1 : 0;
        (_files, _rows) = (_files + open, _rows + rows);
    }

    public void Dispose()
    {
        if (Environment.GetEnvironmentVariable("FLYSCAN_FIGURES") is { Length: > 0 } file)
            File.AppendAllLines(file,
            [
                $"{_scans} scans finished after their process was killed in flight: {_met} with files open, {_files} files of killed "
                + $"writers with {_rows} rows read back by other processes{(H5Py.Available ? ", h5py among them" : "; h5py is not here")}",
            ]);
    }
}
