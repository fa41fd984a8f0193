using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Architecture;
using Flyscan.Tests.Scanning.Planning;
using Xunit;
using Xunit.Abstractions;
using static Flyscan.Tests.Hardware.Simulation.BeamlineBench;

namespace Flyscan.Tests.Hardware.Simulation;

/// <summary>What plans say of their time, against the virtual beamline's own clock, over the real drivers.</summary>
/// <remarks>
/// The beam clock jumps from event to event, so that software takes no time on it: what the plan sets down for arming and handing over
/// is left out. The simulated axes lag, ring when they arrive and end off their targets, and encoders, box and camera have delays that
/// no plan knows of. A temperature is not among them: how it creeps up to its tolerance no beamline file says (here 46 ms a step).
/// Moves that a run makes at the same time are made one after the other, as a clock that jumps cannot wait for a second request to
/// arrive; the longest of them counts.
/// </remarks>
public sealed class EstimateTests(ITestOutputHelper output)
{
    private static readonly CancellationToken None = CancellationToken.None;

    private static readonly Spec Row = new Linspace("x", 0, 5, 50);

    public static TheoryData<string> Names => [.. Scans.Keys];

    private static readonly SortedDictionary<string, Spec> Scans = new(StringComparer.Ordinal)
    {
        ["burst"] = new Product(new Linspace("z", 0, 1, 3), new Product(new ConstantDuration(0.004), new Repeat(100))),
        ["grid, snaked"] = Flown(0.004, new Product(new Linspace("y", 0, 2, 6), new Snake(Row))),
        ["grid, all one way"] = Flown(0.004, new Product(new Linspace("y", 0, 2, 6), Row)),
        ["grid, stepped"] = new ConstantDuration(0.02, new Product(new Linspace("y", 0, 1, 4), new Linspace("x", 0, 2, 6))),
        ["line"] = Flown(0.01, Row),
        ["spiral"] = Flown(0.04, new Spiral("x", 0, 6, 0.6, "y", 0, 6)),
        ["diagonal"] = Flown(0.006, new Zip(Row, new Linspace("y", -1, 1, 50))),
        ["two pieces with a gap"] = Flown(0.005, new Concat(Row, new Linspace("x", 10, 15, 60), Gap: true)),
        ["volume by z"] = new Product(new Linspace("z", 0, 3, 4), Flown(0.004, new Product(new Linspace("y", 0, 1, 3), new Snake(Row)))),
        ["lines by z"] = new Product(new Linspace("z", -5, 5, 5), Flown(0.008, Row)),
    };

    [SourceTheory]
    [MemberData(nameof(Names))]
    public async Task A_scan_takes_what_its_plan_says_within_2_per_cent(string name)
    {
        await using var bench = new BeamlineBench();
        var plan = Planned.Of(Scans[name], bench.Loaded.Description);
        var estimate = plan.Estimate;
        var saidNs = estimate.TotalNs - estimate.DeadNs(DeadTimeCause.Arm) - estimate.DeadNs(DeadTimeCause.Handover);
        var tookNs = await FlyAsync(bench, plan);
        var off = 100.0 * (tookNs - saidNs) / saidNs;
        output.WriteLine($"{name}: {tookNs / 1e9:0.0000} s, planned {saidNs / 1e9:0.0000} s, {off:0.00} %");
        Assert.InRange(tookNs / (double)saidNs, 0.98, 1.02);
    }

    private static ConstantDuration Flown(double seconds, Spec spec) => new(seconds, new Fly(spec));

    private static async Task<long> FlyAsync(BeamlineBench bench, ScanPlan plan)
    {
        var motion = await bench.ConnectAsync<IMotionController>("motion");
        var box = await bench.ConnectAsync<ITriggerBox>("panda");
        var camera = await bench.ConnectAsync<IRecorder>("cam");
        var staging = new RecorderStaging("scan", 1, "/runs/scan", 1, plan.ExposureNs, plan.Frames, ["diode", "cam"]);
        var session = Do(await camera.StageAsync(staging, None));
        var boxSession = Do(await box.StageAsync(staging, None));
        var soft = new Dictionary<string, ISettable>();
        foreach (var axis in plan.OuterAxes)
            soft[axis] = await bench.ConnectAsync<ISettable>(axis);
        // The way to the first point is no part of the plan.
        var first = plan.NextTake(new FrameRange(0, plan.Frames));
        await GoAsync(bench, plan, first, soft);
        var besideNs = 0L;
        var startNs = bench.Beamline.NowNs;
        foreach (var take in Planned.Takes(plan))
        {
            var mark = MarkOf(take);
            var programme = plan.Compile(take);
            if (take != first)
                besideNs += await GoAsync(bench, plan, take, soft);
            Do(await box.LoadAsync(mark, programme.Triggers, None));
            Do(await camera.ArmAsync(take.Count, None));
            Do(await box.ArmAsync(take.Count, None));
            Do(await box.EnableAsync(mark, None));
            if (programme.Trajectory is not null)
            {
                Do(await motion.StartAsync(mark, None));
                Assert.Equal(MotionPhase.Done, Do(await motion.WaitDoneAsync(mark, None)).Phase);
            }
            Assert.Equal(take.End, Do(await box.WaitDoneAsync(mark, 0, None)).Triggered);
        }
        var tookNs = bench.Beamline.NowNs - startNs - besideNs;
        Assert.Equal(plan.Frames, Do(await box.UnstageAsync(boxSession.Restore, None)));
        Assert.Equal(plan.Frames, Do(await camera.UnstageAsync(session.Restore, None)));
        return tookNs;
    }

    private static TakeMark MarkOf(FrameRange take) => new((int)take.First + 1);

    /// <summary>Soft axes and the controller go to a take's start; returns what a run saves by moving them at the same time.</summary>
    private static async Task<long> GoAsync(BeamlineBench bench, ScanPlan plan, FrameRange take, Dictionary<string, ISettable> soft)
    {
        List<long> took = [0];
        var beganNs = bench.Beamline.NowNs;
        void Took()
        {
            took.Add(bench.Beamline.NowNs - beganNs);
            beganNs = bench.Beamline.NowNs;
        }
        if (plan.Compile(take).Trajectory is { } trajectory)
        {
            var motion = await bench.ConnectAsync<IMotionController>("motion");
            Do(await motion.LoadAsync(MarkOf(take), trajectory, None));
            Do(await motion.MoveToStartAsync(MarkOf(take), None));
            Took();
        }
        foreach (var point in plan.OuterPointOf(take.First).Positions)
        {
            Do(await soft[point.Axis].MoveAsync(point.Position, None));
            Took();
        }
        return took.Sum() - took.Max();
    }
}
