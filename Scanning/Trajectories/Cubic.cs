namespace Flyscan.Scanning.Trajectories;

/// <summary>The cubic of one axis through position and velocity at both ends of a segment.</summary>
/// <remarks><b>Units</b> axis units, seconds.</remarks>
internal readonly struct Cubic
{
    private readonly double _start;
    private readonly double _startVelocity;
    private readonly double _end;
    private readonly double _endVelocity;
    private readonly double _seconds;

    public Cubic(double start, double startVelocity, double end, double endVelocity, double seconds)
    {
        (_start, _startVelocity, _end, _endVelocity, _seconds) = (start, startVelocity, end, endVelocity, seconds);
        var mean = (end - start) / seconds;
        StartAcceleration = (6 * mean - 4 * startVelocity - 2 * endVelocity) / seconds;
        EndAcceleration = (2 * startVelocity + 4 * endVelocity - 6 * mean) / seconds;
    }

    /// <summary>Acceleration is linear in time between this and <see cref="EndAcceleration"/>.</summary>
    public double StartAcceleration { get; }

    public double EndAcceleration { get; }

    public double PositionAt(double time)
    {
        var back = _seconds - time;
        return time <= back
            ? _start + time * (_startVelocity + time * (StartAcceleration / 2 + time * Jerk / 6))
            : _end - back * (_endVelocity - back * (EndAcceleration / 2 - back * Jerk / 6));
    }

    public double VelocityAt(double time)
    {
        var back = _seconds - time;
        return time <= back
            ? _startVelocity + time * (StartAcceleration + time * Jerk / 2)
            : _endVelocity - back * (EndAcceleration - back * Jerk / 2);
    }

    /// <summary>The largest speed on the segment.</summary>
    public double TopSpeed
    {
        get
        {
            var top = Math.Max(Math.Abs(_startVelocity), Math.Abs(_endVelocity));
            if (StartAcceleration * EndAcceleration >= 0)
                return top;
            var extreme = StartAcceleration / (StartAcceleration - EndAcceleration) * _seconds;
            return Math.Max(top, Math.Abs(VelocityAt(extreme)));
        }
    }

    /// <summary>The lowest and highest position on the segment.</summary>
    public (double Low, double High) Range
    {
        get
        {
            var (low, high) = (Math.Min(_start, _end), Math.Max(_start, _end));
            if (_startVelocity * _endVelocity > 0 && StartAcceleration * EndAcceleration >= 0)
                return (low, high);
            var root = Math.Sqrt(Math.Max(0, StartAcceleration * StartAcceleration - 2 * Jerk * _startVelocity));
            var pivot = -(StartAcceleration + Math.CopySign(root, StartAcceleration));
            foreach (var time in (ReadOnlySpan<double>)[pivot / Jerk, 2 * _startVelocity / pivot])
            {
                if (!(time > 0 && time < _seconds))
                    continue;
                var turn = PositionAt(time);
                (low, high) = (Math.Min(low, turn), Math.Max(high, turn));
            }
            return (low, high);
        }
    }

    private double Jerk => (EndAcceleration - StartAcceleration) / _seconds;
}
