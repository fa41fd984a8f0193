namespace Flyscan.Scanning.Trajectories;

/// <summary>A move in which every axis leaves and arrives together: ramp to a cruise velocity, cruise, ramp to the exit velocity.</summary>
/// <remarks>
/// All ramps begin and end on a grid of whole steps, so that no two points of the programme are closer than the controller takes,
/// and accelerations are constant between points. The number of steps is the smallest, from the shortest possible time on, for
/// which every axis has such a profile. It exists: with time the cruise velocity tends to zero, and ramps one step longer than
/// the brakes need then suffice on every axis. The price of the grid is at most a few steps against the continuous optimum.
/// </remarks>
internal sealed class SynchronisedMove
{
    private const double Slack = 1e-11;

    private readonly AxisLimits[] _limits;
    private readonly double[] _from;
    private readonly double[] _entry;
    private readonly double[] _to;
    private readonly double[] _exit;
    private readonly double[] _cruise;
    private readonly long[] _rampIn;
    private readonly long[] _rampOut;
    private readonly MoveTimes[] _times;
    private readonly double[] _positions;
    private readonly double[] _velocities;
    private readonly List<long> _knots = [];
    private readonly long _stepNs;
    private readonly double _step;

    /// <remarks><b>Units</b> stepNs nanoseconds.</remarks>
    public SynchronisedMove(AxisLimits[] limits, long stepNs)
    {
        _limits = limits;
        (_stepNs, _step) = (stepNs, stepNs / 1e9);
        var n = limits.Length;
        (_from, _entry, _to, _exit, _cruise) = (new double[n], new double[n], new double[n], new double[n], new double[n]);
        (_rampIn, _rampOut, _times) = (new long[n], new long[n], new MoveTimes[n]);
        (_positions, _velocities) = (new double[n], new double[n]);
    }

    /// <summary>Whole steps of the move last solved.</summary>
    public long Steps { get; private set; }

    /// <summary>Nanoseconds of the move last solved.</summary>
    public long DurationNs => Steps * _stepNs;

    /// <summary>Where the move last solved begins.</summary>
    public ReadOnlySpan<double> From => _from;

    /// <summary>The shortest move between two states that lasts at least <paramref name="leastNs"/>.</summary>
    public void Jump(
        ReadOnlySpan<double> from, ReadOnlySpan<double> entry, ReadOnlySpan<double> to, ReadOnlySpan<double> exit, long leastNs)
    {
        from.CopyTo(_from);
        entry.CopyTo(_entry);
        to.CopyTo(_to);
        exit.CopyTo(_exit);
        for (var i = 0; i < _limits.Length; i++)
            _times[i] = MoveTimes.Of(to[i] - from[i], entry[i], exit[i], Usable(i));
        Steps = Math.Max(2, StepsOf(leastNs / 1e9));
        for (; ; Steps++)
        {
            Steps = Math.Max(Steps, StepsOf(NextPossible(Steps * _step)));
            if (EveryAxisFits())
                return;
        }
    }

    /// <summary>From rest to the given state; each axis begins as late and as near as it can.</summary>
    public void RunUp(ReadOnlySpan<double> to, ReadOnlySpan<double> exit, long leastNs)
    {
        Steps = Math.Max(1, StepsOf(leastNs / 1e9));
        for (var i = 0; i < _limits.Length; i++)
        {
            _rampOut[i] = RampSteps(exit[i], i);
            _from[i] = to[i] - exit[i] * (_rampOut[i] * _step) / 2;
            (_entry[i], _cruise[i], _rampIn[i], _to[i], _exit[i]) = (0, 0, 0, to[i], exit[i]);
            Steps = Math.Max(Steps, _rampOut[i]);
        }
    }

    /// <summary>From the given state to rest, each axis at once.</summary>
    public void RunDown(ReadOnlySpan<double> from, ReadOnlySpan<double> entry)
    {
        Steps = 1;
        for (var i = 0; i < _limits.Length; i++)
        {
            _rampIn[i] = RampSteps(entry[i], i);
            _to[i] = from[i] + entry[i] * (_rampIn[i] * _step) / 2;
            (_from[i], _entry[i], _cruise[i], _rampOut[i], _exit[i]) = (from[i], entry[i], 0, 0, 0);
            Steps = Math.Max(Steps, _rampIn[i]);
        }
    }

    /// <summary>Gives the points of the move last solved, live low.</summary>
    public void Emit(MotionSink sink)
    {
        _knots.Clear();
        for (var i = 0; i < _limits.Length; i++)
        {
            _knots.Add(_rampIn[i]);
            _knots.Add(Steps - _rampOut[i]);
        }
        _knots.Add(Steps);
        _knots.Sort();
        var last = 0L;
        foreach (var knot in _knots)
        {
            if (knot == last)
                continue;
            for (var i = 0; i < _limits.Length; i++)
                (_positions[i], _velocities[i]) = At(i, knot);
            sink.To((knot - last) * _stepNs, _positions, _velocities, live: false);
            last = knot;
        }
    }

    // A window faster than the axis can go is refused by the limit check; the move around it must still end.
    private AxisLimits Usable(int axis) => _limits[axis] with
    {
        MaxVelocity = Math.Max(_limits[axis].MaxVelocity, Math.Max(Math.Abs(_entry[axis]), Math.Abs(_exit[axis]))),
    };

    private double NextPossible(double seconds)
    {
        while (true)
        {
            var time = seconds;
            foreach (var times in _times)
                time = times.NextFrom(time);
            if (time <= seconds)
                return time;
            seconds = time;
        }
    }

    private bool EveryAxisFits()
    {
        for (var i = 0; i < _limits.Length; i++)
            if (!Fits(i))
                return false;
        return true;
    }

    private bool Fits(int axis)
    {
        var cruise = Profile.Cruise(_to[axis] - _from[axis], _entry[axis], _exit[axis], _limits[axis].MaxAcceleration, Steps * _step);
        var shortIn = RampSteps(cruise - _entry[axis], axis, least: 1);
        var shortOut = RampSteps(_exit[axis] - cruise, axis, least: 1);
        for (var extra = 0; extra < 4; extra++)
            if (TryRamps(axis, shortIn + (extra >> 1), shortOut + (extra & 1)))
                return true;
        // One ramp all the way, or two that rounding made longer than the move: the other takes what one leaves.
        return (Steps > shortIn && TryRamps(axis, shortIn, Steps - shortIn))
            || (Steps > shortOut && TryRamps(axis, Steps - shortOut, shortOut))
            || TryRamps(axis, 1, Steps - 1)
            || TryRamps(axis, Steps - 1, 1);
    }

    private bool TryRamps(int axis, long rampIn, long rampOut)
    {
        if (rampIn + rampOut > Steps)
            return false;
        var (entry, exit, limits) = (_entry[axis], _exit[axis], Usable(axis));
        var (secondsIn, secondsOut) = (rampIn * _step, rampOut * _step);
        var ramps = (entry * secondsIn + exit * secondsOut) / 2;
        var cruise = (_to[axis] - _from[axis] - ramps) / (Steps * _step - (secondsIn + secondsOut) / 2);
        var fits = Math.Abs(cruise) <= limits.MaxVelocity * (1 + Slack)
            && Math.Abs(cruise - entry) <= limits.MaxAcceleration * secondsIn * (1 + Slack)
            && Math.Abs(exit - cruise) <= limits.MaxAcceleration * secondsOut * (1 + Slack);
        if (fits)
            (_cruise[axis], _rampIn[axis], _rampOut[axis]) = (cruise, rampIn, rampOut);
        return fits;
    }

    private (double Position, double Velocity) At(int axis, long knot)
    {
        var (from, entry, cruise) = (_from[axis], _entry[axis], _cruise[axis]);
        var rampIn = _rampIn[axis];
        if (knot <= rampIn)
        {
            var part = (double)knot / rampIn;
            var velocity = entry + (cruise - entry) * part;
            return (from + (entry + velocity) / 2 * (knot * _step), velocity);
        }
        var left = Steps - knot;
        if (left > _rampOut[axis])
            return (from + (entry + cruise) / 2 * (rampIn * _step) + cruise * ((knot - rampIn) * _step), cruise);
        if (left == 0)
            return (_to[axis], _exit[axis]);
        var speed = cruise + (_exit[axis] - cruise) * (1 - (double)left / _rampOut[axis]);
        return (_to[axis] - (speed + _exit[axis]) / 2 * (left * _step), speed);
    }

    private long RampSteps(double change, int axis, long least = 0)
    {
        var seconds = Math.Abs(change) / _limits[axis].MaxAcceleration;
        var steps = change == 0 ? 0 : Math.Max(1, StepsOf(seconds));
        return Math.Max(least, steps);
    }

    // A time that is a whole number of steps but for rounding is not given one more.
    private long StepsOf(double seconds) => (long)Math.Ceiling(seconds / _step * (1 - 1e-12) - 1e-9);
}
