using Flyscan.Scanning.Trajectories;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Scanning.Trajectories;

public sealed class SynchronisedMoveTests
{
    private const long StepNs = 1_000_000;

    [Fact]
    public void A_turn_takes_twice_the_time_to_brake()
    {
        var move = Jump([new AxisLimits(10, 20)], [4.5], [10], [4.5], [-10]);
        Assert.Equal(1_000_000_000, move.DurationNs);
    }

    [Fact]
    public void The_slowest_axis_sets_the_time_of_all()
    {
        // y needs 2 sqrt(1 / 1) s, x half of that to turn.
        var move = Jump([new AxisLimits(10, 20), new AxisLimits(10, 1)], [0, 0], [10, 0], [0, 1], [-10, 0]);
        Assert.Equal(2_000_000_000, move.DurationNs);
    }

    [Fact]
    public void An_axis_that_cannot_dawdle_reverses_instead()
    {
        // x could pass 1 mm at 10 mm/s in 0.1 s, or take its time only by going back: not in the 0.5 s that y needs.
        var x = MoveTimes.Of(1, 10, 10, new AxisLimits(10, 20));
        Assert.Equal(0.1, x.Earliest, 12);
        Assert.True(x.NextFrom(0.5) > 0.9, $"{x}");
        var move = Jump([new AxisLimits(10, 20), new AxisLimits(10, 16)], [0, 0], [10, 0], [1, 1], [10, 0]);
        Assert.Equal(x.NextFrom(0.5), move.DurationNs / 1e9, 0.003);
    }

    [Fact]
    public void Move_times_are_those_of_the_reachable_interval()
    {
        var cases = from limits in Limits() from move in Moves(limits) select (limits, move);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            var (from, entry, exit) = (c.move.Distance, c.move.Entry, c.move.Exit);
            var times = MoveTimes.Of(from, entry, exit, c.limits);
            var span = 2 * times.Earliest + 1;
            for (var i = 1; i <= 40; i++)
            {
                var time = span * i / 40;
                var margin = 1e-6 * (1 + Math.Abs(from));
                var (least, most) = Reach(entry, exit, c.limits, time);
                var reachable = least <= most && from >= least + margin && from <= most - margin;
                var unreachable = least > most || from < least - margin || from > most + margin;
                var said = times.NextFrom(time) <= time;
                if ((reachable && !said) || (unreachable && said))
                    return false;
            }
            return true;
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    [Fact]
    public void Every_move_joins_its_ends_within_its_limits_and_close_to_the_shortest_time()
    {
        var cases = from limits in Limits().ArrayOf(3) from moves in Gen.CollectToArray(limits.Select(Moves)) select (limits, moves);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            double[] from = [.. c.moves.Select(m => m.From)];
            double[] to = [.. c.moves.Select(m => m.From + m.Distance)];
            double[] entry = [.. c.moves.Select(m => m.Entry)];
            double[] exit = [.. c.moves.Select(m => m.Exit)];
            var move = new SynchronisedMove(c.limits, StepNs);
            move.Jump(from, entry, to, exit, StepNs);
            var points = new Recorder();
            move.Emit(points);
            Follow(c.limits, from, entry, points);
            Assert.Equal(to, points.Last.Positions);
            Assert.Equal(exit, points.Last.Velocities);
            Assert.Equal(move.DurationNs, points.All.Sum(p => p.DurationNs));
            var least = Shortest(c.limits, c.moves);
            Assert.True(move.DurationNs / 1e9 <= Math.Max(least, 0.002) * 1.02 + 0.01, $"{move.DurationNs / 1e9} s, possible in {least} s");
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(500));
    }

    [Fact]
    public void Run_up_and_run_down_join_rest_and_motion_within_limits()
    {
        var cases = from limits in Limits().ArrayOf(3) from moves in Gen.CollectToArray(limits.Select(Moves)) select (limits, moves);
        Prop.ForAll(cases.ToArbitrary(), c =>
        {
            double[] at = [.. c.moves.Select(m => m.From)];
            double[] velocity = [.. c.moves.Select(m => m.Entry)];
            var move = new SynchronisedMove(c.limits, StepNs);
            move.RunUp(at, velocity, StepNs);
            var up = new Recorder();
            var start = move.From.ToArray();
            move.Emit(up);
            Follow(c.limits, start, new double[3], up);
            Assert.Equal(at, up.Last.Positions);
            Assert.Equal(velocity, up.Last.Velocities);
            move.RunDown(at, velocity);
            var down = new Recorder();
            move.Emit(down);
            Follow(c.limits, at, velocity, down);
            Assert.Equal(new double[3], down.Last.Velocities);
        }).Check(Config.QuickThrowOnFailure.WithMaxTest(300));
    }

    private static SynchronisedMove Jump(AxisLimits[] limits, double[] from, double[] entry, double[] to, double[] exit)
    {
        var move = new SynchronisedMove(limits, StepNs);
        move.Jump(from, entry, to, exit, StepNs);
        return move;
    }

    private static double Shortest(AxisLimits[] limits, Move[] moves)
    {
        // A scan of times, each tested against what can be reached: slow, and independent of the closed forms.
        var time = 0.0;
        for (var i = 0; i < limits.Length;)
        {
            var (least, most) = Reach(moves[i].Entry, moves[i].Exit, limits[i], time);
            var (d, margin) = (moves[i].Distance, 1e-9);
            if (least <= most + margin && d >= least - margin && d <= most + margin)
            {
                i++;
                continue;
            }
            time = time * 1.002 + 0.0005;
            i = 0;
        }
        return time;
    }

    /// <summary>Least and greatest distance in a time, by summing the extreme velocity profiles in small steps.</summary>
    private static (double Least, double Most) Reach(double entry, double exit, AxisLimits limits, double time)
    {
        var (v, a) = (limits.MaxVelocity, limits.MaxAcceleration);
        if (time < Math.Abs(exit - entry) / a)
            return (1, -1);
        return (-Peak(-entry, -exit, v, a, time), Peak(entry, exit, v, a, time));
    }

    private static double Peak(double entry, double exit, double vmax, double a, double time)
    {
        var peak = Math.Min(vmax, (entry + exit + a * time) / 2);
        var (up, down) = ((peak - entry) / a, (peak - exit) / a);
        return (entry + peak) / 2 * up + peak * (time - up - down) + (peak + exit) / 2 * down;
    }

    private static void Follow(AxisLimits[] limits, double[] from, double[] entry, Recorder points)
    {
        var (position, velocity) = ((double[])from.Clone(), (double[])entry.Clone());
        foreach (var point in points.All)
        {
            Assert.True(point.DurationNs >= StepNs, $"a segment of {point.DurationNs} ns");
            Assert.False(point.Live);
            for (var i = 0; i < limits.Length; i++)
            {
                var seconds = point.DurationNs / 1e9;
                var acceleration = (point.Velocities[i] - velocity[i]) / seconds;
                var scale = Math.Abs(position[i]) + Math.Abs(point.Positions[i]) + 1;
                Assert.True(Math.Abs(acceleration) <= limits[i].MaxAcceleration * (1 + 1e-9), $"{acceleration} of {limits[i]}");
                Assert.True(Math.Abs(point.Velocities[i]) <= limits[i].MaxVelocity * (1 + 1e-9), $"{point.Velocities[i]} of {limits[i]}");
                Assert.Equal(position[i] + (velocity[i] + point.Velocities[i]) / 2 * seconds, point.Positions[i], 1e-10 * scale);
            }
            (position, velocity) = (point.Positions, point.Velocities);
        }
    }

    private static Gen<AxisLimits> Limits() =>
        from velocity in Gen.Choose(1, 4000)
        from acceleration in Gen.Choose(10, 20000)
        select new AxisLimits(velocity / 10.0, acceleration / 5.0);

    private static Gen<Move> Moves(AxisLimits limits) =>
        from at in Gen.Choose(-1000, 1000)
        from distance in Gen.Frequency(
            (3, Gen.Choose(-3000, 3000).Select(d => d / 100.0)), (1, Gen.Constant(0.0)), (1, Gen.Choose(-9, 9).Select(d => d * 1e-6)))
        from entry in Gen.Choose(-10, 10)
        from exit in Gen.Choose(-10, 10)
        select new Move(at / 10.0, distance, entry / 10.0 * limits.MaxVelocity, exit / 10.0 * limits.MaxVelocity);

    private sealed record Move(double From, double Distance, double Entry, double Exit);
}
