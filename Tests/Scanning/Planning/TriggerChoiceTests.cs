using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Scanning.Trajectories;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>What opens windows and begins frames, and where exposures stand in them.</summary>
public sealed class TriggerChoiceTests
{
    private const long Ms = Beamlines.Ms;

    private static readonly Spec Grid = Planned.Grid(3, 100, 0.001);

    [Fact]
    public void Windows_by_position_and_frames_by_time_compare_the_encoder_in_its_direction()
    {
        var windows = Triggers(Grid).Windows;
        Assert.Equal([true, false, true], windows.Select(w => w.Compare!.Ascending));
        Assert.All(windows, w => Assert.Equal([new PulseTrain(100, 800_000, Ms)], w.Trains));
    }

    [Fact]
    public void Windows_by_the_set_point_begin_as_live_rises_at_their_first_frame()
    {
        var plan = Planned.Of(Grid, change: r => r with { WindowTrigger = WindowTrigger.SetPoint });
        var programme = plan.Compile(new FrameRange(0, 300));
        Assert.All(programme.Triggers.Windows, w => Assert.Null(w.Compare));
        var course = new Course(programme.Trajectory!);
        foreach (var (window, rise) in programme.Triggers.Windows.Zip(course.Rises()))
            Assert.Equal(plan.Path.LowerOf(1, window.FirstFrame), course.At(1, rise).Position, 9);
    }

    [Fact]
    public void Windows_by_time_need_axes_that_stand()
    {
        var burst = new Product(Planned.Line("z", 0, 1, 2), new Product(new ConstantDuration(0.001), new Repeat(100)));
        var window = Assert.Single(Triggers(burst, r => r with { WindowTrigger = WindowTrigger.Time }).Windows);
        Assert.Equal((false, null, 0L), (window.WaitForLive, window.Compare, window.DelayNs));
        Assert.Equal(
            "trigger box panda, windowTrigger: time alone does not know when the axes are there: time; allowed: position or setPoint, "
            + "where axes of a controller take part. Leave windowTrigger out, or say setPoint.",
            Planned.Problems(Grid, change: r => r with { WindowTrigger = WindowTrigger.Time }));
    }

    [Theory]
    [InlineData(ExposurePlacement.Centred, 0.125)]
    [InlineData(ExposurePlacement.Leading, 0.0)]
    public void Frames_by_position_begin_at_their_own_places_in_both_directions(ExposurePlacement placement, double lead)
    {
        var plan = Planned.Of(Grid, change: r => r with { FrameTrigger = FrameTrigger.Position, ExposurePlacement = placement });
        var windows = plan.Compile(new FrameRange(0, 300)).Triggers.Windows;
        Assert.Equal(3, windows.Count);
        foreach (var window in windows)
        {
            Assert.Equal(Enumerable.Repeat(1, 100), window.Trains.Select(t => t.Count));
            Assert.Null(window.Trains[0].At);
            for (var i = 1; i < 100; i++)
            {
                var (from, to) = (plan.Path.LowerOf(1, window.FirstFrame + i), plan.Path.UpperOf(1, window.FirstFrame + i));
                Assert.Equal(from + lead * (to - from), window.Trains[i].At!.Value, 9);
            }
        }
    }

    [Fact]
    public void Frames_by_position_take_two_rows_each()
    {
        var plan = Planned.Of(Planned.Grid(1, 5000, 0.001), change: r => r with { FrameTrigger = FrameTrigger.Position });
        // Three rows open the window, one fires its first frame, two each of the others: 2046 of them in 4096.
        Assert.Equal([2047L, 2047, 906], Planned.Takes(plan).Select(t => t.Count));
    }

    [Fact]
    public void Frames_by_position_need_windows_by_position_of_an_axis_that_goes_on()
    {
        Assert.Contains(
            "frames begin by position only in windows that do", Planned.Problems(Grid, change: r => r with
            {
                FrameTrigger = FrameTrigger.Position,
                WindowTrigger = WindowTrigger.SetPoint,
            }));
        var noEncoder = Beamlines.Virtual.With("x", a => a with { Encoder = null });
        Assert.Contains("frame 0, frameTrigger: the frame cannot begin by position", Planned.Problems(
            Grid, noEncoder, r => r with { FrameTrigger = FrameTrigger.Position }));
        var round = new ConstantDuration(0.01, new Fly(new Spiral("x", 0, 5, 1, "y", 0, 5)));
        Assert.Contains("the frame cannot begin by position", Planned.Problems(
            round, change: r => r with { FrameTrigger = FrameTrigger.Position }));
    }

    [Theory]
    [InlineData(ExposurePlacement.Centred)]
    [InlineData(ExposurePlacement.Leading)]
    public void Rows_of_a_snake_are_exposed_at_the_same_places_when_centred(ExposurePlacement placement)
    {
        var plan = Planned.Of(Grid, change: r => r with { ExposurePlacement = placement });
        var programme = plan.Compile(new FrameRange(0, 300));
        var course = new Course(programme.Trajectory!);
        List<double>[] rows = [[], []];
        var flown = TakeTimeline.Of(programme).Where(s => s.Phase == TakePhase.Frames);
        foreach (var (stretch, window) in flown.Zip(programme.Triggers.Windows))
            for (var i = 0; i < 100 && stretch.Frames.First < 200; i++)
            {
                var start = stretch.StartNs + window.DelayNs + i * Ms;
                rows[stretch.Frames.First / 100].Add((course.At(1, start).Position + course.At(1, start + 800_000).Position) / 2);
            }
        rows[1].Reverse();
        // Half the dead time at 101 mm/s, away from the midpoint in each direction.
        var apart = placement == ExposurePlacement.Centred ? 0 : 2 * 100e-6 * 10.0 / 99 / 0.001;
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal(plan.Path.MidpointOf(1, i), (rows[0][i] + rows[1][i]) / 2, 6);
            Assert.Equal(apart, rows[1][i] - rows[0][i], 6);
        }
    }

    [Fact]
    public void Exposures_of_one_length_are_centred_in_frames_of_many()
    {
        var spec = new Fly(new Concat(
            new ConstantDuration(0.001, Linspace.Bounded("x", 0, 1, 10)), new ConstantDuration(0.002, Linspace.Bounded("x", 1, 3, 10))));
        var window = Assert.Single(Triggers(spec, r => r with { ExposureNs = 500_000 }).Windows);
        var (at, frame) = (window.DelayNs, 0L);
        foreach (var train in window.Trains)
            for (var i = 0; i < train.Count; i++, at += train.PeriodNs)
            {
                var durationNs = frame < 10 ? Ms : 2 * Ms;
                var frameStart = frame < 10 ? frame * Ms : 10 * Ms + (frame - 10) * 2 * Ms;
                Assert.Equal(frameStart + (durationNs - 500_000) / 2, at);
                frame++;
            }
        Assert.Equal((20, 30 * Ms), (frame, window.FramesNs));
        // The last exposure began 0.75 ms into its frame: the box is done at the frame's end, in time for the next window.
        Assert.Equal((0L, 1_250_000L), (window.TailNs, window.Trains[^1].PeriodNs));
    }

    [Fact]
    public void The_timeline_adds_up_and_meets_the_frames()
    {
        var plan = Planned.Of(Grid);
        var programme = plan.Compile(new FrameRange(0, 300));
        var course = new Course(programme.Trajectory!);
        var stretches = TakeTimeline.Of(programme).ToList();
        TakePhase[] row = [TakePhase.Frames, TakePhase.TurnAround];
        TakePhase[] phases = [TakePhase.RunUp, .. row, .. row, TakePhase.Frames, TakePhase.RunDown];
        Assert.Equal(phases, stretches.Select(s => s.Phase));
        Assert.Equal(0, stretches[0].StartNs);
        Assert.All(stretches.Skip(1).Zip(stretches), pair => Assert.Equal(pair.Second.EndNs, pair.First.StartNs));
        Assert.Equal(programme.DurationNs, stretches[^1].EndNs);
        foreach (var frames in stretches.Where(s => s.Phase == TakePhase.Frames))
        {
            Assert.Equal(plan.Path.LowerOf(1, frames.Frames.First), course.At(1, frames.StartNs).Position, 6);
            Assert.Equal(plan.Path.UpperOf(1, frames.Frames.End - 1), course.At(1, frames.EndNs).Position, 6);
        }
    }

    private static TriggerProgramme Triggers(Spec spec, Func<ScanRequest, ScanRequest>? change = null)
    {
        var plan = Planned.Of(spec, change: change);
        return plan.Compile(plan.NextTake(new FrameRange(0, plan.Frames))).Triggers;
    }
}
