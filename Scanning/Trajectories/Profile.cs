namespace Flyscan.Scanning.Trajectories;

/// <summary>The trapezoid that covers a distance in exactly a given time with ramps at full acceleration.</summary>
internal static class Profile
{
    /// <summary>Its cruise velocity.</summary>
    /// <remarks>
    /// Distance grows with the cruise velocity (a higher one lies above a lower one at every instant), so that there is one, in
    /// one of three ranges: above both velocities, between them, below both. The time must be one of <see cref="MoveTimes"/>.
    /// <b>Units</b> axis units, seconds.
    /// </remarks>
    public static double Cruise(double distance, double entry, double exit, double acceleration, double seconds)
    {
        var (low, high) = (Math.Min(entry, exit), Math.Max(entry, exit));
        var between = (high * high - low * low) / (2 * acceleration);
        var level = seconds - (high - low) / acceleration;
        if (distance >= between + high * level)
            return Above(distance, entry, exit, acceleration, seconds);
        if (distance <= between + low * level)
            return -Above(-distance, -entry, -exit, acceleration, seconds);
        return (distance - between) / level;
    }

    private static double Above(double distance, double entry, double exit, double acceleration, double seconds)
    {
        var reach = seconds + (entry + exit) / acceleration;
        var area = distance + (entry * entry + exit * exit) / (2 * acceleration);
        return 2 * area / (reach + Math.Sqrt(Math.Max(0, reach * reach - 4 * area / acceleration)));
    }
}
