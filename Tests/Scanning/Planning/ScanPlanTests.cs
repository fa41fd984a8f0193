using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Scanning.Trajectories;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

public sealed class ScanPlanTests
{
    private const long Ms = Beamlines.Ms;

    [Fact]
    public void A_snaked_grid_is_one_take_with_a_window_per_row()
    {
        var plan = Planned.Of(Planned.Grid(3, 100, 0.001));
        Assert.Equal((300L, 2, 300L, 1L), (plan.Frames, plan.InnerDimensions, plan.InnerLength, plan.OuterCount));
        var take = plan.NextTake(new FrameRange(0, 300));
        Assert.Equal(new FrameRange(0, 300), take);
        var programme = plan.Compile(take);
        Assert.Equal(3, programme.Triggers.Windows.Count);
        var half = 10.0 / 99 / 2;
        Assert.Equal(
            new TriggerWindow(0, true, new PositionCompare("x", -half, true), [new PulseTrain(100, 800_000, Ms)])
            {
                DelayNs = 100_000,
                TailNs = 100_000,
            },
            programme.Triggers.Windows[0]);
        var second = programme.Triggers.Windows[1];
        Assert.Equal((100L, false), (second.FirstFrame, second.Compare!.Ascending));
        Assert.Equal(10 + half, second.Compare.Position, 12);
        Assert.Equal(programme.DurationNs, programme.Trajectory!.DurationNs);
        Assert.Equal(3, new Course(programme.Trajectory).Rises().Count);
    }

    [Fact]
    public void Each_frame_bound_is_passed_at_its_time()
    {
        var plan = Planned.Of(Planned.Grid(3, 100, 0.001));
        var programme = plan.Compile(new FrameRange(0, 300));
        var course = new Course(programme.Trajectory!);
        var rises = course.Rises();
        for (var row = 0; row < 3; row++)
        {
            var window = programme.Triggers.Windows[row];
            var velocity = Math.Abs(plan.Path.UpperOf(1, window.FirstFrame) - plan.Path.LowerOf(1, window.FirstFrame)) / 0.001;
            var lead = Math.Max(Ms, Math.Min(Ms, (long)Math.Ceiling(0.02 / velocity * 1e9)));
            for (var i = 0; i < 100; i++)
            {
                var at = rises[row] + lead + i * Ms;
                Assert.Equal(plan.Path.LowerOf(1, window.FirstFrame + i), course.At(1, at).Position, 9);
                Assert.Equal(row * 1.0, course.At(0, at).Position, 9);
            }
        }
    }

    [Fact]
    public void A_rewind_into_a_window_runs_up_into_that_frame()
    {
        var plan = Planned.Of(Planned.Grid(3, 100, 0.001));
        var take = plan.NextTake(new FrameRange(137, 300));
        Assert.Equal(new FrameRange(137, 300), take);
        var programme = plan.Compile(take);
        Assert.Equal([137L, 200L], programme.Triggers.Windows.Select(w => w.FirstFrame));
        Assert.Equal(163, programme.Triggers.Frames);
        Assert.Equal(plan.Path.LowerOf(1, 137), programme.Triggers.Windows[0].Compare!.Position);
        var course = new Course(programme.Trajectory!);
        Assert.Equal(plan.Path.LowerOf(1, 137), course.At(1, course.Rises()[0] + Ms).Position, 9);
        Assert.True(programme.Trajectory!.Start[1] > plan.Path.LowerOf(1, 137), "row 1 runs down, so that its run-up begins above");
    }

    [Fact]
    public void Outer_points_are_soft_axes_at_their_midpoints()
    {
        var plan = Planned.Of(new Product(Planned.Line("temperature", 300, 310, 3), Planned.Grid(2, 10, 0.01)));
        Assert.Equal((20L, 3L, 2), (plan.InnerLength, plan.OuterCount, plan.InnerDimensions));
        Assert.Equal(["temperature"], plan.OuterAxes);
        var point = plan.OuterPointOf(25);
        Assert.Equal((1L, "temperature", 305.0), (point.Index, point.Positions[0].Axis, point.Positions[0].Position));
        Assert.Equal([new FrameRange(0, 20), new FrameRange(20, 40), new FrameRange(40, 60)], Planned.Takes(plan));
    }

    [Fact]
    public void A_step_scan_has_takes_of_one_frame_without_motion()
    {
        var plan = Planned.Of(new ConstantDuration(0.1, Planned.Line("temperature", 300, 302, 3)));
        Assert.Equal((1L, 3L, 0), (plan.InnerLength, plan.OuterCount, plan.InnerDimensions));
        Assert.Equal(3, Planned.Takes(plan).Count());
        var programme = plan.Compile(new FrameRange(1, 2));
        Assert.Null(programme.Trajectory);
        Assert.Equal(
            new TriggerProgramme([new TriggerWindow(1, false, null, [new PulseTrain(1, 99_800_000, 100 * Ms)])]), programme.Triggers);
        Assert.Equal(100 * Ms, programme.DurationNs);
    }

    [Fact]
    public void A_burst_without_axes_is_one_window_of_its_frames()
    {
        var plan = Planned.Of(new Product(Planned.Line("z", 0, 1, 2), new Product(new ConstantDuration(0.001), new Repeat(1000))));
        var programme = plan.Compile(plan.NextTake(new FrameRange(0, plan.Frames)));
        Assert.Null(programme.Trajectory);
        Assert.Equal([new PulseTrain(1000, 800_000, Ms)], Assert.Single(programme.Triggers.Windows).Trains);
    }

    [Fact]
    public void Frames_of_different_durations_keep_them_in_motion_and_triggers()
    {
        // The same velocity in both halves: 0.1 mm in 1 ms, 0.2 mm in 2 ms.
        var spec = new Fly(new Concat(
            new ConstantDuration(0.001, Linspace.Bounded("x", 0, 1, 10)), new ConstantDuration(0.002, Linspace.Bounded("x", 1, 3, 10))));
        var plan = Planned.Of(spec);
        var programme = plan.Compile(new FrameRange(0, 20));
        var window = Assert.Single(programme.Triggers.Windows);
        Assert.Equal([new PulseTrain(10, 800_000, Ms), new PulseTrain(10, 1_800_000, 2 * Ms)], window.Trains);
        var course = new Course(programme.Trajectory!);
        var start = course.Rises()[0] + Ms;
        for (var frame = 0; frame < 20; frame++)
            Assert.Equal(
                plan.Path.UpperOf(0, frame), course.At(0, start + (frame < 10 ? frame + 1 : 10 + 2 * (frame - 9)) * Ms).Position, 9);
        Assert.Equal(800_000, plan.ExposureNs);
    }

    [Theory]
    [InlineData(16, 200_000)]
    [InlineData(4096, 22)]
    [InlineData(5, 30)]
    public void Takes_cover_the_scan_exactly_and_fit_the_hardware(int rows, int points)
    {
        var beamline = Beamlines.Virtual with
        {
            Box = Beamlines.Virtual.Box with { TableRows = rows, MaxRepeats = 30 },
            Controllers = [Beamlines.Virtual.Controllers[0] with { MaxPoints = points }],
        };
        var plan = Planned.Of(new Product(Planned.Line("z", 0, 1, 3), Planned.Grid(5, 100, 0.001)), beamline);
        var next = 0L;
        var takes = Planned.Takes(plan).ToList();
        foreach (var take in takes)
        {
            Assert.Equal(next, take.First);
            Assert.Equal(take.First / plan.InnerLength, (take.End - 1) / plan.InnerLength);
            var programme = plan.Compile(take);
            Assert.Equal(take.Count, programme.Triggers.Frames);
            Assert.True(programme.Trajectory!.Points <= points, $"{programme.Trajectory.Points} points in {take}");
            Assert.True(programme.Triggers.Windows.Sum(w => 3 + w.Trains.Count) <= rows);
            Assert.All(programme.Triggers.Windows, w => Assert.All(w.Trains, t => Assert.True(t.Count <= 30)));
            next = take.End;
        }
        Assert.Equal(plan.Frames, next);
        Assert.Equal(plan.Estimate.Takes, takes.Count);
        Assert.True(takes.Count > 3);
    }

    [Fact]
    public void The_estimate_is_what_the_takes_add_up_to()
    {
        var plan = Planned.Of(new Product(Planned.Line("z", 0, 1, 3), Planned.Grid(4, 50, 0.002)));
        var takes = Planned.Takes(plan).Select(plan.Compile).ToList();
        var estimate = plan.Estimate;
        Assert.Equal((600L, 12L, 3L), (estimate.Frames, estimate.Windows, estimate.Takes));
        Assert.Equal(takes.Max(t => t.DurationNs), estimate.LongestTakeNs);
        DeadTimeCause[] flown = [DeadTimeCause.RunUp, DeadTimeCause.TurnAround, DeadTimeCause.RunDown, DeadTimeCause.Readout];
        var motion = flown.Sum(estimate.DeadNs);
        Assert.Equal(takes.Sum(t => t.DurationNs), motion + estimate.ExposureNs);
        Assert.Equal(600 * 1_800_000L, estimate.ExposureNs);
        // Half a millimetre at 200 mm/s2: twice sqrt(0.5 / 200) s, twice; the axes' own way back is shorter.
        Assert.Equal(2 * 2 * Math.Sqrt(0.5 / 200) * 1e9, estimate.DeadNs(DeadTimeCause.OuterMove), 10.0);
        // z stands after 10 ms, twice; the controller's axes 5 ms after each take, and before the next while z still moves.
        Assert.Equal(35 * Ms, estimate.DeadNs(DeadTimeCause.Settle));
        Assert.Equal(600L * (64 * 48 * 2 + 8), estimate.BytesToWrite);
        Assert.Equal(estimate.TotalNs, estimate.ExposureNs + estimate.DeadTimes.Sum(d => d.Ns));
        Assert.Equal("frame", estimate.PauseGranularity);
    }

    [Fact]
    public void Compiling_twice_gives_the_same_programme_and_other_takes_another()
    {
        var plan = Planned.Of(Planned.Grid(3, 100, 0.001));
        var again = Planned.Of(Planned.Grid(3, 100, 0.001));
        Assert.Equal(plan.Compile(new FrameRange(5, 300)).Hash, again.Compile(new FrameRange(5, 300)).Hash);
        Assert.NotEqual(plan.Compile(new FrameRange(5, 300)).Hash, plan.Compile(new FrameRange(6, 300)).Hash);
    }

    [Fact]
    public void A_take_of_two_inner_scans_is_refused()
    {
        var plan = Planned.Of(new Product(Planned.Line("z", 0, 1, 3), Planned.Grid(4, 50, 0.002)));
        var wrong = Assert.Throws<ArgumentException>(() => plan.Compile(new FrameRange(100, 300)));
        Assert.Contains("Frames [100, 300) are of more than one inner scan of 200 frames.", wrong.Message);
        Assert.Throws<ArgumentOutOfRangeException>(() => plan.NextTake(new FrameRange(3, 3)));
    }
}
