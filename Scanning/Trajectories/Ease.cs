namespace Flyscan.Scanning.Trajectories;

/// <summary>A stretch of constant jerk that joins a curve, which has acceleration there, to constant velocity outside it.</summary>
/// <remarks>
/// Where a take begins or ends inside a curved window. It is left out, so that acceleration comes and goes at once, where velocity or
/// place would not fit around it. <b>Units</b> axis units and seconds; nanoseconds where it says so.
/// </remarks>
internal sealed class Ease(AxisLimits[] limits, (double Low, double High)[] soft, (long StepNs, long LeastNs) grain)
{
    private const double Slack = 1 + 1e-9;

    // Below this part of an axis's greatest acceleration a curve counts as straight.
    private const double Straight = 1e-3;

    private readonly double[] _velocities = new double[limits.Length];
    private readonly double[] _ways = new double[limits.Length];

    /// <summary>0 where there is none.</summary>
    public long DurationNs { get; private set; }

    /// <summary>The constant velocity outside.</summary>
    public ReadOnlySpan<double> Velocities => _velocities;

    /// <summary>How far each axis goes meanwhile.</summary>
    public ReadOnlySpan<double> Ways => _ways;

    /// <summary>There is no acceleration to take up.</summary>
    public void None(ReadOnlySpan<double> velocities)
    {
        velocities.CopyTo(_velocities);
        Array.Clear(_ways);
        DurationNs = 0;
    }

    /// <summary>Into the curve at this place.</summary>
    /// <param name="sameWay">The axis whose encoder begins the frames, or -1: it must come the same way, and not much slower.</param>
    /// <remarks><b>Units</b> leadNs: constant velocity before, nanoseconds.</remarks>
    public void In(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, double[] accelerations, long leadNs, int sameWay) =>
        Join(positions, velocities, accelerations, sign: 1, leadNs, sameWay);

    /// <summary>Out of the curve at this place.</summary>
    public void Out(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, double[] accelerations, long leadNs) =>
        Join(positions, velocities, accelerations, sign: -1, leadNs, sameWay: -1);

    private void Join(
        ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, double[] accelerations, int sign, long leadNs, int sameWay)
    {
        None(velocities);
        var (needed, isCurve) = (0.0, false);
        for (var i = 0; i < limits.Length; i++)
        {
            var acceleration = Math.Abs(accelerations[i]);
            isCurve |= double.IsFinite(limits[i].MaxJerk) && acceleration > Straight * limits[i].MaxAcceleration;
            needed = Math.Max(needed, acceleration / limits[i].MaxJerk);
        }
        if (!isCurve)
            return;
        var durationNs = Math.Max(grain.LeastNs, (long)Math.Ceiling(needed * 1e9 / grain.StepNs - 1e-9) * grain.StepNs);
        var seconds = durationNs / 1e9;
        for (var i = 0; i < limits.Length; i++)
        {
            var change = sign * accelerations[i] * seconds;
            _velocities[i] = velocities[i] - change / 2;
            _ways[i] = (velocities[i] - change / 3) * seconds;
        }
        var turns = sameWay >= 0 && _velocities[sameWay] * Math.Sign(velocities[sameWay]) < Math.Abs(velocities[sameWay]) / 2;
        if (turns || !Fits(positions, velocities, sign, seconds, leadNs / 1e9))
            None(velocities);
        else
            DurationNs = durationNs;
    }

    /// <summary>Whether every axis stays within its limits from rest, or to rest.</summary>
    private bool Fits(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, int sign, double seconds, double leadSeconds)
    {
        for (var i = 0; i < limits.Length; i++)
        {
            // Seen backwards in time, a way out is a way in.
            var (curve, outside) = (sign * velocities[i], sign * _velocities[i]);
            var edge = positions[i] - sign * _ways[i];
            var ease = new Cubic(edge, outside, positions[i], curve, seconds);
            var ramp = Ramp.Seconds(outside, limits[i]) + grain.StepNs / 1e9;
            var rest = edge - outside * (leadSeconds + ramp / 2);
            var (low, high) = ease.Range;
            if (ease.TopSpeed > limits[i].MaxVelocity * Slack || Math.Min(low, rest) < soft[i].Low || Math.Max(high, rest) > soft[i].High)
                return false;
        }
        return true;
    }
}
