namespace Flyscan.Scanning.Trajectories;

/// <summary>A move in which every axis leaves and arrives together: ramp to a cruise velocity, cruise, ramp to the exit velocity.</summary>
/// <remarks>
/// Ramps are linear, or S-shaped on an axis with a limit of jerk. All ramps begin and end on a grid of whole steps, so that no two
/// points of the programme are closer than the controller takes, and acceleration (on an S: jerk) is constant between points. The
/// number of steps is the smallest, or with jerk the smallest but for half a per cent, from the shortest possible time on, for
/// which every axis has such a profile. It exists: with time the cruise velocity tends to zero, and ramps one step longer than
/// the brakes need then suffice on every axis. The price of the grid is at most a few steps against the continuous optimum.
/// </remarks>
internal sealed class SynchronisedMove
{
    private const double Slack = 1e-11;

    // Beyond so many steps in vain the search goes on in strides, and comes back: its end is found in a logarithm of tries.
    private const int SingleTries = 64;
    private const long Stride = 256;

    private readonly AxisLimits[] _limits;
    private readonly double[] _from;
    private readonly double[] _entry;
    private readonly double[] _to;
    private readonly double[] _exit;
    private readonly double[] _cruise;
    private readonly long[] _rampIn;
    private readonly long[] _rampOut;
    private readonly long[] _shoulderIn;
    private readonly long[] _shoulderOut;
    private readonly RampShape[] _bump;
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
        (_shoulderIn, _shoulderOut) = (new long[n], new long[n]);
        _bump = new RampShape[n];
        (_positions, _velocities) = (new double[n], new double[n]);
    }

    /// <summary>Whole steps of the move last solved.</summary>
    public long Steps { get; private set; }

    /// <summary>Nanoseconds of the move last solved.</summary>
    public long DurationNs => Steps * _stepNs;

    /// <summary>Where the move last solved begins.</summary>
    public ReadOnlySpan<double> From => _from;

    /// <summary>Where the move last solved ends.</summary>
    public ReadOnlySpan<double> To => _to;

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
        for (var i = 0; i < _limits.Length; i++)
            Steps = Math.Max(Steps, StepsOf(Ramp.Seconds(exit[i] - entry[i], _limits[i])));
        var failed = Steps - 1;
        for (var tries = 0; ; tries++)
        {
            Steps = Math.Max(Steps, StepsOf(NextPossible(Steps * _step)));
            if (EveryAxisFits())
                break;
            failed = Steps;
            Steps += tries < SingleTries ? 1 : 1 + Steps / Stride;
        }
        ComeBack(failed);
    }

    private void ComeBack(long failed)
    {
        var fits = Steps;
        if (fits - failed <= 1 || StepsOf(NextPossible((failed + 1) * _step)) >= fits)
            return;
        while (fits - failed > 1)
        {
            Steps = failed + (fits - failed) / 2;
            var possible = StepsOf(NextPossible(Steps * _step)) <= Steps && EveryAxisFits();
            (failed, fits) = possible ? (failed, Steps) : (Steps, fits);
        }
        Steps = fits;
        EveryAxisFits();
    }

    /// <summary>From rest to the given state; each axis begins as late and as near as it can.</summary>
    public void RunUp(ReadOnlySpan<double> to, ReadOnlySpan<double> exit, long leastNs)
    {
        Steps = Math.Max(1, StepsOf(leastNs / 1e9));
        Array.Clear(_bump);
        for (var i = 0; i < _limits.Length; i++)
        {
            _rampOut[i] = RampSteps(exit[i], i);
            _from[i] = to[i] - exit[i] * (_rampOut[i] * _step) / 2;
            (_entry[i], _cruise[i], _rampIn[i], _to[i], _exit[i]) = (0, 0, 0, to[i], exit[i]);
            (_shoulderIn[i], _shoulderOut[i]) = (0, Ramp.Shoulder(exit[i], _rampOut[i], _limits[i], _step));
            Steps = Math.Max(Steps, _rampOut[i]);
        }
    }

    /// <summary>From the given state to rest, each axis at once.</summary>
    public void RunDown(ReadOnlySpan<double> from, ReadOnlySpan<double> entry)
    {
        Steps = 1;
        Array.Clear(_bump);
        for (var i = 0; i < _limits.Length; i++)
        {
            _rampIn[i] = RampSteps(entry[i], i);
            _to[i] = from[i] + entry[i] * (_rampIn[i] * _step) / 2;
            (_from[i], _entry[i], _cruise[i], _rampOut[i], _exit[i]) = (from[i], entry[i], 0, 0, 0);
            (_shoulderIn[i], _shoulderOut[i]) = (Ramp.Shoulder(entry[i], _rampIn[i], _limits[i], _step), 0);
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
            if (_shoulderIn[i] > 0)
                _knots.AddRange([_shoulderIn[i], _rampIn[i] - _shoulderIn[i]]);
            if (_shoulderOut[i] > 0)
                _knots.AddRange([Steps - _shoulderOut[i], Steps - _rampOut[i] + _shoulderOut[i]]);
            if (_bump[i] is { Steps: > 0 } bump)
                _knots.AddRange(BumpKnots(bump));
        }
        _knots.Add(Steps);
        _knots.Sort();
        var last = 0L;
        foreach (var knot in _knots)
        {
            if (knot <= last)
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
        var (distance, seconds) = (_to[axis] - _from[axis], Steps * _step);
        var cruise = double.IsInfinity(_limits[axis].MaxJerk)
            ? Profile.Cruise(distance, _entry[axis], _exit[axis], _limits[axis].MaxAcceleration, seconds)
            : CruiseSearch.Cruise(distance, _entry[axis], _exit[axis], Usable(axis), seconds);
        var least = LeastRamp(axis);
        var shortIn = RampSteps(cruise - _entry[axis], axis, least);
        var shortOut = RampSteps(_exit[axis] - cruise, axis, least);
        _bump[axis] = default;
        if (!double.IsInfinity(_limits[axis].MaxJerk) && OneRamp(axis))
            return true;
        for (var extra = 0; extra < 4; extra++)
            if (TryRamps(axis, shortIn + (extra >> 1), shortOut + (extra & 1)))
                return true;
        // One ramp all the way, or two that rounding made longer than the move: the other takes what one leaves.
        return (Steps > shortIn && TryRamps(axis, shortIn, Steps - shortIn))
            || (Steps > shortOut && TryRamps(axis, Steps - shortOut, shortOut))
            || TryRamps(axis, least, Steps - least)
            || TryRamps(axis, Steps - least, least);
    }

    /// <summary>One S from entry to exit, as in a turn-around, where acceleration need not vanish between two ramps.</summary>
    /// <remarks>Its way is half the sum of both velocities times the time; what is missing is laid over it as a bump, an S up
    /// and an S down. What jerk and acceleration the bump takes is kept free for it.</remarks>
    private bool OneRamp(int axis)
    {
        var (entry, change, limits) = (_entry[axis], _exit[axis] - _entry[axis], Usable(axis));
        var (half, missing) = (Steps / 2, _to[axis] - _from[axis] - (entry + change / 2) * (Steps * _step));
        if (half < 4 || change == 0)
            return false;
        var bump = new RampShape(0, missing / (half * _step), half, half / 3);
        var peak = Math.Abs(bump.Change) / ((half - bump.Shoulder) * _step);
        var rise = peak / (bump.Shoulder * _step);
        var free = limits with { MaxAcceleration = limits.MaxAcceleration - peak, MaxJerk = limits.MaxJerk - rise };
        if (free.MaxAcceleration <= 0 || free.MaxJerk <= 0
            || Math.Max(Math.Abs(entry), Math.Abs(_exit[axis])) + Math.Abs(bump.Change) > limits.MaxVelocity * (1 + Slack))
            return false;
        var shoulder = Ramp.Shoulder(change, Steps, free, _step);
        if (shoulder <= 0)
            return false;
        (_cruise[axis], _rampIn[axis], _rampOut[axis]) = (_exit[axis], Steps, 0);
        (_shoulderIn[axis], _shoulderOut[axis], _bump[axis]) = (shoulder, 0, bump);
        return true;
    }

    private static long[] BumpKnots(RampShape bump)
    {
        var (steps, shoulder) = (bump.Steps, bump.Shoulder);
        return [shoulder, steps - shoulder, steps, steps + shoulder, 2 * steps - shoulder, 2 * steps];
    }

    private (double Way, double Velocity) BumpAt(RampShape bump, long knot)
    {
        if (knot <= bump.Steps)
            return Ramp.At(bump, knot, _step);
        var (rest, velocity) = Ramp.At(bump, Math.Max(0, 2 * bump.Steps - knot), _step);
        return (bump.Change * (bump.Steps * _step) - rest, velocity);
    }

    // An S has two shoulders.
    private long LeastRamp(int axis) => double.IsInfinity(_limits[axis].MaxJerk) ? 1 : 2;

    private bool TryRamps(int axis, long rampIn, long rampOut)
    {
        if (rampIn + rampOut > Steps || rampIn < 1 || rampOut < 1)
            return false;
        var (entry, exit, limits) = (_entry[axis], _exit[axis], Usable(axis));
        var (secondsIn, secondsOut) = (rampIn * _step, rampOut * _step);
        var ramps = (entry * secondsIn + exit * secondsOut) / 2;
        var cruise = (_to[axis] - _from[axis] - ramps) / (Steps * _step - (secondsIn + secondsOut) / 2);
        if (Math.Abs(cruise) > limits.MaxVelocity * (1 + Slack))
            return false;
        var shoulderIn = Ramp.Shoulder(cruise - entry, rampIn, limits, _step);
        var shoulderOut = Ramp.Shoulder(exit - cruise, rampOut, limits, _step);
        if (shoulderIn < 0 || shoulderOut < 0)
            return false;
        (_cruise[axis], _rampIn[axis], _rampOut[axis]) = (cruise, rampIn, rampOut);
        (_shoulderIn[axis], _shoulderOut[axis]) = (shoulderIn, shoulderOut);
        return true;
    }

    private (double Position, double Velocity) At(int axis, long knot)
    {
        var (from, entry, cruise) = (_from[axis], _entry[axis], _cruise[axis]);
        var rampIn = _rampIn[axis];
        if (knot == Steps && rampIn == Steps)
            return (_to[axis], _exit[axis]);
        if (_bump[axis] is { Steps: > 0 } bump)
        {
            var (way, velocity) = Ramp.At(new RampShape(entry, cruise - entry, rampIn, _shoulderIn[axis]), knot, _step);
            var (more, faster) = BumpAt(bump, knot);
            return (from + way + more, velocity + faster);
        }
        if (knot <= rampIn)
        {
            var (way, velocity) = Ramp.At(new RampShape(entry, cruise - entry, rampIn, _shoulderIn[axis]), knot, _step);
            return (from + way, velocity);
        }
        var left = Steps - knot;
        if (left > _rampOut[axis])
            return (from + (entry + cruise) / 2 * (rampIn * _step) + cruise * ((knot - rampIn) * _step), cruise);
        if (left == 0)
            return (_to[axis], _exit[axis]);
        var exit = _exit[axis];
        var (back, speed) = Ramp.At(new RampShape(exit, cruise - exit, _rampOut[axis], _shoulderOut[axis]), left, _step);
        return (_to[axis] - back, speed);
    }

    private long RampSteps(double change, int axis, long least = 0)
    {
        if (change == 0)
            return least;
        var steps = Math.Max(LeastRamp(axis), StepsOf(Ramp.Seconds(change, _limits[axis])));
        // At most two more: whole shoulders are at most a step longer each than the best ones.
        while (Ramp.Shoulder(change, steps, _limits[axis], _step) < 0)
            steps++;
        return Math.Max(least, steps);
    }

    // A time that is a whole number of steps but for rounding is not given one more.
    private long StepsOf(double seconds) => (long)Math.Ceiling(seconds / _step * (1 - 1e-12) - 1e-9);
}
