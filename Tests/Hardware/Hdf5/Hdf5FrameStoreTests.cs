using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Hardware.Hdf5;

public sealed class Hdf5FrameStoreTests : IDisposable
{
    private const string Values = """
        import h5py, sys, numpy as np
        f = h5py.File(sys.argv[1], 'r', swmr=len(sys.argv) > 3)
        n = int(sys.argv[2])
        k = np.arange(n)
        assert (f['/entry/data/x'][:n] == k + 0.5).all()
        assert (f['/entry/data/count'][:n] == k + 1).all()
        assert (f['/entry/instrument/cam/data'][:n] == k.astype('u2')[:, None, None]).all()
        print(f['/entry/data/x'].shape[0], f['/entry/instrument/cam/data'].dtype.str, f['/entry/frames_recorded'][()])
        """;

    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly SegmentReader Reader = new(TimeProvider.System, TimeSpan.FromSeconds(30));
    private static readonly SegmentRecovery Recovery = new(TimeProvider.System, TimeSpan.FromSeconds(30));
    private static readonly string[] Paths = [.. ChildWriter.Spec("").Datasets.Select(dataset => dataset.Path)];
    private readonly TemporaryFolder _folder = new();

    private string FilePath => _folder.File("cam.0001.h5");

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(new[] { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 })]
    [InlineData(new[] { 4, 8, 12 })]
    [InlineData(new[] { 3, 11, 2, 1200, 5 })]
    public async Task Frames_come_back_whatever_the_batches_are(int[] batches)
    {
        await using var store = await new Hdf5FrameStoreFactory().CreateAsync(ChildWriter.Spec(FilePath), None);
        foreach (var batch in batches)
            await store.AppendAsync(ChildWriter.Frames(store.Written, batch), batch, None);
        var total = await store.CloseAsync(None);
        Assert.Equal(batches.Sum(), total);
        await AssertValuesAsync(total);
    }

    [H5PyFact]
    public async Task A_closed_segment_is_an_ordinary_file_to_h5py()
    {
        await using (var store = await new Hdf5FrameStoreFactory().CreateAsync(ChildWriter.Spec(FilePath), None))
        {
            await store.AppendAsync(ChildWriter.Frames(0, 21), 21, None);
            await store.CloseAsync(None);
        }

        Assert.Equal("21 <u2 21", H5Py.Run(Values, FilePath, "21"));
        var classes = H5Py.Run(
            """
            import h5py, sys
            f = h5py.File(sys.argv[1], 'r')
            a = f.attrs
            print(a['NX_class'], a['recorder'], f['entry'].attrs['NX_class'], f['entry/data'].attrs['NX_class'],
                  f['entry/data'].attrs['signal'], f['entry/instrument/cam'].attrs['NX_class'], f['entry/data/x'].attrs['units'])
            """,
            FilePath);
        Assert.Equal("NXroot cam NXentry NXdata x NXdetector mm", classes);
    }

    [H5PyFact]
    public async Task Another_process_reads_along_while_the_file_grows()
    {
        const string Follow = """
            import h5py, sys
            f = h5py.File(sys.argv[1], 'r', swmr=True)
            x, image, count = f['/entry/data/x'], f['/entry/instrument/cam/data'], f['/entry/data/count']
            print('open', flush=True)
            for line in sys.stdin:
                x.refresh(); image.refresh(); count.refresh()
                n = x.shape[0]
                print(n, x[n - 1], image.shape[0], image[n - 1, 7, 15], (count[:n] == range(1, n + 1)).all(), flush=True)
            """;
        await using var store = await new Hdf5FrameStoreFactory().CreateAsync(ChildWriter.Spec(FilePath), None);
        await store.FlushAsync(false, None);
        using var reader = H5Py.Start(Follow, FilePath);
        Assert.Equal("open", await reader.StandardOutput.ReadLineAsync());
        foreach (var batch in (int[])[5, 1, 16, 2000])
        {
            await store.AppendAsync(ChildWriter.Frames(store.Written, batch), batch, None);
            var n = await store.FlushAsync(false, None);
            await reader.StandardInput.WriteLineAsync("look");
            await reader.StandardInput.FlushAsync();
            Assert.Equal($"{n} {n - 0.5} {n} {n - 1} True", await reader.StandardOutput.ReadLineAsync());
        }

        reader.StandardInput.Close();
        await reader.WaitForExitAsync();
        await store.CloseAsync(None);
    }

    [Fact]
    public async Task A_killed_writers_frames_are_counted_as_flushed_and_sealing_makes_the_file_ordinary()
    {
        using (var child = ChildWriter.Start(FilePath))
        {
            Assert.Equal("ready", child.Ready());
            child.Tell("append 1003");
            Assert.Equal("1003", child.Tell("sync"));
            child.Tell("append 700");
            child.Kill();
        }

        var dead = await Reader.InspectAsync(FilePath, Paths, None);
        Assert.Equal((1003L, true), (dead.Frames, dead.Counted));
        var sealedFile = await Recovery.SealAsync(FilePath, Paths, None);
        Assert.Equal(dead, sealedFile);
        Assert.Equal(sealedFile, await Recovery.SealAsync(FilePath, Paths, None));
        await AssertValuesAsync(1003);
    }

    [H5PyFact]
    public async Task Until_it_is_sealed_a_killed_writers_file_opens_only_for_swmr_reading()
    {
        using (var child = ChildWriter.Start(FilePath))
        {
            child.Ready();
            child.Tell("append 50");
            child.Tell("flush");
            child.Kill();
        }

        Assert.Throws<InvalidOperationException>(() => H5Py.Run(Values, FilePath, "50"));
        Assert.Equal("50 <u2 50", H5Py.Run(Values, FilePath, "50", "swmr"));
        await Recovery.SealAsync(FilePath, Paths, None);
        Assert.Equal("50 <u2 50", H5Py.Run(Values, FilePath, "50"));
        Assert.Equal("50", H5Py.Run("import h5py, sys; print(h5py.File(sys.argv[1], 'r+')['/entry/data/x'].shape[0])", FilePath));
    }

    [Fact]
    public async Task A_full_disk_is_told_by_path_and_cause_and_what_was_recorded_stays()
    {
        string failure, refusal;
        using (var child = ChildWriter.Start(FilePath, kibibytesLimit: 512))
        {
            Assert.Equal("ready", child.Ready());
            child.Tell("append 400");
            Assert.Equal("400", child.Tell("sync"));
            failure = child.Tell("append 4000");
            if (!failure.Contains("errno", StringComparison.Ordinal))
                failure = child.Tell("sync");
            refusal = child.Tell("append 1");
            Assert.Equal("disposed", child.Tell("dispose"));
            Assert.Equal("400", child.Tell("seal"));
            child.Kill();
        }

        Assert.StartsWith(FilePath, failure, StringComparison.Ordinal);
        Assert.Contains("File too large (errno 27)", failure, StringComparison.Ordinal);
        Assert.Contains("400 frames are recorded", refusal, StringComparison.Ordinal);
        Assert.Equal(400, (await Reader.InspectAsync(FilePath, Paths, None)).Frames);
        await AssertValuesAsync(400);
    }

    [Fact]
    public async Task A_store_that_is_disposed_without_being_closed_keeps_its_frames()
    {
        await using (var store = await new Hdf5FrameStoreFactory().CreateAsync(ChildWriter.Spec(FilePath), None))
            await store.AppendAsync(ChildWriter.Frames(0, 9), 9, None);
        Assert.Equal(9, (await Reader.InspectAsync(FilePath, Paths, None)).Frames);
        await AssertValuesAsync(9);
    }

    [Fact]
    public async Task A_copy_of_a_file_taken_while_it_is_written_can_be_sealed_and_read()
    {
        await using var store = await new Hdf5FrameStoreFactory().CreateAsync(ChildWriter.Spec(_folder.File("live.h5")), None);
        await store.AppendAsync(ChildWriter.Frames(0, 2000), 2000, None);
        await store.FlushAsync(true, None);
        await store.AppendAsync(ChildWriter.Frames(2000, 5000), 5000, None);
        File.Copy(_folder.File("live.h5"), FilePath);
        var content = await Recovery.SealAsync(FilePath, Paths, None);
        Assert.Equal(2000, content.Frames);
        await AssertValuesAsync(2000);
    }

    [Fact]
    public async Task A_missing_folder_is_named()
    {
        var path = Path.Combine(_folder.Path, "absent", "a.h5");
        var failure = await Assert.ThrowsAsync<IOException>(() => new Hdf5FrameStoreFactory().CreateAsync(ChildWriter.Spec(path), None));
        Assert.Contains("the folder", failure.Message, StringComparison.Ordinal);
        Assert.Contains("absent does not exist", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_file_that_is_not_hdf5_is_refused_with_its_path_and_cause()
    {
        File.WriteAllText(FilePath, new string('x', 4096));
        var failure = await Assert.ThrowsAsync<IOException>(() => Reader.InspectAsync(FilePath, Paths, None));
        Assert.StartsWith($"{FilePath}: opening for reading failed", failure.Message, StringComparison.Ordinal);
        Assert.Contains("file signature not found", failure.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => Recovery.SealAsync(FilePath, Paths, None));
        Assert.Equal(new string('x', 4096), File.ReadAllText(FilePath));
    }

    [Fact]
    public async Task A_segment_whose_description_is_wrong_is_refused_and_leaves_no_file()
    {
        var factory = new Hdf5FrameStoreFactory();
        var good = ChildWriter.Spec(FilePath).Datasets[0];
        DatasetSpec[] wrong = [
            good with { NumpyType = "<c8" }, good with { Path = "x" }, good with { ChunkFrames = 0 },
            good with { ChunkFrames = int.MaxValue, FrameShape = [4096, 4096] }, good with { Path = Hdf5FrameStoreFactory.RecordedPath }];
        foreach (var dataset in wrong)
            await Assert.ThrowsAsync<ArgumentException>(() => factory.CreateAsync(new SegmentSpec(FilePath, [dataset], []), None));
        Assert.False(File.Exists(FilePath));
    }

    [Fact]
    public async Task A_read_that_takes_too_long_is_given_up_by_name_and_others_are_refused_until_it_returns()
    {
        using var release = new ManualResetEventSlim();
        var thread = new HdfThread(() => { });
        var stuck = thread.RunAsync(
            () =>
            {
                release.Wait();
                return 0;
            },
            "a.h5: reading", TimeSpan.FromMilliseconds(1), TimeProvider.System, None);
        var timeout = await Assert.ThrowsAsync<TimeoutException>(() => stuck);
        Assert.Contains("a.h5: reading", timeout.Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<IOException>(() => thread.RunAsync(() => 0, None));
        release.Set();
    }

    private async Task AssertValuesAsync(long frames)
    {
        var expected = ChildWriter.Frames(0, (int)frames);
        Assert.Equal(expected[0].ToArray(), await Reader.ReadAsync(FilePath, Paths[0], "<f8", 0, frames, None));
        Assert.Equal(expected[2].ToArray(), await Reader.ReadAsync(FilePath, Paths[2], "<u2", 0, frames, None));
        var counts = await Reader.ReadIntegersAsync(FilePath, Paths[1], 1, frames - 1, None);
        Assert.Equal(Enumerable.Range(2, (int)frames - 1).Select(n => (long)n), counts);
        Assert.Equal([frames - 0.5], await Reader.ReadScalarsAsync(FilePath, Paths[0], frames - 1, 1, None));
    }
}
