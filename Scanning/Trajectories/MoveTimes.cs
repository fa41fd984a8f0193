namespace Flyscan.Scanning.Trajectories;

/// <summary>The times in which an axis can change place and velocity within its limits: from Earliest on, but for the open
/// interval between GapFrom and GapTo.</summary>
/// <remarks>
/// The places an axis can reach in a time T form an interval: its ends belong to the profiles that go as far forward, or as far
/// back, as the limits allow. As T grows the backward end may pass the target (the axis cannot dawdle without overrunning it)
/// and come back once there is time to reverse. That is the gap, and it is known in closed form.
/// <b>Units</b> seconds.
/// </remarks>
internal readonly record struct MoveTimes(double Earliest, double GapFrom, double GapTo)
{
    /// <summary>The times for a distance between an entry and an exit velocity, both within the limits.</summary>
    public static MoveTimes Of(double distance, double entry, double exit, AxisLimits limits)
    {
        var a = limits.MaxAcceleration;
        if (double.IsInfinity(a))
            return Always(distance == 0 ? 0 : Math.Abs(distance) / limits.MaxVelocity);
        var ramp = Math.Abs(exit - entry) / a;
        var direct = (entry + exit) / 2 * ramp;
        if (distance < direct || (distance == direct && entry + exit < 0))
            (distance, entry, exit) = (-distance, -entry, -exit);
        var squares = (entry * entry + exit * exit) / 2;
        var earliest = Forward(distance, entry + exit, squares, limits);
        var residue = squares - a * distance;
        if (Math.Min(entry, exit) < 0 || residue <= 0)
            return Always(Math.Max(ramp, earliest));
        var dip = Math.Sqrt(residue);
        return new MoveTimes(Math.Max(ramp, earliest), (entry + exit - 2 * dip) / a, (entry + exit + 2 * dip) / a);
    }

    /// <summary>The first possible time that is not before the given one.</summary>
    public double NextFrom(double seconds)
    {
        var time = Math.Max(seconds, Earliest);
        return time > GapFrom && time < GapTo ? GapTo : time;
    }

    private static MoveTimes Always(double earliest) => new(earliest, double.PositiveInfinity, double.PositiveInfinity);

    private static double Forward(double distance, double sum, double squares, AxisLimits limits)
    {
        var (vmax, a) = (limits.MaxVelocity, limits.MaxAcceleration);
        var peak = Math.Sqrt(Math.Max(0, a * distance + squares));
        if (peak <= vmax)
            return (2 * peak - sum) / a;
        return (2 * vmax - sum) / a + (distance - (vmax * vmax - squares) / a) / vmax;
    }
}
