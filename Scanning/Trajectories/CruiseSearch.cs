namespace Flyscan.Scanning.Trajectories;

/// <summary>The cruise velocity between two ramps that are as short as jerk and acceleration allow.</summary>
internal static class CruiseSearch
{
    // Halvings that take any range of doubles below their last bit.
    private const int Halvings = 64;

    /// <summary>The cruise that covers the distance in the time; a start for fitting ramps to a grid.</summary>
    /// <remarks>
    /// A faster cruise lies above a slower one at every instant, so that the distance grows with it wherever both ramps have room,
    /// and halving finds it. <b>Units</b> axis units, seconds.
    /// </remarks>
    public static double Cruise(double distance, double entry, double exit, AxisLimits limits, double seconds)
    {
        double Ramps(double cruise) => Ramp.Seconds(cruise - entry, limits) + Ramp.Seconds(exit - cruise, limits);
        var low = Bound(Math.Min(entry, exit), -limits.MaxVelocity, c => Ramps(c) <= seconds);
        var high = Bound(Math.Max(entry, exit), limits.MaxVelocity, c => Ramps(c) <= seconds);
        for (var i = 0; i < Halvings && low < high; i++)
        {
            var cruise = low + (high - low) / 2;
            var (first, last) = (Ramp.Seconds(cruise - entry, limits), Ramp.Seconds(exit - cruise, limits));
            var covered = (entry - cruise) / 2 * first + (exit - cruise) / 2 * last + cruise * seconds;
            (low, high) = covered < distance ? (cruise, high) : (low, cruise);
        }
        return low + (high - low) / 2;
    }

    /// <summary>As far as the condition holds on the way from one velocity to another.</summary>
    private static double Bound(double from, double to, Func<double, bool> holds)
    {
        if (holds(to))
            return to;
        var (yes, no) = (from, to);
        for (var i = 0; i < Halvings; i++)
        {
            var between = yes + (no - yes) / 2;
            (yes, no) = holds(between) ? (between, no) : (yes, between);
        }
        return yes;
    }
}
