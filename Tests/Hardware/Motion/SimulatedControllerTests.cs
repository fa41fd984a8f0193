using Flyscan.Hardware.Motion;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Tests.Hardware.Simulation;
using Xunit;

namespace Flyscan.Tests.Hardware.Motion;

public sealed class SimulatedControllerTests
{
    private static readonly TakeMark Mark = new(7);
    private readonly SteppedWorld _world = new();
    private readonly SimulatedController _controller;

    public SimulatedControllerTests() => _controller = new SimulatedController(_world, Sweeps.Settings(), 1);

    private SimulatedAxis X => _controller.Axes[0];

    [Fact]
    public void A_programme_runs_through_its_points_a_following_error_late_and_ends_done()
    {
        var start = Begin(Sweeps.X());
        Assert.Equal(MotionPhase.Running, _controller.Phase);
        _world.RunTo(start + 110 * Sweeps.Ms);
        Assert.Equal(1.0, X.Track.PositionAt(_world.NowNs), 6);
        Assert.Equal(1.0 - 10 * 40e-6, X.ActualAt(_world.NowNs), 6);
        Assert.Equal(start + 220 * Sweeps.Ms + 5 * Sweeps.Ms + 40_000, _world.RunToRest());
        Assert.Equal(MotionPhase.Done, _controller.Phase);
        Assert.InRange(X.ActualAt(_world.NowNs), 2.05 - 0.0002, 2.05 + 0.0002);
    }

    [Fact]
    public void The_live_output_is_high_on_the_live_segments_exactly()
    {
        var changes = new List<(bool, long)>();
        _controller.Live.Changed += value => changes.Add((value, _world.NowNs));
        var start = Begin(Sweeps.X());
        _world.RunToRest();
        Assert.Equal([(true, start + 10 * Sweeps.Ms), (false, start + 210 * Sweeps.Ms)], changes);
    }

    [Fact]
    public void A_move_keeps_velocity_and_acceleration_within_their_limits()
    {
        var trajectory = Sweeps.X([40, 40, 40], [0, 0, 0], [4000 * Sweeps.Ms, Sweeps.Ms, Sweeps.Ms]);
        trajectory.Start[0] = 40;
        Assert.Null(_controller.Load(Mark, trajectory));
        _controller.MoveToStart(Mark, Assert.Null);
        var (speed, acceleration, end) = (0.0, 0.0, X.Track.RestsFromNs - 5 * Sweeps.Ms);
        for (var t = 0L; t < end - 10_000; t += 10_000)
        {
            speed = Math.Max(speed, Math.Abs(X.Track.VelocityAt(t)));
            acceleration = Math.Max(acceleration, Math.Abs(X.Track.VelocityAt(t + 10_000) - X.Track.VelocityAt(t)) / 10e-6);
        }
        // 40 mm at the limits: 0.05 s up, 0.11 s across, 0.05 s down.
        Assert.Equal(210 * Sweeps.Ms, end);
        Assert.Equal(250, speed, 6);
        Assert.InRange(acceleration, 4999, 5001);
        _world.RunToRest();
        Assert.Equal(MotionPhase.AtStart, _controller.Phase);
    }

    [Fact]
    public void Stopping_brakes_on_the_path_to_rest_and_lowers_live()
    {
        var start = Begin(Sweeps.X());
        _world.RunTo(start + 100 * Sweeps.Ms);
        string? told = "not told";
        _controller.Stop(problem => told = problem);
        Assert.Equal((MotionPhase.Running, false), (_controller.Phase, _controller.Live.Value));
        _world.RunToRest();
        Assert.Equal((MotionPhase.Stopped, (string?)null), (_controller.Phase, told));
        // 10 mm/s at 5000 mm/s² takes 2 ms and 0.01 mm.
        Assert.Equal(0.91, X.ActualAt(_world.NowNs), 3);
    }

    [Fact]
    public void Stopping_twice_answers_both_once_at_rest()
    {
        _world.RunTo(Begin(Sweeps.X()) + 100 * Sweeps.Ms);
        var told = new List<string?>();
        _controller.Stop(told.Add);
        _controller.Stop(told.Add);
        _world.RunToRest();
        Assert.Equal([null, null], told);
    }

    [Fact]
    public void Stopping_a_move_to_the_start_tells_whoever_waited_for_it()
    {
        Assert.Null(_controller.Load(Mark, Sweeps.X()));
        string? told = null;
        _controller.MoveToStart(Mark, problem => told = problem);
        _world.RunTo(Sweeps.Ms);
        _controller.Stop(Assert.Null);
        _world.RunToRest();
        Assert.Equal(("stopped before it was there", MotionPhase.Stopped), (told, _controller.Phase));
    }

    [Fact]
    public void A_programme_starts_only_where_it_begins_and_only_by_its_mark()
    {
        Assert.Contains("holds no programme", _controller.Start(Mark));
        Assert.Null(_controller.Load(Mark, Sweeps.X()));
        Assert.Contains("not at the start of programme 7", _controller.Start(Mark));
        Assert.Contains("holds programme 7, not 8", _controller.Start(new TakeMark(8)));
    }

    [Fact]
    public void Starting_again_what_runs_changes_nothing()
    {
        var start = Begin(Sweeps.X());
        _world.RunTo(start + 100 * Sweeps.Ms);
        Assert.Null(_controller.Start(Mark));
        Assert.Equal(start + 225 * Sweeps.Ms + 40_000, _world.RunToRest());
    }

    [Fact]
    public void Nothing_is_loaded_while_it_moves()
    {
        Begin(Sweeps.X());
        Assert.Contains("moves", _controller.Load(Mark, Sweeps.X()));
    }

    public static TheoryData<string, Trajectory> Impossible => new()
    {
        { "limits are -50 to 50", Sweeps.X([0, 49.9, 50.1], [10, 10, 0], [10 * Sweeps.Ms, 4000 * Sweeps.Ms, 20 * Sweeps.Ms]) },
        { "the limit is 250", Sweeps.X([0, 49, 49.05], [10, 10, 0]) },
        { "accelerates with", Sweeps.X([0, 2, 2.05], [10, 10, 0], [Sweeps.Ms, 200 * Sweeps.Ms, 10 * Sweeps.Ms]) },
        { "holds 1 to 3", Points(4) },
        { "1000000 to 4000000000 ns", Sweeps.X([0, 2, 2.05], [10, 10, 0], [10 * Sweeps.Ms, 200 * Sweeps.Ms, 999_999]) },
        { "ends at rest", Sweeps.X([0, 2, 2.1], [10, 10, 10]) },
        { "goes from", Sweeps.X([0, double.NaN, 2.05], [10, 10, 0]) },
    };

    [Theory]
    [MemberData(nameof(Impossible))]
    public void What_breaks_a_limit_is_refused_with_place_value_and_limit(string expected, Trajectory trajectory)
    {
        var controller = new SimulatedController(_world, Sweeps.Settings(maxPoints: 3), 1);
        Assert.Contains(expected, controller.Load(Mark, trajectory));
        Assert.Equal((MotionPhase.Idle, default), (controller.Phase, controller.Mark));
    }

    [Fact]
    public void An_axis_that_it_does_not_have_is_refused_by_name()
    {
        var trajectory = new Trajectory
        {
            Controller = "motion",
            Axes = ["q"],
            Start = [0],
            DurationsNs = [Sweeps.Ms],
            Positions = [0],
            Velocities = [0],
            Live = [false],
        };
        Assert.Equal("motion has no axis q; it has x, y", _controller.Load(Mark, trajectory));
    }

    [Fact]
    public void The_same_seed_gives_the_same_noise_and_another_seed_another()
    {
        double RestOf(ulong seed)
        {
            var world = new SteppedWorld();
            var controller = new SimulatedController(world, Sweeps.Settings(), seed);
            Assert.Null(controller.Load(Mark, Sweeps.X()));
            controller.MoveToStart(Mark, Assert.Null);
            return controller.Axes[0].ActualAt(world.RunToRest());
        }

        Assert.Equal(RestOf(5), RestOf(5));
        Assert.NotEqual(RestOf(5), RestOf(6));
    }

    private long Begin(Trajectory trajectory)
    {
        Assert.Null(_controller.Load(Mark, trajectory));
        _controller.MoveToStart(Mark, Assert.Null);
        _world.RunToRest();
        Assert.Null(_controller.Start(Mark));
        return _world.NowNs;
    }

    private static Trajectory Points(int points) => new()
    {
        Controller = "motion",
        Axes = ["x"],
        Start = [0],
        DurationsNs = [.. Enumerable.Repeat(Sweeps.Ms, points)],
        Positions = new double[points],
        Velocities = new double[points],
        Live = new bool[points],
    };
}
