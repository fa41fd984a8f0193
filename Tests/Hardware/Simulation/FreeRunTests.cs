using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Architecture;
using Flyscan.Tests.Scanning.Planning;
using Xunit;
using static Flyscan.Tests.Hardware.Simulation.BeamlineBench;

namespace Flyscan.Tests.Hardware.Simulation;

/// <summary>A camera that begins its frames by itself, on the virtual beamline over the real drivers.</summary>
public sealed class FreeRunTests
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly Spec Rows = Planned.Grid(3, 40, 0.004);

    private static readonly Spec Burst = new Product(new ConstantDuration(0.004), new Repeat(100));

    [SourceTheory]
    [InlineData(WindowTrigger.Position)]
    [InlineData(WindowTrigger.SetPoint)]
    [InlineData(WindowTrigger.Time)]
    public async Task The_camera_s_own_frames_are_counted_window_by_window_and_captured_where_they_are(WindowTrigger windows)
    {
        await using var bench = new BeamlineBench();
        var plan = Planned.Of(windows == WindowTrigger.Time ? Burst : Rows, bench.Loaded.Description, r => r with
        {
            WindowTrigger = windows,
            FrameTrigger = FrameTrigger.Detector,
        });
        Assert.Equal("cam", plan.FramesBy);
        await FlyAsync(bench, plan);
        var samples = Assert.Single(bench.DriverStores.Segments).Value;
        var starts = MemoryMarshal.Cast<byte, long>(Column(samples, "timestamp_start", plan.Frames)).ToArray();
        for (var frame = 0; frame < plan.Frames; frame++)
        {
            // By a clock that is 20 millionths slow, from when it has seen the gate.
            var inWindow = windows == WindowTrigger.Time ? frame : frame % 40;
            var first = frame - inWindow;
            Assert.InRange(starts[frame] - starts[first], inWindow * 4_000_000L, inWindow * 4_000_080L + 16);
        }
        if (windows == WindowTrigger.Time)
            return;
        var column = plan.Path.Axes.ToList().IndexOf("x");
        var places = MemoryMarshal.Cast<byte, double>(Column(samples, "x", plan.Frames)).ToArray();
        for (var frame = 0; frame < plan.Frames; frame++)
            Assert.Equal(plan.Path.MidpointOf(column, frame), places[frame], 0.02);
    }

    private static byte[] Column(InMemoryFrameStore store, string name, long frames)
    {
        var index = store.Segment.Datasets.ToList().FindIndex(d => d.Path.Split('/')[^1] == name);
        Assert.True(index >= 0, string.Join(" ", store.Segment.Datasets.Select(d => d.Path)));
        return store.Read(index, 0, frames).ToArray();
    }

    private static async Task FlyAsync(BeamlineBench bench, ScanPlan plan)
    {
        var box = await bench.ConnectAsync<ITriggerBox>("panda");
        var camera = await bench.ConnectAsync<IRecorder>("cam");
        var staging = new RecorderStaging("scan", 1, "/runs/scan", 1, plan.ExposureNs, plan.Frames, ["diode", "cam"]);
        var session = Do(await camera.StageAsync(staging with { FreeRunNs = plan.FrameNs }, None));
        var boxSession = Do(await box.StageAsync(staging, None));
        var motion = plan.Path.Axes.Count > 0 ? await bench.ConnectAsync<IMotionController>("motion") : null;
        var programme = plan.Compile(new FrameRange(0, plan.Frames));
        var mark = new TakeMark(7);
        if (motion is not null)
        {
            Do(await motion.LoadAsync(mark, programme.Trajectory!, None));
            Do(await motion.MoveToStartAsync(mark, None));
        }
        Do(await box.LoadAsync(mark, programme.Triggers, None));
        Do(await camera.ArmAsync(plan.Frames + 10, None));
        Do(await box.ArmAsync(plan.Frames, None));
        Do(await box.EnableAsync(mark, None));
        if (motion is not null)
        {
            Do(await motion.StartAsync(mark, None));
            Assert.Equal(MotionPhase.Done, Do(await motion.WaitDoneAsync(mark, None)).Phase);
        }
        Assert.Equal(plan.Frames, Do(await box.WaitDoneAsync(mark, 0, None)).Triggered);
        // Ten more than planned were armed: the gate alone ended each window.
        Assert.Equal(plan.Frames, Do(await camera.UnstageAsync(session.Restore, None)));
        Assert.Equal(plan.Frames, Do(await box.UnstageAsync(boxSession.Restore, None)));
    }
}
