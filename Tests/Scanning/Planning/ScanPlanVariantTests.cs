using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Scanning.Trajectories;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

public sealed class ScanPlanVariantTests
{
    private const long Ms = Beamlines.Ms;

    [Fact]
    public void The_hash_is_the_same_in_every_process() => Assert.StartsWith(
        "a77cadf31698fbadeed37c87b9d05ee8af13c6b06", Planned.Of(Planned.Grid(3, 100, 0.001)).Hash);

    [Fact]
    public void Every_other_inner_scan_of_odd_rows_begins_reversed()
    {
        var plan = Planned.Of(new Product(Planned.Line("z", 0, 1, 3), Planned.Grid(3, 50, 0.002)));
        var takes = Planned.Takes(plan).Select(plan.Compile).ToList();
        Assert.Equal([true, false, true], takes.Select(t => t.Triggers.Windows[0].Compare!.Ascending));
        Assert.Equal(takes.Max(t => t.DurationNs), plan.Estimate.LongestTakeNs);
        Assert.Equal(takes.Sum(t => (long)t.Triggers.Windows.Count), plan.Estimate.Windows);
    }

    [Fact]
    public void Ten_million_frames_are_planned_and_cut_into_takes()
    {
        var beamline = Beamlines.Virtual with { Detectors = [Beamlines.Virtual.Detectors[0]] };
        var plan = Planned.Of(Planned.Grid(4000, 2500, 0.001), beamline, r => r with { Detectors = ["diode"] });
        var takes = Planned.Takes(plan).ToList();
        Assert.Equal((10_000_000L, 4000L, 4L), (plan.Frames, plan.Estimate.Windows, plan.Estimate.Takes));
        Assert.Equal(10_000_000, takes.Sum(t => t.Count));
        // Four rows a window: two for live, one for the compare, one for the frames.
        Assert.Equal(4096 / 4 * 2500, takes[0].Count);
    }

    [Fact]
    public void The_report_says_what_the_plan_does()
    {
        var plan = Planned.Of(new Product(Planned.Line("z", 0, 1, 3), Planned.Grid(2, 50, 0.002)));
        var report = PlanReport.Of(plan);
        Assert.Equal([false, true, true], report.Dimensions.Select(d => d.Inner));
        Assert.Equal(new PlanReportAxis("z", "mm", 0, 1, -20, 20, Soft: true), report.Axes[0]);
        Assert.Equal([300L * 64 * 48 * 2, 300L * 8], report.Detectors.Select(d => d.Bytes));
        Assert.Equal((plan.Hash, plan.Estimate), (report.Hash, report.Estimate));
    }

    [Fact]
    public void The_hash_changes_with_what_hardware_does_and_not_with_who_asks()
    {
        var plan = Planned.Of(Planned.Grid(3, 100, 0.001));
        var another = Planned.Of(Planned.Grid(3, 100, 0.001), change: r => r with { Operator = "somebody", Visit = "cm1-1" });
        Assert.Equal(plan.Hash, another.Hash);
        Assert.NotEqual(plan.Hash, Planned.Of(Planned.Grid(3, 101, 0.001)).Hash);
        Assert.NotEqual(plan.Hash, Planned.Of(Planned.Grid(3, 100, 0.001), change: r => r with { ExposureNs = 500_000 }).Hash);
        Assert.NotEqual(plan.Hash, Planned.Of(Planned.Grid(3, 100, 0.001), Beamlines.Virtual.With("z", a => a with { High = 19 })).Hash);
    }

    [Fact]
    public void A_stepped_trajectory_axis_settles_before_each_frame()
    {
        var plan = Planned.Of(new ConstantDuration(0.01, Planned.Line("x", 0, 2, 3)));
        Assert.Equal((3L, 1L), (plan.InnerLength, plan.OuterCount));
        var programme = plan.Compile(new FrameRange(0, 3));
        Assert.All(programme.Triggers.Windows, w => Assert.Null(w.Compare));
        Assert.All(programme.Triggers.Windows, w => Assert.True(w.WaitForLive));
        var course = new Course(programme.Trajectory!);
        var rises = course.Rises();
        Assert.Equal(3, rises.Count);
        for (var frame = 0; frame < 3; frame++)
        {
            var settled = frame == 0 ? rises[0] : rises[frame] - 5 * Ms;
            for (var at = settled; at <= rises[frame] + 10 * Ms; at += Ms)
                Assert.Equal((frame, 0.0), course.At(0, at));
        }
        // Twice before a frame, and once after the take.
        Assert.Equal(15 * Ms, plan.Estimate.DeadNs(DeadTimeCause.Settle));
    }

    [Fact]
    public void A_trajectory_axis_outside_a_soft_one_is_held_at_its_outer_point()
    {
        var spec = new ConstantDuration(0.01, new Product(Planned.Line("x", 0, 2, 3), Planned.Line("z", 0, 1, 2)));
        var plan = Planned.Of(spec);
        Assert.Equal((1L, 6L, 0), (plan.InnerLength, plan.OuterCount, plan.InnerDimensions));
        Assert.Equal(["z"], plan.OuterAxes);
        var programme = plan.Compile(new FrameRange(4, 5));
        Assert.Equal([2.0], programme.Trajectory!.Start);
        Assert.All(programme.Trajectory.Positions, p => Assert.Equal(2.0, p));
        Assert.True(Assert.Single(programme.Triggers.Windows).WaitForLive);
        Assert.Contains(true, programme.Trajectory.Live);
        Assert.Contains("axis x, frame 4: the position is outside the soft limits", Planned.Problems(
            spec with { Spec = new Product(Planned.Line("x", 0, 60, 3), Planned.Line("z", 0, 1, 2)) }));
    }

    [Fact]
    public void Fewer_inner_dimensions_make_more_outer_steps()
    {
        var plan = Planned.Of(Planned.Grid(3, 100, 0.001), change: r => r with { InnerDimensions = 1 });
        Assert.Equal((100L, 3L), (plan.InnerLength, plan.OuterCount));
        Assert.Empty(plan.OuterAxes);
        var second = plan.Compile(plan.NextTake(new FrameRange(100, 300)));
        Assert.Equal(1.0, second.Trajectory!.Start[0]);
        Assert.False(Assert.Single(second.Triggers.Windows).Compare!.Ascending);
    }

    [Theory]
    [InlineData(ShutterMode.PerWindow, 3, 15)]
    [InlineData(ShutterMode.PerFrame, 30, 150)]
    [InlineData(ShutterMode.PerScan, 1, 5)]
    public void A_shutter_that_software_opens_ends_takes(ShutterMode mode, int takes, int leadMs)
    {
        var plan = Planned.Of(Planned.Grid(3, 10, 0.01), change: r => r with { Shutter = mode });
        Assert.Equal(takes, Planned.Takes(plan).Count());
        Assert.Equal(takes, plan.Estimate.Takes);
        Assert.Equal(leadMs * Ms, plan.Estimate.DeadNs(DeadTimeCause.Shutter));
    }

    [Fact]
    public void Durations_of_an_outer_dimension_reach_each_inner_scan()
    {
        var outer = new Concat(
            new ConstantDuration(0.01, Planned.Line("z", 0, 1, 2)), new ConstantDuration(0.02, Planned.Line("z", 2, 3, 2)));
        var plan = Planned.Of(new Fly(new Product(outer, Planned.Line("x", 0, 1, 10))));
        var takes = Planned.Takes(plan).Select(plan.Compile).ToList();
        Assert.Equal([10 * Ms, 10 * Ms, 20 * Ms, 20 * Ms], takes.Select(t => t.Triggers.Windows[0].Trains[0].PeriodNs));
        var framesNs = plan.Estimate.ExposureNs + plan.Estimate.DeadNs(DeadTimeCause.Readout);
        Assert.Equal(takes.Sum(t => t.Triggers.Windows.Sum(w => w.DurationNs)), framesNs);
        Assert.Equal(takes.Max(t => t.DurationNs), plan.Estimate.LongestTakeNs);
    }

    [Fact]
    public void Durations_are_whole_ticks_so_that_motion_and_triggers_stay_together()
    {
        var plan = Planned.Of(new ConstantDuration(1.0 / 3, new Fly(Planned.Line("x", 0, 9, 1000))));
        var programme = plan.Compile(new FrameRange(0, 1000));
        var train = Assert.Single(programme.Triggers.Windows[0].Trains);
        Assert.Equal(333_333_336, train.PeriodNs);
        var course = new Course(programme.Trajectory!);
        // The lead is one frame here, shorter than the encoder's tolerance takes: 0.009 mm against 0.02 mm.
        var start = course.Rises()[0] + train.PeriodNs;
        Assert.Equal(plan.Path.UpperOf(0, 999), course.At(0, start + 1000 * train.PeriodNs).Position, 7);
        Assert.All(programme.Trajectory!.DurationsNs, d => Assert.InRange(d, Ms, 4000 * Ms));
    }

    [Fact]
    public void A_frame_longer_than_the_longest_segment_is_cut()
    {
        var plan = Planned.Of(new ConstantDuration(9, new Fly(Planned.Line("x", 0, 9, 2))));
        Assert.All(plan.Compile(new FrameRange(0, 2)).Trajectory!.DurationsNs, d => Assert.InRange(d, Ms, 4000 * Ms));
    }

    [Fact]
    public void A_curved_path_is_met_at_bounds_and_midpoints()
    {
        var plan = Planned.Of(new ConstantDuration(0.1, new Fly(new Spiral("x", 0, 4, 0.2, "y", 0, 4))));
        var programme = plan.Compile(new FrameRange(0, plan.Frames));
        var compare = Assert.Single(programme.Triggers.Windows).Compare!;
        var course = new Course(programme.Trajectory!);
        var xColumn = plan.Path.Axes.ToList().IndexOf("x");
        var start = Start(course, programme.Triggers.Windows[0], plan);
        for (var frame = 0; frame < plan.Frames; frame++)
        {
            Assert.Equal(plan.Path.LowerOf(xColumn, frame), course.At(xColumn, start + frame * 100 * Ms).Position, 1e-6);
            Assert.Equal(plan.Path.MidpointOf(xColumn, frame), course.At(xColumn, start + frame * 100 * Ms + 50 * Ms).Position, 1e-6);
        }
        Assert.Contains(compare.Axis, plan.Path.Axes);
    }

    [Fact]
    public void Frames_shorter_than_a_segment_are_thinned_on_a_curve()
    {
        var circle = new ConstantDuration(0.0005, new Fly(new Spiral("x", 0, 4, 0.02, "y", 0, 4)));
        var strong = Beamlines.Virtual.With("x", a => a with { MaxAcceleration = 1e6 }).With("y", a => a with { MaxAcceleration = 1e6 });
        var plan = Planned.Of(circle, strong, r => r with { Detectors = ["diode"] });
        var trajectory = plan.Compile(plan.NextTake(new FrameRange(0, plan.Frames))).Trajectory!;
        Assert.All(trajectory.DurationsNs, d => Assert.InRange(d, Ms, 4000 * Ms));
    }

    [Fact]
    public void Random_grids_hold_every_limit_at_every_take()
    {
        var grids = from rows in Gen.Choose(1, 5)
                    from columns in Gen.Choose(1, 40)
                    from widthUm in Gen.Choose(100, 20_000)
                    from periodUs in Gen.Choose(600, 20_000)
                    from first in Gen.Choose(0, 100)
                    from snake in Gen.Elements(true, false)
                    select (rows, columns, widthUm, periodUs, first, snake);
        var proved = 0;
        Prop.ForAll(grids.ToArbitrary(), g =>
        {
            Spec x = Planned.Line("x", 0, g.widthUm / 1000.0, g.columns);
            var grid = new Product(Planned.Line("y", 0, 2, g.rows), g.snake ? new Snake(x) : x);
            var spec = new ConstantDuration(g.periodUs / 1e6, new Fly(grid));
            if (Planned.Try(spec) is not PlanResult.Proved { Plan: var plan })
                return;
            proved++;
            var take = plan.NextTake(new FrameRange(g.first % plan.Frames, plan.Frames));
            var programme = plan.Compile(take);
            Assert.Equal(take.Count, programme.Triggers.Frames);
            HoldsLimits(programme, plan);
        }).Check(PropertyCases.Of(200));
        Assert.True(proved > 50, $"only {proved} of 200 grids were within limits");
    }

    private static void HoldsLimits(TakeProgramme programme, ScanPlan plan)
    {
        var course = new Course(programme.Trajectory!);
        Assert.Equal(programme.Triggers.Windows.Count, course.Rises().Count);
        Assert.All(programme.Trajectory!.DurationsNs, d => Assert.InRange(d, Ms, 4000 * Ms));
        for (var axis = 0; axis < course.Axes; axis++)
        {
            var limits = plan.Beamline.Axes.First(a => a.Name == programme.Trajectory!.Axes[axis]);
            var acceleration = course.TopAcceleration(axis);
            Assert.True(acceleration <= limits.MaxAcceleration * (1 + 1e-9) + 1e-4, $"{limits.Name} {acceleration}");
            for (var i = 0; i < programme.Trajectory!.Points; i++)
            {
                var (position, velocity) = course.Point(axis, i);
                Assert.InRange(position, limits.Low, limits.High);
                Assert.True(Math.Abs(velocity) <= limits.MaxVelocity * (1 + 1e-9));
            }
            Assert.Equal(0, course.Point(axis, programme.Trajectory.Points - 1).Velocity);
        }
    }

    private static long Start(Course course, TriggerWindow window, ScanPlan plan)
    {
        // The lead ends where the compare axis is at its position; live may rise up to a frame before.
        var axis = course.Trajectory.Axes.ToList().IndexOf(window.Compare!.Axis);
        var points = Enumerable.Range(0, course.Trajectory.Points);
        var point = points.First(i => Math.Abs(course.Point(axis, i).Position - window.Compare.Position) < 1e-9);
        Assert.True(plan.Frames > 0);
        return course.Times[point];
    }
}
