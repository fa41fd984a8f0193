namespace Flyscan.Scanning.Trajectories;

/// <summary>A change of velocity that begins and ends without acceleration: linear, or an S of three stretches of constant jerk.</summary>
/// <remarks>
/// The S is the same seen from either end, so that its mean velocity is that of the linear ramp of the same time: whoever places
/// ramps need not know which kind they are. Its shoulders are where acceleration comes and goes; on each of its three stretches
/// position is a cubic in time, so that position, velocity, time points carry it exactly.
/// <b>Units</b> seconds; steps of a grid.
/// </remarks>
internal static class Ramp
{
    private const double Slack = 1e-11;

    /// <summary>The shortest time.</summary>
    public static double Seconds(double change, AxisLimits limits)
    {
        var (dv, a, j) = (Math.Abs(change), limits.MaxAcceleration, limits.MaxJerk);
        if (dv == 0)
            return 0;
        if (double.IsInfinity(j))
            return dv / a;
        return a * a <= dv * j ? dv / a + a / j : 2 * Math.Sqrt(dv / j);
    }

    /// <summary>Steps of each shoulder of a ramp of so many steps; 0 where it is linear, -1 where the limits allow none.</summary>
    public static long Shoulder(double change, long steps, AxisLimits limits, double stepSeconds)
    {
        var dv = Math.Abs(change);
        if (double.IsInfinity(limits.MaxJerk) || dv == 0)
            return dv <= limits.MaxAcceleration * (steps * stepSeconds) * (1 + Slack) ? 0 : -1;
        // The peak is dv / (steps - k), the jerk that over k: the shortest shoulder with little enough jerk has the lowest peak.
        var least = dv / (limits.MaxJerk * stepSeconds * stepSeconds) * (1 - Slack);
        var root = (double)steps * steps - 4 * least;
        if (root < 0)
            return -1;
        var k = Math.Max(1, (long)Math.Ceiling(2 * least / (steps + Math.Sqrt(root)) * (1 - 1e-12)));
        return 2 * k <= steps && dv <= limits.MaxAcceleration * ((steps - k) * stepSeconds) * (1 + Slack) ? k : -1;
    }

    /// <summary>Way and velocity so many steps into the ramp.</summary>
    public static (double Way, double Velocity) At(RampShape ramp, long into, double stepSeconds)
    {
        var (from, change, steps, shoulder) = ramp;
        var time = into * stepSeconds;
        if (shoulder == 0)
        {
            var reached = from + change * ((double)into / steps);
            return ((from + reached) / 2 * time, reached);
        }
        var peak = change / ((steps - shoulder) * stepSeconds);
        var rise = shoulder * stepSeconds;
        if (into <= shoulder)
            return (from * time + peak / rise * time * time * time / 6, from + peak / rise * time * time / 2);
        if (into <= steps - shoulder)
            return (from * time + peak * (time * (time - rise) / 2 + rise * rise / 6), from + peak * (time - rise / 2));
        var left = (steps - into) * stepSeconds;
        var end = from + change;
        var whole = (from + change / 2) * (steps * stepSeconds);
        return (whole - (end * left - peak / rise * left * left * left / 6), end - peak / rise * left * left / 2);
    }
}

/// <summary>Velocity it begins with, its change, and its steps: all, and those of each shoulder.</summary>
internal readonly record struct RampShape(double From, double Change, long Steps, long Shoulder);
