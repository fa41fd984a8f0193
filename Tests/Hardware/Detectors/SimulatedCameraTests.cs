using System.Buffers.Binary;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Detectors;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Hardware.Detectors;

public sealed class SimulatedCameraTests : IDisposable
{
    private const long Us = 1_000;
    private const long Ms = 1_000_000;
    private const long ExposureNs = Ms;
    private readonly SimulatedWorld _world = new(0, TimeProvider.System);
    private readonly InMemoryFrameStoreFactory _stores = new();
    private readonly BitSignal _trigger = new();

    public void Dispose() => _world.Dispose();

    [Fact]
    public async Task A_trigger_within_exposure_and_dead_time_is_missed_and_listed()
    {
        var camera = Camera();
        await StagedAsync(camera);
        Assert.Null(await OnWorldAsync(() => camera.Arm(100)));
        // Busy for 1.2 ms after each accepted one: 1.1999 ms is too soon, 1.2 ms is not.
        await TriggerAsync(0, 1200 * Us - 1, 1200 * Us, 2400 * Us, 2500 * Us, 2600 * Us, 3600 * Us);
        Assert.Equal(4, await UnstagedAsync(camera));
        Assert.Equal([new FrameRange(1, 2), new FrameRange(4, 6)], _session!.Missed);
        Assert.Equal((7, 4, false), (_session.Triggers, _session.Acquired, _session.IsOverflowed));
        var store = Assert.Single(_stores.Segments).Value;
        Assert.Equal([0, 2, 3, 6], Longs(store, 1, 4));
        Assert.Equal([0, 1200 * Us, 2400 * Us, 3600 * Us], Longs(store, 2, 4).Select(t => t - Longs(store, 2, 1)[0]));
    }

    [Fact]
    public async Task Triggers_faster_than_the_least_period_are_missed_however_short_the_exposure()
    {
        var camera = Camera();
        await StagedAsync(camera, exposureNs: 10 * Us);
        await OnWorldAsync(() => camera.Arm(100));
        await TriggerAsync(0, 499 * Us, 500 * Us);
        Assert.Equal(2, await UnstagedAsync(camera));
        Assert.Equal([new FrameRange(1, 2)], _session!.Missed);
    }

    [Fact]
    public async Task Only_as_many_frames_as_it_was_armed_for_are_taken()
    {
        var camera = Camera();
        await StagedAsync(camera);
        await OnWorldAsync(() => camera.Arm(2));
        await TriggerAsync(0, 5 * Ms, 10 * Ms);
        Assert.False(await OnWorldAsync(() => _session!.IsAccepting));
        await OnWorldAsync(() => camera.Arm(1));
        await TriggerAsync(0);
        Assert.Equal(3, await UnstagedAsync(camera));
        Assert.Equal([0, 1, 3], Longs(_stores.Segments.Values.Single(), 1, 3));
    }

    [Fact]
    public async Task Of_very_many_missed_triggers_the_first_thousand_are_listed()
    {
        var camera = Camera();
        await StagedAsync(camera);
        await TriggerAsync([.. Enumerable.Range(0, 1500).Select(i => i * 10L)]);
        Assert.Equal((new FrameRange(0, 1000), true), (Assert.Single(_session!.Missed), _session.IsOverflowed));
    }

    [Fact]
    public async Task A_full_disk_is_the_cameras_fault_and_stops_it_accepting()
    {
        _stores.Inject(new FrameStoreFaults(DiskFullAtBytes: 1));
        var camera = Camera();
        var faulted = new TaskCompletionSource<string>();
        camera.Faulted += faulted.SetResult;
        await StagedAsync(camera);
        await OnWorldAsync(() => camera.Arm(10));
        await TriggerAsync(0);
        var reason = await faulted.Task;
        Assert.Contains("cam.0001.h5", reason);
        Assert.False(await OnWorldAsync(() => _session!.IsAccepting));
        Assert.Equal(reason, await OnWorldAsync(() => camera.Arm(10)));
    }

    [Fact]
    public async Task A_file_that_exists_is_never_overwritten()
    {
        var camera = Camera();
        await StagedAsync(camera);
        await UnstagedAsync(camera);
        Assert.Contains("exists already", (await StageAsync(camera)).Problem);
        Assert.Null(await OnWorldAsync(() => camera.Session));
    }

    [Fact]
    public async Task Staging_again_closes_the_file_that_was_open_unless_the_epoch_is_older()
    {
        var camera = Camera();
        var first = await StagedAsync(camera, epoch: 5);
        Assert.Equal("refused: epoch 4 is older than epoch 5, which staged it", (await StageAsync(camera, segment: 2, epoch: 4)).Problem);
        var second = await StagedAsync(camera, segment: 2, epoch: 6);
        Assert.Equal(("cam-w-1", "cam-w-2"), (first, second));
        Assert.True(_stores.Segments["/runs/data/cam.0001.h5"].ClosedInOrder);
        Assert.False(_stores.Segments["/runs/data/cam.0002.h5"].ClosedInOrder);
    }

    [Fact]
    public async Task An_exposure_out_of_range_is_refused_with_the_range() => Assert.Equal(
        "refused: exposure 1 ns; cam takes 10000 to 1000000000 ns", (await StageAsync(Camera(), exposureNs: 1)).Problem);

    [Fact]
    public async Task Unstaging_lets_the_exposure_under_way_end_and_puts_the_exposure_back()
    {
        var camera = Camera();
        await StagedAsync(camera, exposureNs: 500 * Ms);
        await OnWorldAsync(() => camera.Arm(1));
        var closed = new TaskCompletionSource<Outcome<long>>();
        _world.Post(() =>
        {
            _trigger.Set(true);
            camera.Unstage(20 * Us, closed.SetResult);
        });
        Assert.Equal(new Outcome<long>.Completed(1), await closed.Task);
        Assert.Equal(20 * Us, camera.ExposureNs);
    }

    [Fact]
    public async Task Its_file_is_an_ordinary_one_that_others_read()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder.File("data"));
        var camera = Camera(new Hdf5FrameStoreFactory());
        await StagedAsync(camera, folder: folder.Path);
        await OnWorldAsync(() => camera.Arm(50));
        await TriggerAsync([.. Enumerable.Range(0, 50).Select(i => i * 2 * Ms)]);
        Assert.Equal(50, await UnstagedAsync(camera));
        var reader = new SegmentReader(TimeProvider.System, TimeSpan.FromSeconds(30));
        var path = folder.File("data/cam.0001.h5");
        Assert.Equal(
            Enumerable.Range(0, 50).Select(i => (long)i),
            await reader.ReadIntegersAsync(path, CameraFrames.NumberPath, 0, 50, CancellationToken.None));
        var image = await reader.ReadAsync(path, CameraFrames.DataPath, "<u2", 49, 1, CancellationToken.None);
        Assert.Equal(49u, BinaryPrimitives.ReadUInt32LittleEndian(image));
    }

    [Fact]
    public async Task A_folder_that_is_absent_is_told()
    {
        using var folder = new TemporaryFolder();
        Assert.Contains(folder.Path, (await StageAsync(Camera(new Hdf5FrameStoreFactory()), folder: folder.Path)).Problem);
    }

    private CameraSession? _session;

    private SimulatedCamera Camera(IFrameStoreFactory? stores = null)
    {
        var detector = new DetectorDescription("cam", DetectorKind.Triggered, 10 * Us, 1000 * Ms, 200 * Us, 500 * Us, 80, 1000, true);
        var camera = new SimulatedCamera(
            new VirtualCameraSettings("127.0.0.1", 0, detector, 8, 4),
            new CameraSurroundings(_world, stores ?? _stores, TimeProvider.System, "w", true));
        camera.TriggerOn(_trigger);
        _world.Start();
        return camera;
    }

    private async Task<string> StagedAsync(
        SimulatedCamera camera, int segment = 1, long epoch = 1, long exposureNs = ExposureNs, string folder = "/runs")
    {
        Assert.Null((await StageAsync(camera, segment, epoch, exposureNs, folder)).Problem);
        _session = await OnWorldAsync(() => camera.Session);
        return _session!.Id;
    }

    private async Task<Outcome<long>> StageAsync(
        SimulatedCamera camera, int segment = 1, long epoch = 1, long exposureNs = ExposureNs, string folder = "/runs")
    {
        var done = new TaskCompletionSource<Outcome<long>>(TaskCreationOptions.RunContinuationsAsynchronously);
        var staging = new CameraStaging("scan", epoch, folder, $"data/cam.{segment:0000}.h5", segment, exposureNs);
        _world.Post(() => camera.Stage(staging, done.SetResult));
        return await done.Task;
    }

    private async Task<long> UnstagedAsync(SimulatedCamera camera)
    {
        var done = new TaskCompletionSource<Outcome<long>>(TaskCreationOptions.RunContinuationsAsynchronously);
        _world.Post(() => camera.Unstage(null, done.SetResult));
        return Assert.IsType<Outcome<long>.Completed>(await done.Task).Value;
    }

    /// <summary>Pulses at these times from now; completes well after the last.</summary>
    private Task TriggerAsync(params long[] timesNs)
    {
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _world.Post(() =>
        {
            var now = _world.NowNs;
            foreach (var time in timesNs)
            {
                _world.At(now + time, () =>
                {
                    _trigger.Set(true);
                    _trigger.Set(false);
                });
            }
            _world.At(now + timesNs[^1] + 1000 * Ms, done.SetResult);
        });
        return done.Task;
    }

    private Task<T> OnWorldAsync<T>(Func<T> read)
    {
        var result = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        _world.Post(() => result.SetResult(read()));
        return result.Task;
    }

    private static long[] Longs(InMemoryFrameStore store, int dataset, int count)
    {
        var bytes = store.Read(dataset, 0, count).ToArray();
        return [.. Enumerable.Range(0, count).Select(i => BinaryPrimitives.ReadInt64LittleEndian(bytes.AsSpan(8 * i)))];
    }
}
