using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Persistence.Files;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Hdf5;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Persistence.Files;

public sealed class MasterFileTests(ITestOutputHelper output) : IDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly SegmentReader Reader = new(TimeProvider.System, TimeSpan.FromSeconds(60));
    private readonly TemporaryFolder _folder = new();

    private string MasterPath => _folder.File(MasterFile.Name);

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(MasterFileContent.DefaultMappingBudget, ViewKind.Mapped, ViewKind.Mapped)]
    [InlineData(3, ViewKind.Copied, ViewKind.Indexed)]
    public async Task Every_committed_frame_stands_at_its_place_and_others_are_fill_values(int budget, ViewKind scalars, ViewKind images)
    {
        var content = await RunAsync() with { MappingBudget = budget };
        var summary = await new MasterFile(Reader).WriteAsync(content, None);
        Assert.Equal([images, scalars, scalars, scalars], summary.Views.Select(view => view.Kind));

        var expected = Enumerable.Repeat(double.NaN, 20).ToArray();
        var linear = new List<double>();
        foreach (var frame in CommittedFrames(content))
        {
            expected[content.Grid.PlaceOf(frame)] = frame + 0.25;
            linear.Add(frame + 0.25);
        }

        Assert.Equal(expected, await Reader.ReadScalarsAsync(MasterPath, "/entry/readbacks/x", 0, 4, None));
        Assert.Equal(linear, await Reader.ReadScalarsAsync(MasterPath, "/entry/committed/box/x", 0, linear.Count, None));
        var mask = await Reader.ReadIntegersAsync(MasterPath, "/entry/mask", 0, 4, None);
        Assert.Equal(expected.Select(value => double.IsNaN(value) ? 1L : 0), mask);

        var rows = images == ViewKind.Mapped ? 4 : linear.Count;
        var pixels = await Reader.ReadAsync(MasterPath, "/entry/cam/data", "<u2", 0, rows, None);
        var firsts = MemoryMarshal.Cast<byte, ushort>(pixels).ToArray().Chunk(6).Select(image => (double)image[5]).ToArray();
        var shown = images == ViewKind.Mapped ? firsts : await ByIndexAsync(firsts);
        Assert.Equal(expected.Select(value => double.IsNaN(value) ? 0 : value - 0.25 + 1), shown);
    }

    [Theory]
    [InlineData(MasterFileContent.DefaultMappingBudget, ViewKind.Mapped)]
    [InlineData(3, ViewKind.Indexed)]
    public async Task A_detector_that_lacks_committed_frames_has_a_mask_of_its_own_and_every_other_row_keeps_its_place(
        int budget, ViewKind images)
    {
        var whole = await RunAsync();
        // The camera lacks frames 3 and 4, and 16 to 17.
        Extent[] cam =
        [
            new("cam", 1, 0, 3, 0), new("cam", 1, 5, 2, 5), new("cam", 1, 7, 5, 10), new("cam", 2, 15, 1, 13), new("cam", 2, 18, 2, 16),
        ];
        var content = whole with { Committed = [.. cam, .. whole.Committed.Where(e => e.Recorder == "box")], MappingBudget = budget };
        var summary = await new MasterFile(Reader).WriteAsync(content, None);
        Assert.Equal(images, summary.Views[0].Kind);
        long[] lacking = [3, 4, 16, 17];
        var mask = await Reader.ReadIntegersAsync(MasterPath, "/entry/mask", 0, 4, None);
        var own = await Reader.ReadIntegersAsync(MasterPath, "/entry/cam/mask", 0, 4, None);
        for (var frame = 0; frame < 20; frame++)
        {
            var isCommitted = frame is < 12 or > 14;
            Assert.Equal(isCommitted ? 0 : 1, mask[content.Grid.PlaceOf(frame)]);
            Assert.Equal(isCommitted && !lacking.Contains(frame) ? 0 : 1, own[content.Grid.PlaceOf(frame)]);
        }
        var rows = MemoryMarshal.Cast<byte, ushort>(await Reader.ReadAsync(MasterPath, "/entry/committed/cam/cam", "<u2", 0, 17, None))
            .ToArray().Chunk(6).Select(image => (long)image[5]);
        Assert.Equal(CommittedFrames(content).Select(frame => lacking.Contains(frame) ? 0 : frame + 1), rows);
        if (images == ViewKind.Indexed)
        {
            var index = await Reader.ReadIntegersAsync(MasterPath, "/entry/cam/index", 0, 4, None);
            Assert.Equal([-1L, 5, 15], new[] { 3, 5, 18 }.Select(frame => index[content.Grid.PlaceOf(frame)]));
        }
        Assert.Equal(
            CommittedFrames(content).Select(frame => frame + 0.25),
            await Reader.ReadScalarsAsync(MasterPath, "/entry/committed/box/x", 0, 17, None));
    }

    /// <summary>A 2 × 4 snake: a camera with two images a frame, whose file begins with a stray one, and a box with a row for two
    /// frames.</summary>
    [Theory]
    [InlineData(MasterFileContent.DefaultMappingBudget)]
    [InlineData(1)]
    public async Task Detectors_at_rates_of_their_own_have_shapes_of_their_own(int budget)
    {
        Directory.CreateDirectory(_folder.File("data"));
        await using (var cam = await new Hdf5FrameStoreFactory().CreateAsync(CamSpec(Cam(1).Path), None))
        await using (var box = await new Hdf5FrameStoreFactory().CreateAsync(BoxSpec(Box(1).Path), None))
        {
            await cam.AppendAsync(Images(0, 17), 17, None);
            await box.AppendAsync(Samples(0, 4), 4, None);
            await cam.CloseAsync(None);
            await box.CloseAsync(None);
        }
        var content = Content([Cam(1), Box(1)], [new Extent("cam", 1, 0, 8, 1), new Extent("box", 1, 0, 6, 0)]) with
        {
            Grid = new ScanGrid([2, 4], [false, true]),
            Axes = [new SetpointAxis("y", 0, [0, 1], "mm"), new SetpointAxis("x_motor", 1, [0, 1, 2, 3], "mm")],
            Rates = new DetectorRates([new("cam", new(2, 1)), new("box", new(1, 2))]),
            MappingBudget = budget,
            // Frames 2 and 3 were told twice.
            Recorded =
            [
                new(new FrameRange(0, 4), [new Extent("cam", 1, 0, 4, 1), new Extent("box", 1, 0, 4, 0)]),
                new(new FrameRange(2, 4), [new Extent("cam", 1, 2, 2, 9), new Extent("box", 1, 2, 2, 3)]),
            ],
        };
        var summary = await new MasterFile(Reader).WriteAsync(content, None);
        Assert.Equal(
            new[] { 0.25, 1.25, 3.25 }, await Reader.ReadScalarsAsync(MasterPath, "/entry/recorded/box/x", 0, 3, None));
        var told = await Reader.ReadAsync(MasterPath, "/entry/recorded/cam/cam", "<u2", 0, 12, None);
        Assert.Equal(
            [2L, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13],
            MemoryMarshal.Cast<byte, ushort>(told).ToArray().Chunk(6).Select(image => (long)image[5]));
        var isMapped = budget > 1;
        Assert.Equal(
            isMapped ? [ViewKind.Mapped] : [ViewKind.Copied, ViewKind.Indexed], summary.Views.Select(v => v.Kind).Distinct().Order());
        // Groups of the second row stand backwards as its frames do; the last group is not committed.
        Assert.Equal(new[] { 0.25, 1.25, double.NaN, 2.25 }, await Reader.ReadScalarsAsync(MasterPath, "/entry/readbacks/x", 0, 2, None));
        Assert.Equal(
            new[] { 0.25, 1.25, 2.25, double.NaN }, await Reader.ReadScalarsAsync(MasterPath, "/entry/committed/box/x", 0, 4, None));
        Assert.Equal(new long[] { 0, 0, 1, 0 }, await Reader.ReadIntegersAsync(MasterPath, "/entry/I0/mask", 0, 2, None));
        Assert.Equal(new long[8], await Reader.ReadIntegersAsync(MasterPath, "/entry/mask", 0, 2, None));
        var read = await Reader.ReadAsync(MasterPath, "/entry/cam/data", "<u2", 0, isMapped ? 2 : 16, None);
        var images = MemoryMarshal.Cast<byte, ushort>(read).ToArray().Chunk(6).Select(image => (long)image[5]);
        long[] inShape = [2, 3, 4, 5, 6, 7, 8, 9, 16, 17, 14, 15, 12, 13, 10, 11];
        Assert.Equal(isMapped ? inShape : inShape.Order(), images);
        if (!isMapped)
        {
            var index = await Reader.ReadIntegersAsync(MasterPath, "/entry/cam/index", 0, 2, None);
            Assert.Equal([0L, 2, 4, 6, 14, 12, 10, 8], index);
        }
        if (H5Py.Available)
            Assert.Equal(
                isMapped
                    ? "(2, 4, 2, 2, 3) ['y_set', 'x_motor_set', '.', '.', '.'] 2 (2, 2) ['y_set', '.'] 2"
                    : "(16, 2, 3) None 2 (2, 2) ['y_set', '.'] 2",
                H5Py.Run(
                    """
                    import h5py, sys
                    e = h5py.File(sys.argv[1], 'r')['entry']
                    axes = lambda g: list(g.attrs['axes']) if 'axes' in g.attrs else None
                    print(e['cam/data'].shape, axes(e['cam']), e['cam/data'].attrs['rows_per_frame'],
                          e['I0/data'].shape, axes(e['I0']), e['I0/data'].attrs['frames_per_row'])
                    """,
                    MasterPath));
    }

    [H5PyFact]
    public async Task H5py_sees_a_nexus_file_and_so_it_does_when_the_folder_has_moved()
    {
        await new MasterFile(Reader).WriteAsync(await RunAsync(), None);
        var moved = _folder.Path + "-moved";
        Directory.Move(_folder.Path, moved);
        try
        {
            var printed = H5Py.Run(
                """
                import h5py, sys, numpy as np
                f = h5py.File(sys.argv[1], 'r')
                g = f[f.attrs['default']]; d = g[g.attrs['default']]
                print(d.name, d.attrs['NX_class'], d.attrs['signal'], list(d.attrs['axes']), d['data'].shape, d['data'].is_virtual)
                print(d['y_set'][:].tolist(), d['x_set'].attrs['units'], d.attrs['x_set_indices'], d.attrs['x_indices'].tolist())
                print(g['title'][()].decode(), g['start_time'][()].decode(), g['status'][()].decode(), 'end_time' in g)
                print(d['data'][1, 4].tolist(), d['data'][2, 2].tolist(), np.isnan(d['x'][2, 2]), g['timestamps/t'][2, 2])
                p = g['provenance']
                print(p['superseded/first'][:].tolist(), p['superseded/cause'][0].decode(), p['extents/position'][:].tolist())
                print(g['metadata/sample:name'][()].decode(), p['segments/path'][1].decode(), f['/entry/I0'].attrs['signal'])
                """,
                Path.Combine(moved, MasterFile.Name));
            string[] lines = [
                "/entry/cam NXdata data ['y_set', 'x_set', '.', '.'] (4, 5, 2, 3) True",
                "[0.0, 1.0, 2.0, 3.0] mm 1 [0, 1]", "a snake 2026-11-21T10:00:00+00:00 running False",
                "[[6, 6, 6], [6, 6, 6]] [[0, 0, 0], [0, 0, 0]] True -1", "[7] beam lost [0, 10, 13, 0, 10, 13]",
                "Fe3O4 data/cam.0002.h5 data"];
            Assert.Equal(lines, printed.Split('\n'));
        }
        finally
        {
            Directory.Move(moved, _folder.Path);
        }
    }

    [H5PyFact]
    public async Task While_the_scan_runs_a_swmr_reader_of_the_master_sees_what_is_committed()
    {
        Directory.CreateDirectory(_folder.File("data"));
        await using var store = await new Hdf5FrameStoreFactory().CreateAsync(CamSpec("data/cam.0001.h5"), None);
        await store.AppendAsync(Images(0, 10), 10, None);
        await store.FlushAsync(true, None);
        await new MasterFile(Reader).WriteAsync(Content([Cam(1)], [new Extent("cam", 1, 0, 10, 0)]), None);
        var sums = H5Py.Run(
            "import h5py, sys; print(h5py.File(sys.argv[1], 'r', swmr=True)['/entry/cam/data'][:, :, 0, 0].tolist())", MasterPath);
        Assert.Equal("[[1, 2, 3, 4, 5], [10, 9, 8, 7, 6], [0, 0, 0, 0, 0], [0, 0, 0, 0, 0]]", sums);
    }

    [Fact]
    public async Task A_run_without_a_committed_frame_has_a_master_file_all_of_fill_values()
    {
        await new MasterFile(Reader).WriteAsync(Content([Cam(1), Box(1)], []), None);
        Assert.All(await Reader.ReadScalarsAsync(MasterPath, "/entry/readbacks/x", 0, 4, None), value => Assert.True(double.IsNaN(value)));
        Assert.All(await Reader.ReadIntegersAsync(MasterPath, "/entry/cam/data", 0, 4, None), value => Assert.Equal(0, value));
        Assert.Empty(await Reader.ReadScalarsAsync(MasterPath, "/entry/committed/box/x", 0, 0, None));
    }

    [Fact]
    public async Task A_new_master_replaces_the_old_one_and_a_failed_one_does_not()
    {
        var content = await RunAsync();
        var writer = new MasterFile(Reader);
        await writer.WriteAsync(content with { Committed = [] }, None);
        await writer.WriteAsync(content, None);
        var stray = content with { Committed = [new Extent("none", 1, 0, 1, 0)] };
        await Assert.ThrowsAsync<ArgumentException>(() => writer.WriteAsync(stray, None));
        var lost = content with { MappingBudget = 1, Segments = [Box(9)], Committed = [new Extent("box", 9, 0, 20, 0)] };
        await Assert.ThrowsAsync<FileNotFoundException>(() => writer.WriteAsync(lost, None));
        Assert.Equal(17, (await Reader.ReadScalarsAsync(MasterPath, "/entry/committed/box/x", 0, 17, None)).Length);
        Assert.Equal([MasterPath], Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Content_that_contradicts_itself_is_refused()
    {
        var good = Content([Cam(1), Box(1)], []);
        MasterFileContent[] wrong = [
            good with { Grid = new ScanGrid([], []) },
            good with { Axes = [new SetpointAxis("x", 1, [1, 2, 3], null)] },
            good with { Segments = [Cam(1), Cam(2) with { Datasets = [Cam(2).Datasets[0] with { NumpyType = "<f8" }] }] },
            good with { Segments = [Cam(1) with { Datasets = [Cam(1).Datasets[0] with { Key = "committed" }] }] },
            good with { Committed = [new Extent("cam", 1, 15, 6, 0)] }];
        foreach (var content in wrong)
            await Assert.ThrowsAsync<ArgumentException>(() => new MasterFile(Reader).WriteAsync(content, None));
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task A_snake_of_a_million_frames_is_written_with_1001_mappings()
    {
        const int Side = 1000;
        Directory.CreateDirectory(_folder.File("data"));
        var factory = new Hdf5FrameStoreFactory();
        var spec = new SegmentSpec(_folder.File("data/box.0001.h5"), [new DatasetSpec("/entry/data/x", "<f8", [], 8192)], []);
        await using (var store = await factory.CreateAsync(spec, None))
        {
            var values = Enumerable.Range(0, Side * Side).Select(frame => (double)frame).ToArray();
            await store.AppendAsync([MemoryMarshal.AsBytes<double>(values).ToArray()], values.Length, None);
            await store.CloseAsync(None);
        }

        var content = new MasterFileContent(
            _folder.Path, "uid", "snake", new ScanGrid([Side, Side], [false, true]), "2026-11-21T10:00:00Z", "finished")
        {
            Segments = [new Segment("box", 1, "data/box.0001.h5", [Scalar("x", "<f8", "axis")])],
            Committed = [new Extent("box", 1, 0, Side * Side, 0)],
        };
        var began = TimeProvider.System.GetTimestamp();
        var summary = await new MasterFile(Reader).WriteAsync(content, None);
        var written = TimeProvider.System.GetElapsedTime(began);
        output.WriteLine($"written in {written.TotalMilliseconds:F0} ms");
        Assert.Equal([new DatasetView("x", ViewKind.Mapped, Side + 1)], summary.Views);
        foreach (var row in (int[])[0, 499, Side - 1])
        {
            var expected = Enumerable.Range(0, Side).Select(column => (double)(row * Side + (row % 2 == 0 ? column : Side - 1 - column)));
            Assert.Equal(expected, await Reader.ReadScalarsAsync(MasterPath, "/entry/readbacks/x", row, 1, None));
        }
    }

    private static IEnumerable<long> CommittedFrames(MasterFileContent content)
        => content.Committed.Where(extent => extent.Recorder == "box").OrderBy(extent => extent.Frame)
            .SelectMany(extent => Enumerable.Range(0, (int)extent.Count).Select(i => extent.Frame + i));

    private async Task<double[]> ByIndexAsync(double[] linear)
    {
        var index = await Reader.ReadIntegersAsync(MasterPath, "/entry/cam/index", 0, 4, None);
        return [.. index.Select(at => at < 0 ? 0 : linear[at])];
    }

    /// <summary>A 4 × 5 snake: frames 0-9, a rewind to 7, 7-11, none of 12-14, the rest in a second segment.</summary>
    private async Task<MasterFileContent> RunAsync()
    {
        Directory.CreateDirectory(_folder.File("data"));
        (long Frame, int Count)[][] takes = [[(0, 10), (7, 3), (10, 2)], [(30, 13), (15, 5)]];
        for (var segment = 1; segment <= 2; segment++)
            await WriteAsync(segment, takes[segment - 1]);
        Extent[] extents = [new("cam", 1, 0, 7, 0), new("cam", 1, 7, 5, 10), new("cam", 2, 15, 5, 13)];
        Extent[] all = [.. extents, .. extents.Select(extent => extent with { Recorder = "box" })];
        return Content([Cam(1), Cam(2), Box(1), Box(2)], all.ToEquatableArray());
    }

    private async Task WriteAsync(int segment, (long Frame, int Count)[] takes)
    {
        await using var cam = await new Hdf5FrameStoreFactory().CreateAsync(CamSpec(Cam(segment).Path), None);
        await using var box = await new Hdf5FrameStoreFactory().CreateAsync(BoxSpec(Box(segment).Path), None);
        foreach (var (frame, count) in takes)
        {
            await cam.AppendAsync(Images(frame, count), count, None);
            await box.AppendAsync(Samples(frame, count), count, None);
        }

        await cam.CloseAsync(None);
        await box.CloseAsync(None);
    }

    private MasterFileContent Content(EquatableArray<Segment> segments, EquatableArray<Extent> committed)
        => new(_folder.Path, "9b1d", "a snake", new ScanGrid([4, 5], [false, true]), "2026-11-21T10:00:00+00:00", "running")
        {
            Segments = segments,
            Committed = committed,
            Axes = [new SetpointAxis("y", 0, [0, 1, 2, 3], "mm"), new SetpointAxis("x", 1, [0, 0.1, 0.2, 0.3, 0.4], "mm")],
            Metadata = [new MetadataItem("sample/name", "Fe3O4")],
            Superseded = [new SupersededRange(new FrameRange(7, 10), "beam lost")],
        };

    private static Segment Cam(int number)
        => new("cam", number, $"data/cam.{number:D4}.h5", [
            new SegmentDataset("cam", "/entry/instrument/cam/data", "<u2", [2, 3], null, "detector", null, 1)]);

    private static Segment Box(int number)
        => new("box", number, $"data/box.{number:D4}.h5", [
            Scalar("x", "<f8", "axis"), Scalar("I0", "<f8", "monitor"), Scalar("t", "<i8", "timestamp")]);

    private static SegmentDataset Scalar(string key, string type, string role)
        => new(key, $"/entry/data/{key}", type, [], "mm", role, role == "axis" ? key : null, 64);

    private SegmentSpec CamSpec(string path)
        => new(_folder.File(path), [new DatasetSpec("/entry/instrument/cam/data", "<u2", [2, 3], 1)], []);

    private SegmentSpec BoxSpec(string path)
        => new(_folder.File(path), [
            new DatasetSpec("/entry/data/x", "<f8", [], 64), new DatasetSpec("/entry/data/I0", "<f8", [], 64),
            new DatasetSpec("/entry/data/t", "<i8", [], 64)], []);

    /// <summary>Every pixel of frame k is k + 1, so that a fill value is no frame's.</summary>
    private static ReadOnlyMemory<byte>[] Images(long first, int count)
        => [MemoryMarshal.AsBytes<ushort>(Enumerable.Range(0, count * 6).Select(i => (ushort)(first + i / 6 + 1)).ToArray()).ToArray()];

    private static ReadOnlyMemory<byte>[] Samples(long first, int count)
    {
        var values = Enumerable.Range(0, count).Select(i => first + i + 0.25).ToArray();
        var column = MemoryMarshal.AsBytes<double>(values).ToArray();
        return [column, column, MemoryMarshal.AsBytes<long>(values.Select(value => (long)value * 1000).ToArray()).ToArray()];
    }
}
