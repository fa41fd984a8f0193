using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Scanning.Planning.Feasibility;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>Steps of velocity, and jerk, inside windows.</summary>
public sealed class VelocityStepTests
{
    /// <summary>Ten frames at 10 mm/s, then ten at 12 mm/s.</summary>
    private static readonly Spec Stepped = new ConstantDuration(0.01, new Fly(new Concat(
        Linspace.Bounded("x", 0, 1, 10), Linspace.Bounded("x", 1, 2.2, 10))));

    private static readonly Spec Round = new ConstantDuration(0.1, new Fly(new Spiral("x", 0, 6, 0.6, "y", 0, 6)));

    [Fact]
    public void A_step_is_named_with_its_frame_and_velocities()
    {
        var step = Assert.Single(Planned.Of(Stepped).Estimate.VelocitySteps);
        Assert.Equal(("x", "mm/s", 10L, 1L), (step.Axis, step.Unit, step.Frame, step.Count));
        Assert.Equal((10, 12), (step.Before, step.After), (a, b) => Math.Abs(a.Item1 - b.Item1) + Math.Abs(a.Item2 - b.Item2) < 1e-9);
    }

    [Fact]
    public void Steps_are_refused_where_the_request_says_so() => Assert.Equal(
        "axis x, frame 10: the velocity steps inside a window: from 10 to 12 mm/s; allowed: no steps (velocitySteps: refuse). "
        + "Join the pieces with a gap (\"gap\": true), give their frames durations of one velocity, or say velocitySteps: smooth.",
        Planned.Problems(Stepped, change: r => r with { VelocitySteps = VelocitySteps.Refuse }));

    [Fact]
    public void Rows_lines_curves_and_ramps_have_no_steps()
    {
        Spec[] specs =
        [
            Planned.Grid(3, 100, 0.001), Planned.Grid(1, 2, 0.1),
            new Fly(new Durations(
                [.. Enumerable.Range(0, 100).Select(i => 0.01 * (1.5 + Math.Sin(i / 5.0)))], new Linspace("x", 0, 10, 100))),
            // Velocity goes from 10 to 20 mm/s over five frames.
            new ConstantDuration(0.01, new Fly(new Concat(Linspace.Bounded("x", 0, 0.3, 3), Ramp()))),
        ];
        foreach (var spec in specs)
            Assert.Empty(Planned.Of(spec, change: r => r with { VelocitySteps = VelocitySteps.Refuse }).Estimate.VelocitySteps);
    }

    [Fact]
    public void A_line_of_every_kind_tells_of_its_steps()
    {
        var rows = new ConstantDuration(0.01, new Fly(new Product(Planned.Line("y", 0, 1, 4), new Snake(new Concat(
            Linspace.Bounded("x", 0, 1, 10), Linspace.Bounded("x", 1, 2.2, 10))))));
        var step = Assert.Single(Planned.Of(rows).Estimate.VelocitySteps);
        // Once forwards and once backwards: all other lines are like one of them.
        Assert.Equal(("x", 2L), (step.Axis, step.Count));
    }

    [Fact]
    public void Smoothed_steps_leave_acceleration_without_steps_and_frames_at_their_places()
    {
        var (sharp, smooth) = (Planned.Of(Stepped), Planned.Of(Stepped, change: r => r with { VelocitySteps = VelocitySteps.Smooth }));
        var jumps = new[] { sharp, smooth }.Select(p => FlownProgramme.Fly(p.Compile(new FrameRange(0, 20)).Trajectory!)
            .Single(f => f.Axis == "x").AccelerationStep).ToList();
        // Change of velocity over the two frames beside it.
        Assert.InRange(jumps[0], 100, 1000);
        Assert.InRange(jumps[1], 0, 1e-3);
        Assert.Single(smooth.Estimate.VelocitySteps);
        var course = new Trajectories.Course(smooth.Compile(new FrameRange(0, 20)).Trajectory!);
        var start = TakeTimeline.Of(smooth.Compile(new FrameRange(0, 20))).Single(s => s.Phase == TakePhase.Frames).StartNs;
        for (var frame = 0; frame < 20; frame++)
            Assert.Equal(smooth.Path.LowerOf(0, frame), course.At(0, start + frame * 10_000_000L).Position, 6);
    }

    [Theory]
    [InlineData(20_000, true)]
    [InlineData(8_000, true)]
    [InlineData(1_000, false)]
    public void A_limit_of_jerk_holds_inside_windows_too(double jerk, bool proved)
    {
        var beamline = Beamlines.Virtual.With("x", a => a with { MaxJerk = jerk });
        switch (Planned.Try(Round, beamline))
        {
            case PlanResult.Proved { Plan: var plan } when proved:
                var flight = FlownProgramme.Fly(plan.Compile(new FrameRange(0, plan.Frames)).Trajectory!).Single(f => f.Axis == "x");
                Assert.InRange(flight.LiveJerk, 1, jerk * (1 + 1e-6));
                Assert.InRange(flight.AccelerationStep, 0, 1e-3);
                break;
            case PlanResult.Refused { Problems: var problems } when !proved:
                var problem = problems.Single(p => p.Unit == "mm/s3" && p.Where.Contains("window"));
                Assert.Equal(("x", jerk), (problem.Axis, problem.Allowed));
                Assert.True(problem.Measured > jerk);
                // Frames that much longer would do.
                var slower = problem.Suggestion!.SlowerBy!.Value * 1.001;
                Assert.DoesNotContain("mm/s3", Planned.Problems(
                    new ConstantDuration(0.1 * slower, ((ConstantDuration)Round).Spec!), beamline));
                break;
            case var other:
                Assert.Fail($"{other}");
                break;
        }
    }

    [Fact]
    public void A_take_from_inside_a_smooth_window_flies_the_same_course()
    {
        var round = new ConstantDuration(0.1, new Fly(new Spiral("x", 0, 12, 0.3, "y", 0, 12)));
        var plan = Planned.Of(round, change: r => r with { VelocitySteps = VelocitySteps.Smooth });
        Assert.True(plan.Frames > 1000, $"{plan.Frames}");
        var whole = Flight(plan, new FrameRange(0, plan.Frames));
        Assert.All(FlownProgramme.Fly(whole.Trajectory), f => Assert.InRange(f.AccelerationStep, 0, 1e-3));
        foreach (var (first, end) in new[] { (1L, plan.Frames), (200, 900), (700, 703), (0, 10), (950, plan.Frames) })
        {
            var part = Flight(plan, new FrameRange(first, end));
            for (var ns = 0L; ns <= (end - first) * 100_000_000; ns += 7_000_001)
                for (var axis = 0; axis < 2; axis++)
                    Assert.Equal(
                        whole.Course.At(axis, whole.StartNs + first * 100_000_000 + ns).Position,
                        part.Course.At(axis, part.StartNs + ns).Position, 7);
        }
        for (var frame = 0; frame < plan.Frames; frame++)
            Assert.Equal(plan.Path.LowerOf(0, frame), whole.Course.At(0, whole.StartNs + frame * 100_000_000L).Position, 5);
    }

    [Fact]
    public void A_take_that_begins_or_ends_in_mid_curve_eases_into_it_and_out()
    {
        const double Jerk = 8_000;
        var beamline = Beamlines.Virtual.With("x", a => a with { MaxJerk = Jerk }).With("y", a => a with { MaxJerk = Jerk });
        var plan = Planned.Of(Round, beamline);
        var whole = Flight(plan, new FrameRange(0, plan.Frames));
        for (var first = 1L; first + 4 < plan.Frames; first++)
        {
            var part = Flight(plan, new FrameRange(first, first + 4));
            foreach (var flight in FlownProgramme.Fly(part.Trajectory))
            {
                Assert.InRange(flight.AccelerationStep, 0, 1.01e-3 * 500);
                Assert.InRange(Math.Max(flight.LiveJerk, flight.Jerk), 0, Jerk * (1 + 1e-6));
            }
            for (var ns = 0L; ns <= 400_000_000; ns += 7_000_001)
                for (var axis = 0; axis < 2; axis++)
                    // A timeline is good to a microsecond.
                    Assert.Equal(
                        whole.Course.At(axis, whole.StartNs + first * 100_000_000 + ns).Position,
                        part.Course.At(axis, part.StartNs + ns).Position, (a, b) => Math.Abs(a - b) < 2e-5);
        }
    }

    private static (Flyscan.Scanning.Trajectories.Trajectory Trajectory, Trajectories.Course Course, long StartNs) Flight(
        ScanPlan plan, FrameRange take)
    {
        var programme = plan.Compile(take);
        var start = TakeTimeline.Of(programme).Single(s => s.Phase == TakePhase.Frames).StartNs;
        return (programme.Trajectory!, new Trajectories.Course(programme.Trajectory!), start);
    }

    private static Spec Ramp()
    {
        var (at, spec) = (0.3, (Spec?)null);
        for (var i = 1; i <= 5; i++)
        {
            var piece = Linspace.Bounded("x", at, at += 0.1 + 0.02 * i);
            spec = spec is null ? piece : new Concat(spec, piece);
        }
        return new Concat(spec!, Linspace.Bounded("x", at, at + 0.4, 2));
    }
}
