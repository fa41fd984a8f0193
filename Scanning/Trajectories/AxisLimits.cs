namespace Flyscan.Scanning.Trajectories;

/// <summary>How fast one axis may go, how hard it may accelerate, and how fast acceleration may change.</summary>
/// <remarks><b>Units</b> axis units per second, per second squared and cubed; infinite where there is no such limit.</remarks>
internal readonly record struct AxisLimits(double MaxVelocity, double MaxAcceleration)
{
    public double MaxJerk { get; init; } = double.PositiveInfinity;

    /// <summary>The shortest time from rest to rest over a distance, in seconds.</summary>
    public double RestToRestSeconds(double distance)
    {
        var length = Math.Abs(distance);
        if (double.IsInfinity(MaxJerk) || length == 0)
            return MoveTimes.Of(length, 0, 0, this).Earliest;
        var top = Ramp.Seconds(MaxVelocity, this);
        if (double.IsFinite(MaxVelocity) && MaxVelocity * top <= length)
            return top + length / MaxVelocity;
        // Both ramps of a move without cruise cover peak x ramp, which grows with the peak.
        var (low, high) = (0.0, double.IsFinite(MaxVelocity) ? MaxVelocity : 1.0);
        while (high * Ramp.Seconds(high, this) < length)
            high *= 2;
        for (var i = 0; i < 100; i++)
        {
            var peak = (low + high) / 2;
            (low, high) = peak * Ramp.Seconds(peak, this) < length ? (peak, high) : (low, peak);
        }
        return 2 * Ramp.Seconds(high, this);
    }
}
