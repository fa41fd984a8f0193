namespace Flyscan.Scanning.Trajectories;

/// <summary>How fast one axis may go and how hard it may accelerate.</summary>
/// <remarks><b>Units</b> axis units per second and per second squared; infinite where there is no such limit.</remarks>
internal readonly record struct AxisLimits(double MaxVelocity, double MaxAcceleration)
{
    /// <summary>The shortest time from rest to rest over a distance, in seconds.</summary>
    public double RestToRestSeconds(double distance) => MoveTimes.Of(Math.Abs(distance), 0, 0, this).Earliest;
}
