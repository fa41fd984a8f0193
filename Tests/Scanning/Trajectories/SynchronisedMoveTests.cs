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
        }).Check(PropertyCases.Of(300));
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
        }).Check(PropertyCases.Of(500));
    }

    [Fact]
    public void A_time_that_all_axes_have_for_an_instant_only_is_not_waited_for()
    {
        // x could take 174.5 ms at most without stopping, y takes no less.
        AxisLimits[] limits = [new(330, 371.4), new(277.5, 3698.4), new(138.5, 1781.2)];
        Move[] moves = [new(6.9, 26.01, 165, 165), new(-66.2, 0, 27.75, -277.5), new(54.2, 0, -13.85, 83.1)];
        var move = new SynchronisedMove(limits, StepNs);
        move.Jump(
            [.. moves.Select(m => m.From)], [.. moves.Select(m => m.Entry)], [.. moves.Select(m => m.From + m.Distance)],
            [.. moves.Select(m => m.Exit)], StepNs);
        var least = Shortest(limits, moves);
        Assert.InRange(move.DurationNs / 1e9, 0.99 * least, least * 1.02 + 0.01);
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
        }).Check(PropertyCases.Of(300));
    }

    [Fact]
    public void A_ramp_with_jerk_takes_its_shoulders_longer()
    {
        // 10 mm/s at 20 mm/s2 with shoulders of 20/100 s: 0.5 + 0.2 s; the turn is twice that.
        var limits = new AxisLimits(10, 20) { MaxJerk = 100 };
        var move = Jump([limits], [7.01], [10], [7.01], [-10]);
        Assert.InRange(move.DurationNs, 1_200_000_000, 1_202_000_000);
        Assert.Equal(0.7, Ramp.Seconds(10, limits), 12);
        // Too short for full acceleration: twice sqrt(1 / 100).
        Assert.Equal(0.2, Ramp.Seconds(-1, limits), 12);
        // 1 mm: peak p with p sqrt(4 p / 100) = 1, so that p = 25^(1/3), in two ramps.
        Assert.Equal(4 * Math.Sqrt(Math.Cbrt(25) / 100), limits.RestToRestSeconds(1), 9);
    }

    /// <summary>Short ramps beside cruises of minutes, 15 metres out.</summary>
    [Fact]
    public void A_jump_of_minutes_with_short_shoulders_keeps_its_acceleration_without_steps()
    {
        AxisLimits[] limits =
        [
            new(304.3, 3519.2) { MaxJerk = 883983.0729768513 }, new(312.5, 3.2) { MaxJerk = 1603.799147607272 },
            new(300.1, 3992.2) { MaxJerk = 796548.6213818757 },
        ];
        double[] from = [3.2, -62.3, 19.5], entry = [-121.72000000000001, 312.5, 120.04000000000002];
        var points = new Recorder();
        Jump(limits, from, entry, [3.2 + 25.64, -62.3, 19.5 + 25.4], [0, -187.5, 30.010000000000005]).Emit(points);
        FollowJerk(limits, from, entry, points);
    }

    [Fact]
    public void Jumps_with_jerk_hold_every_limit_meet_their_ends_and_are_near_the_shortest()
    {
        var worst = 0.0;
        Prop.ForAll(JerkyCases().ToArbitrary(), c =>
        {
            double[] from = [.. c.moves.Select(m => m.From)], to = [.. c.moves.Select(m => m.From + m.Distance)];
            double[] entry = [.. c.moves.Select(m => m.Entry)], exit = [.. c.moves.Select(m => m.Exit)];
            var move = Jump(c.limits, from, entry, to, exit);
            var points = new Recorder();
            move.Emit(points);
            FollowJerk(c.limits, from, entry, points);
            Assert.Equal(to, points.Last.Positions);
            Assert.Equal(exit, points.Last.Velocities);
            // One axis from rest to rest has a closed form to compare with.
            if (c.limits.Length == 1 && entry[0] == 0 && exit[0] == 0)
                worst = Math.Max(worst, Excess(move, c.limits[0].RestToRestSeconds(to[0] - from[0])));
        }).Check(PropertyCases.Of(500));
        Assert.InRange(worst, 0, 1);
    }

    [Fact]
    public void Run_ups_and_run_downs_with_jerk_hold_every_limit()
    {
        Prop.ForAll(JerkyCases().ToArbitrary(), c =>
        {
            double[] at = [.. c.moves.Select(m => m.From)], velocity = [.. c.moves.Select(m => m.Entry)];
            var move = new SynchronisedMove(c.limits, StepNs);
            move.RunUp(at, velocity, StepNs);
            var (up, start) = (new Recorder(), move.From.ToArray());
            move.Emit(up);
            FollowJerk(c.limits, start, new double[at.Length], up);
            Assert.Equal(velocity, up.Last.Velocities);
            move.RunDown(at, velocity);
            var down = new Recorder();
            move.Emit(down);
            FollowJerk(c.limits, at, velocity, down);
        }).Check(PropertyCases.Of(300));
    }

    // Two dozen steps of the grid (four ramps of whole shoulders), and the half per cent that the search's strides may leave.
    private static double Excess(SynchronisedMove move, double shortest) =>
        (move.DurationNs / 1e9 - shortest) / (24 * StepNs / 1e9 + 0.005 * shortest);

    private static Gen<(AxisLimits[] limits, Move[] moves)> JerkyCases() =>
        from count in Gen.Choose(1, 3)
        from limits in Gen.ArrayOf(JerkyLimits(), count)
        from moves in Gen.CollectToArray(limits, Moves)
        from rests in Gen.Elements(true, false)
        select (limits, rests ? [.. moves.Select(m => m with { Entry = 0, Exit = 0 })] : moves);

    private static Gen<AxisLimits> JerkyLimits() =>
        from limits in Limits()
        from exponent in Gen.Choose(-10, 30)
        from none in Gen.Choose(0, 3)
        select none == 0 ? limits : limits with { MaxJerk = limits.MaxAcceleration * Math.Pow(10, exponent / 10.0) };

    /// <summary>Each segment is the cubic through both ends: jerk constant, acceleration linear, without steps on axes with jerk.</summary>
    private static void FollowJerk(AxisLimits[] limits, double[] from, double[] entry, Recorder points)
    {
        var (position, velocity, acceleration) = ((double[])from.Clone(), (double[])entry.Clone(), new double[limits.Length]);
        // What is known of the acceleration before is as good as its own segment is long.
        var noiseBefore = new double[limits.Length];
        foreach (var point in points.All)
        {
            Assert.True(point.DurationNs >= StepNs, $"a segment of {point.DurationNs} ns");
            var h = point.DurationNs / 1e9;
            for (var i = 0; i < limits.Length; i++)
            {
                var mean = (point.Positions[i] - position[i]) / h;
                var (first, last) = ((6 * mean - 4 * velocity[i] - 2 * point.Velocities[i]) / h,
                    (2 * velocity[i] + 4 * point.Velocities[i] - 6 * mean) / h);
                var noise = 1e-13 * (Math.Abs(position[i]) + Math.Abs(point.Positions[i]) + 1) / (h * h);
                var most = limits[i].MaxAcceleration * (1 + 1e-9) + noise;
                Assert.True(Math.Abs(first) <= most && Math.Abs(last) <= most, $"{first} to {last} of {limits[i]}");
                Assert.True(Math.Abs(point.Velocities[i]) <= limits[i].MaxVelocity * (1 + 1e-9));
                if (double.IsFinite(limits[i].MaxJerk))
                {
                    Assert.Equal(acceleration[i], first, limits[i].MaxAcceleration * 1e-6 + 4 * (noise + noiseBefore[i]));
                    Assert.True(Math.Abs(last - first) / h <= limits[i].MaxJerk * (1 + 1e-9) + 4 * noise / h, $"jerk of {limits[i]}");
                }
                (acceleration[i], noiseBefore[i]) = (last, noise);
            }
            (position, velocity) = (point.Positions, point.Velocities);
        }
    }

    private static SynchronisedMove Jump(AxisLimits[] limits, double[] from, double[] entry, double[] to, double[] exit)
    {
        var move = new SynchronisedMove(limits, StepNs);
        move.Jump(from, entry, to, exit, StepNs);
        return move;
    }

    private static double Shortest(AxisLimits[] limits, Move[] moves)
    {
        // A scan of times, each tested against what can be reached: slow, and independent of the closed forms. Where all axes can for an
        // instant only, no time on the grid may lie in it.
        var time = 0.0;
        while (!Possible(limits, moves, time) || !Possible(limits, moves, time + 3 * StepNs / 1e9))
            time = time * 1.002 + 0.0005;
        return time;
    }

    private static bool Possible(AxisLimits[] limits, Move[] moves, double time)
    {
        for (var i = 0; i < limits.Length; i++)
        {
            var (least, most) = Reach(moves[i].Entry, moves[i].Exit, limits[i], time);
            var (d, margin) = (moves[i].Distance, 1e-9);
            if (least > most + margin || d < least - margin || d > most + margin)
                return false;
        }
        return true;
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
