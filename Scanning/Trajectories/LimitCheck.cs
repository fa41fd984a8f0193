namespace Flyscan.Scanning.Trajectories;

internal enum MotionLimit
{
    Low,
    High,
    Velocity,
    Acceleration,
    Jerk,
}

/// <summary>The worst excess over one limit of one axis, and where it was first seen.</summary>
/// <remarks>Frame: first frame of the window that is run, or reached, when the limit is passed.</remarks>
internal sealed record LimitBreach(int Axis, MotionLimit Limit, string Phase, long Frame, double Value, double Bound);

/// <summary>The worst step of one axis's velocity inside windows, at the begin of a frame, and how many there are.</summary>
internal sealed record StepFound(int Axis, long Frame, double Before, double After, long Count);

/// <summary>Watches a programme for what its axes cannot do: soft limits with the way to rest, velocity, acceleration,
/// jerk.</summary>
/// <remarks>
/// Where acceleration stays within its limit, the place an axis would brake to never moves against the direction of travel: so it
/// is enough to test it at the ends of segments, and the turning points between.
/// <b>Units</b> axis units and seconds; stepNs: grid of run-ups and run-downs, nanoseconds.
/// </remarks>
internal sealed class LimitCheck(AxisLimits[] limits, (double Low, double High)[] soft, long stepNs) : MotionSink
{
    private const double Slack = 1 + 1e-9;
    private const int Limits = 5;

    private readonly double[] _positions = new double[limits.Length];
    private readonly double[] _velocities = new double[limits.Length];
    private readonly LimitBreach?[] _breaches = new LimitBreach?[limits.Length * Limits];
    private readonly double[] _accelerations = new double[limits.Length];
    private readonly StepFound?[] _steps = new StepFound?[limits.Length];

    public const string RunUpPhase = "run-up";
    public const string TurnPhase = "turn-around";
    public const string RunDownPhase = "run-down";

    /// <summary>The phase in which axes run through frames.</summary>
    public const string WindowPhase = "window";

    private long _frame;
    private string _phase = RunUpPhase;

    /// <summary>By axis, then limit.</summary>
    public IEnumerable<LimitBreach> Breaches => _breaches.OfType<LimitBreach>();

    /// <summary>By axis, the worst of each; what lines that are alike have in common counts once.</summary>
    public IEnumerable<StepFound> Steps => _steps.OfType<StepFound>();

    public override void Step(int axis, long frame, double before, double after)
    {
        ref var step = ref _steps[axis];
        var count = (step?.Count ?? 0) + 1;
        step = step is null || Math.Abs(after - before) > Math.Abs(step.After - step.Before)
            ? new StepFound(axis, _frame + frame, before, after, count)
            : step with { Count = count };
    }

    public override void Begin(ReadOnlySpan<double> start)
    {
        start.CopyTo(_positions);
        Array.Clear(_accelerations);
        Array.Clear(_velocities);
        for (var i = 0; i < limits.Length; i++)
            Within(i, start[i], start[i]);
    }

    public override void Enter(string phase, long? frame) => (_phase, _frame) = (phase, frame ?? _frame);

    public override void At(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        positions.CopyTo(_positions);
        velocities.CopyTo(_velocities);
        Array.Clear(_accelerations);
    }

    public override void To(long durationNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, bool live)
    {
        var seconds = durationNs / 1e9;
        for (var i = 0; i < limits.Length; i++)
        {
            var curve = new Cubic(_positions[i], _velocities[i], positions[i], velocities[i], seconds);
            var acceleration = Math.Max(Math.Abs(curve.StartAcceleration), Math.Abs(curve.EndAcceleration));
            // What the last bits of the positions alone can make of a short segment.
            var noise = 4e-15 * (Math.Abs(_positions[i]) + Math.Abs(positions[i])) / (seconds * seconds);
            if (acceleration > limits[i].MaxAcceleration * Slack + noise)
                Note(i, MotionLimit.Acceleration, acceleration, limits[i].MaxAcceleration);
            var speed = curve.TopSpeed;
            if (speed > limits[i].MaxVelocity * Slack + noise * seconds)
                Note(i, MotionLimit.Velocity, speed, limits[i].MaxVelocity);
            var jerk = Math.Abs(curve.EndAcceleration - curve.StartAcceleration) / seconds;
            // Acceleration that changes at once is given the shortest time there is.
            if (_phase == WindowPhase)
                jerk = Math.Max(jerk, AtOnce(i, curve.StartAcceleration, noise));
            _accelerations[i] = curve.EndAcceleration;
            if (jerk > limits[i].MaxJerk * Slack + 8 * noise / seconds)
                Note(i, MotionLimit.Jerk, jerk, limits[i].MaxJerk);
            var (low, high) = curve.Range;
            var rest = positions[i] + Math.CopySign(velocities[i] * velocities[i] / (2 * limits[i].MaxAcceleration), velocities[i]);
            Within(i, Math.Min(low, rest), Math.Max(high, rest));
        }
        positions.CopyTo(_positions);
        velocities.CopyTo(_velocities);
    }

    public override void MayStopAt(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, long leadNs)
    {
        for (var i = 0; i < limits.Length; i++)
        {
            if (velocities[i] == 0)
                continue;
            var speed = Math.Abs(velocities[i]);
            var ramp = Math.Ceiling(Ramp.Seconds(speed, limits[i]) * 1e9 / stepNs * (1 - 1e-12) - 1e-9) * stepNs;
            var reach = speed * (leadNs + ramp / 2) / 1e9;
            Within(i, positions[i] - reach, positions[i] + reach);
        }
    }

    private double AtOnce(int axis, double acceleration, double noise)
    {
        var change = Math.Abs(acceleration - _accelerations[axis]);
        return change > 1e-3 * limits[axis].MaxAcceleration + 4 * noise ? change / (stepNs / 1e9) : 0;
    }

    private void Within(int axis, double low, double high)
    {
        // Rounding of a position computed at the limit itself is not a breach.
        var slack = 1e-12 * (Math.Abs(soft[axis].Low) + Math.Abs(soft[axis].High));
        if (low < soft[axis].Low - slack)
            Note(axis, MotionLimit.Low, low, soft[axis].Low);
        if (high > soft[axis].High + slack)
            Note(axis, MotionLimit.High, high, soft[axis].High);
    }

    private void Note(int axis, MotionLimit limit, double value, double bound)
    {
        ref var breach = ref _breaches[axis * Limits + (int)limit];
        if (breach is null)
            breach = new LimitBreach(axis, limit, _phase, _frame, value, bound);
        else if (limit == MotionLimit.Low ? value < breach.Value : value > breach.Value)
            breach = breach with { Value = value };
    }
}
