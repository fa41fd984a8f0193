using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Detectors;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Simulation;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Tests.Architecture;
using Flyscan.Tests.Hardware.Motion;
using Xunit;
using static Flyscan.Tests.Hardware.Simulation.BeamlineBench;

namespace Flyscan.Tests.Hardware.Simulation;

public sealed class VirtualBeamlineTests
{
    private const int Frames = 100;
    private const long ExposureNs = 1_000_000;
    private static readonly TakeMark Mark = new(77);
    private static readonly CancellationToken None = CancellationToken.None;

    [SourceFact]
    public async Task A_whole_take_over_TCP_records_every_frame_of_camera_and_box()
    {
        await using var bench = new BeamlineBench();
        await FlyAsync(bench);
        var camera = Assert.Single(bench.Stores.Segments).Value;
        Assert.EndsWith("data/cam.0001.h5", camera.Segment.Path);
        Assert.Equal([Frames, Frames, Frames], camera.Lengths());
        var (numbers, times) = (Longs(camera, 1), Longs(camera, 2));
        Assert.Equal(Enumerable.Range(0, Frames).Select(i => (long)i), numbers);
        // The box times the frames, so that they are exactly a period apart.
        Assert.All(times.Skip(1).Zip(times), pair => Assert.Equal(2 * ExposureNs, pair.First - pair.Second));
        for (var frame = 0; frame < Frames; frame++)
        {
            var image = camera.Read(0, frame, 1).Span;
            Assert.Equal((uint)frame, BinaryPrimitives.ReadUInt32LittleEndian(image));
            Assert.Equal(CameraFrames.Hash(frame), BinaryPrimitives.ReadUInt32LittleEndian(image[4..]));
        }
        Assert.All(Assert.Single(bench.DriverStores.Segments).Value.Lengths(), length => Assert.Equal(Frames, length));
    }

    [SourceFact]
    public async Task In_real_time_a_take_is_the_same()
    {
        await using var bench = new BeamlineBench(timeScale: 1);
        await FlyAsync(bench);
        Assert.Equal([Frames, Frames, Frames], Assert.Single(bench.Stores.Segments).Value.Lengths());
    }

    [SourceFact]
    public async Task The_same_seed_gives_the_same_samples_and_rest_and_another_seed_another_rest()
    {
        var (first, again, other) = (await SamplesAsync(1), await SamplesAsync(1), await SamplesAsync(2));
        Assert.Equal(first.Samples, again.Samples);
        Assert.Equal(first.EndPosition, again.EndPosition);
        Assert.NotEqual(first.EndPosition, other.EndPosition);
    }

    [SourceFact]
    public async Task The_shutter_the_soft_axes_and_the_ring_do_what_they_are_told()
    {
        await using var bench = new BeamlineBench();
        var shutter = await bench.ConnectAsync<IShutter>("shutter");
        Assert.Equal(ShutterPosition.Closed, Do(await shutter.GetAsync(None)));
        Assert.Equal(ShutterPosition.Open, Do(await shutter.SetAsync(true, None)));
        Do(await shutter.MakeSafeAsync(None));
        Assert.Equal(ShutterPosition.Closed, Do(await shutter.GetAsync(None)));
        var z = await bench.ConnectAsync<ISettable>("z");
        Assert.InRange(Do(await z.MoveAsync(-7.5, None)), -7.5001, -7.4999);
        Assert.Contains("21 mm is outside its limits -20 to 20", (await z.MoveAsync(21, None)).Problem);
        var temperature = await bench.ConnectAsync<ISettable>("temperature");
        Assert.InRange(Do(await temperature.MoveAsync(120, None)), 119.9, 120.1);
        var ring = await bench.ConnectAsync<IBeamMonitor>("ring");
        Assert.InRange(Do(await ring.ReadAsync(None)).Value, 299, 300);
        Do(await ((Flyscan.Hardware.Devices.VirtualRingDriver)ring).SetCurrentAsync(0, None));
        Assert.Equal(0, Do(await ring.ReadAsync(None)).Value);
    }

    [SourceFact]
    public async Task A_programme_and_a_staging_outlive_the_client_that_began_them()
    {
        await using var bench = new BeamlineBench();
        var motion = await bench.ConnectAsync<IMotionController>("motion");
        var camera = await bench.ConnectAsync<IRecorder>("cam");
        var staged = Do(await camera.StageAsync(Staging(), None));
        Do(await motion.LoadAsync(Mark, Sweeps.X(), None));
        Do(await motion.MoveToStartAsync(Mark, None));
        Do(await motion.StartAsync(Mark, None));
        await motion.DisposeAsync();
        await camera.DisposeAsync();

        var motionAgain = await bench.ConnectAsync<IMotionController>("motion");
        var cameraAgain = await bench.ConnectAsync<IRecorder>("cam");
        var done = Do(await motionAgain.WaitDoneAsync(Mark, None));
        Assert.Equal((MotionPhase.Done, Mark), (done.Phase, done.Mark));
        var adopted = Do(await cameraAgain.AdoptAsync(Staging() with { Segment = 2, Epoch = 2 }, staged.Session, 0, None));
        Assert.Equal((staged.Segment, false, 0), (adopted!.Session.Segment, adopted.NewSegment, adopted.FirstPosition));
        Assert.Null(Do(await cameraAgain.AdoptAsync(Staging(), "cam-other-1", 0, None)));
        Assert.Equal(0, Do(await cameraAgain.UnstageAsync(staged.Restore, None)));
        Assert.Null(Do(await cameraAgain.GetStatusAsync(None)).Session);
    }

    [SourceFact]
    public async Task A_trajectory_that_breaks_a_limit_is_refused_with_place_and_limit()
    {
        await using var bench = new BeamlineBench();
        var motion = await bench.ConnectAsync<IMotionController>("motion");
        var refused = await motion.LoadAsync(Mark, Sweeps.X([0, 60, 60.05], [10, 10, 0]), None);
        Assert.Equal("refused: motion: axis x, segment to point 1: goes from 0 to 60 mm; limits are -50 to 50", refused.Problem);
        Assert.Equal(MotionPhase.Idle, Do(await motion.GetStatusAsync(None)).Phase);
    }

    [SourceFact]
    public async Task The_end_of_the_beamline_is_told_as_a_loss_and_ends_waits()
    {
        await using var bench = new BeamlineBench(timeScale: 1);
        var motion = await bench.ConnectAsync<IMotionController>("motion");
        var lost = new TaskCompletionSource<string>();
        motion.Lost += lost.SetResult;
        Do(await motion.LoadAsync(Mark, Sweeps.X([0, 2, 2.05], [0, 0, 0], [50 * Sweeps.Ms, 4000 * Sweeps.Ms, 50 * Sweeps.Ms]), None));
        Do(await motion.MoveToStartAsync(Mark, None));
        Assert.Equal(MotionPhase.Running, Do(await motion.StartAsync(Mark, None)).Phase);
        var waiting = motion.WaitDoneAsync(Mark, None);
        await bench.Beamline.StopAsync();
        Assert.Contains("connection to 127.0.0.1", (await waiting).Problem);
        Assert.StartsWith("motion: connection to 127.0.0.1", await lost.Task);
        Assert.Contains("connect first", (await motion.GetStatusAsync(None)).Problem);
        await bench.Beamline.Completed;
    }

    [SourceFact]
    public async Task Cancelling_a_move_stops_the_axis()
    {
        await using var bench = new BeamlineBench(timeScale: 1);
        var z = await bench.ConnectAsync<ISettable>("z");
        using var cancel = new CancellationTokenSource();
        var moving = z.MoveAsync(20, cancel.Token);
        // In order on one connection: once this is answered, the move has begun.
        Assert.InRange(Do(await z.ReadAsync(None)), -1, 19);
        await cancel.CancelAsync();
        Assert.IsType<Flyscan.Scanning.Units.Outcome<double>.Cancelled>(await moving);
        var rest = Do(await z.ReadAsync(None));
        Assert.InRange(rest, -1, 19);
        Assert.Equal(rest, Do(await z.ReadAsync(None)));
    }

    [Theory]
    [InlineData("motor-port = 15067, epics-port = 0", 1, "an IOC of their own moves the motors or, with epics-port, this world")]
    [InlineData("motor-port = 15067", 0.5, "an IOC moves its motors in real time, and this beamline would run at time scale 0.5; take 1")]
    public void Motors_of_an_IOC_elsewhere_need_a_world_that_fits(string simulation, double timeScale, string expected)
    {
        var beamline = new HoconSettings("b", HoconConfiguration.Parse($"simulation {{ {simulation} }}\ndevices {{ }}", "f"));
        var options = new VirtualBeamlineOptions
        {
            TimeScale = timeScale,
            Stores = new InMemoryFrameStoreFactory(),
            Time = TimeProvider.System,
        };
        Assert.Contains(expected, Assert.Throws<SettingsException>(() => VirtualBeamline.Start(beamline, options)).Message);
    }

    [SourceFact]
    public void A_port_in_use_is_named()
    {
        using var taken = new TcpListener(IPAddress.Loopback, 0);
        taken.Start();
        var port = ((IPEndPoint)taken.LocalEndpoint).Port;
        var options = new VirtualBeamlineOptions
        {
            Stores = new InMemoryFrameStoreFactory(),
            Time = TimeProvider.System,
            Ports = new Dictionary<string, int> { ["simulation.port"] = port },
        };
        var error = Assert.Throws<IOException>(() => VirtualBeamline.Start(BeamlineBench.Settings(), options));
        Assert.Contains($"127.0.0.1:{port}", error.Message);
    }

    [SourceFact]
    public async Task It_ends_by_itself_after_the_idle_time_without_a_client_and_not_before()
    {
        var time = new ManualTime();
        await using var bench = new BeamlineBench(time: time);
        var z = await bench.ConnectAsync<ISettable>("z");
        time.Advance(TimeSpan.FromMinutes(11));
        Assert.False(bench.Beamline.Completed.IsCompleted);
        Do(await z.ReadAsync(None));
        await z.DisposeAsync();
        // The idle time begins when the world has seen the client go.
        await time.TimerChanged;
        time.Advance(TimeSpan.FromMinutes(10));
        await bench.Beamline.Completed;
    }

    [SourceFact]
    public async Task Nobody_there_is_named()
    {
        var bench = new BeamlineBench();
        var z = bench.Create<ISettable>("z");
        await bench.Beamline.StopAsync();
        Assert.Contains("z: Cannot connect to 127.0.0.1", (await z.ConnectAsync(None)).Problem);
        await bench.DisposeAsync();
    }

    private static async Task<(byte[] Samples, double EndPosition)> SamplesAsync(ulong seed)
    {
        await using var bench = new BeamlineBench(seed: seed);
        await FlyAsync(bench);
        var box = Assert.Single(bench.DriverStores.Segments).Value;
        var status = Do(await (await bench.ConnectAsync<IMotionController>("motion")).GetStatusAsync(None));
        byte[] samples = [.. Enumerable.Range(0, box.Segment.Datasets.Count).SelectMany(d => box.Read(d, 0, Frames).ToArray())];
        return (samples, status.Positions[0].Position);
    }

    private static async Task FlyAsync(BeamlineBench bench)
    {
        var motion = await bench.ConnectAsync<IMotionController>("motion");
        var box = await bench.ConnectAsync<ITriggerBox>("panda");
        var camera = await bench.ConnectAsync<IRecorder>("cam");
        var cameraSession = Do(await camera.StageAsync(Staging(), None));
        var boxSession = Do(await box.StageAsync(Staging(), None));
        Do(await motion.LoadAsync(Mark, Sweeps.X(), None));
        Do(await box.LoadAsync(Mark, Programme(), None));
        Do(await motion.MoveToStartAsync(Mark, None));
        Assert.Equal(-0.05, Do(await box.ReadEncoderAsync("x", None)), 0.0005);
        Do(await camera.ArmAsync(Frames, None));
        Do(await box.ArmAsync(Frames, None));
        var recorded = new TaskCompletionSource();
        camera.Recorded += frames =>
        {
            if (frames >= Frames)
                recorded.TrySetResult();
        };
        camera.WatchFor(Frames);
        Do(await box.EnableAsync(Mark, None));
        Do(await motion.StartAsync(Mark, None));
        Assert.Equal(MotionPhase.Done, Do(await motion.WaitDoneAsync(Mark, None)).Phase);
        Assert.Equal(Frames, Do(await box.WaitDoneAsync(Mark, 0, None)).Triggered);
        await recorded.Task;
        var status = Do(await camera.GetStatusAsync(None));
        Assert.Equal((Frames, Frames, 0, (string?)null), (status.Acquired, status.Recorded, status.Missed.Count, status.Fault));
        Assert.Equal(Frames, Do(await box.UnstageAsync(boxSession.Restore, None)));
        Assert.Equal(Frames, Do(await camera.UnstageAsync(cameraSession.Restore, None)));
    }

    private static RecorderStaging Staging() => new("scan", 1, "/runs/scan", 1, ExposureNs, 1000, ["diode", "cam"]);

    private static TriggerProgramme Programme() =>
        new([new TriggerWindow(0, true, null, [new PulseTrain(Frames, ExposureNs, 2 * ExposureNs)])]);

    private static long[] Longs(InMemoryFrameStore store, int dataset)
    {
        var bytes = store.Read(dataset, 0, Frames).Span;
        var values = new long[Frames];
        for (var i = 0; i < Frames; i++)
            values[i] = BinaryPrimitives.ReadInt64LittleEndian(bytes[(8 * i)..]);
        return values;
    }
}
