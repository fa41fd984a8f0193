using Flyscan.Hardware.Epics;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>Axes that are told only where to go and how fast: lines at one constant velocity, or a refusal by name.</summary>
public sealed class ConstantVelocityTests
{
    /// <summary>The virtual beamline with a motor each for x and y, and nothing wired to the box's live input.</summary>
    private static readonly BeamlineDescription Motors = Beamlines.Virtual with
    {
        Axes = [.. Beamlines.Virtual.Axes.Select(a => a.Controller is null ? a : a with { Controller = a.Name })],
        Controllers = [Controller("x"), Controller("y")],
        Box = Beamlines.Virtual.Box with { HasLiveInput = false },
    };

    private static ControllerDescription Controller(string axis) =>
        new(axis, [axis], 1_000, 3_600_000_000_000, 10_000) { ConstantVelocityOnly = true };

    [Fact]
    public void A_raster_flies_one_motor_line_by_line_and_steps_the_other()
    {
        var plan = Planned.Of(Planned.Grid(3, 100, 0.001), Motors);
        Assert.Equal(["y"], plan.OuterAxes);
        Assert.Equal([new FrameRange(0, 100), new FrameRange(100, 200), new FrameRange(200, 300)], Planned.Takes(plan));
        foreach (var take in Planned.Takes(plan))
        {
            var programme = plan.Compile(take);
            var window = Assert.Single(programme.Triggers.Windows);
            Assert.False(window.WaitForLive);
            Assert.Equal("x", window.Compare!.Axis);
            var line = FlownLine.Of(programme.Trajectory!, acceleration: 5000, out var problem);
            Assert.True(line is not null, problem);
            Assert.Equal(take.First == 100 ? -1 : 1, Math.Sign(line!.End - line.Start));
            Assert.Equal(101.01, line.Speed, 2);
        }
    }

    [Fact]
    public void Exposures_are_in_the_middle_of_their_frames_without_a_live_output_too()
    {
        var plan = Planned.Of(
            Planned.Grid(1, 10, 0.01), Motors,
            r => r with { ExposureNs = 2_000_000, ExposurePlacement = ExposurePlacement.Centred });
        Assert.Equal(4_000_000, plan.Compile(new FrameRange(0, 10)).Triggers.Windows[0].DelayNs);
    }

    [Fact]
    public void Either_motor_may_be_the_fast_one()
    {
        var spec = new ConstantDuration(0.01, new Fly(new Product(Planned.Line("x", 0, 2, 3), Planned.Line("y", 0, 1, 10))));
        var plan = Planned.Of(spec, Motors);
        Assert.Equal(["x"], plan.OuterAxes);
        Assert.Equal(["y"], plan.Compile(new FrameRange(0, 10)).Trajectory!.Axes);
    }

    [Fact]
    public void A_part_of_a_line_begins_at_its_own_run_up()
    {
        var plan = Planned.Of(Planned.Grid(1, 100, 0.001), Motors);
        var programme = plan.Compile(new FrameRange(40, 100));
        Assert.NotNull(FlownLine.Of(programme.Trajectory!, acceleration: 5000, out _));
        Assert.Equal(plan.Path.LowerOf(1, 40), programme.Triggers.Windows[0].Compare!.Position, 9);
    }

    [Fact]
    public void Stepping_is_refused_and_left_to_software_on_request()
    {
        var spec = new ConstantDuration(0.01, Planned.Line("x", 0, 1, 5));
        Assert.Equal(
            "axis x, the window at frame 0: a motor that flies at constant velocity cannot step from frame to frame: at rest; allowed: one "
            + "constant velocity. Put a Fly around the line of x, or set innerDimensions to 0 so that software steps it.",
            Planned.Problems(spec, Motors));
        Assert.Equal(["x"], Planned.Of(spec, Motors, r => r with { InnerDimensions = 0 }).OuterAxes);
    }

    [Fact]
    public void A_change_of_velocity_inside_a_window_is_refused()
    {
        var spec = new Concat(
            new ConstantDuration(0.01, new Fly(Linspace.Bounded("x", 0, 1, 10))),
            new ConstantDuration(0.02, new Fly(Linspace.Bounded("x", 1, 2, 10))));
        Assert.Contains("cannot change its velocity within a window: more than one velocity", Planned.Problems(spec, Motors));
    }

    [Fact]
    public void Two_motors_cannot_fly_together()
    {
        var spec = new ConstantDuration(0.01, new Fly(new Zip(Planned.Line("x", 0, 1, 10), Planned.Line("y", 0, 1, 10))));
        Assert.Contains("axis x: only axes of a trajectory controller can fly", Planned.Problems(spec, Motors));
    }

    [Fact]
    public void Without_an_encoder_nothing_begins_its_windows() => Assert.Contains(
        "axis x, controller x: a motor that flies at constant velocity has no live output: its windows begin by an encoder's position: no "
        + "encoder; allowed: an encoder at the trigger box.",
        Planned.Problems(Planned.Grid(1, 10, 0.01), Motors.With("x", a => a with { Encoder = null })));

    [Fact]
    public void Windows_by_the_set_point_are_refused() => Assert.Contains(
        "has no live output: its windows begin by position only: SetPoint; allowed: position",
        Planned.Problems(Planned.Grid(1, 10, 0.01), Motors, r => r with { WindowTrigger = WindowTrigger.SetPoint }));

    [Fact]
    public void A_box_that_begins_windows_by_live_alone_is_refused() => Assert.Contains(
        "box panda: a motor that flies at constant velocity has no live output, and the box compares no positions",
        Planned.Problems(Planned.Grid(1, 10, 0.01), Motors with { Box = Motors.Box with { ComparesPosition = false } }));
}
