using Flyscan.Scanning.Trajectories;

namespace Flyscan.Tests.Scanning.Trajectories;

/// <summary>A trajectory as a function of time, evaluated on its own formulas (Hermite basis), not those of the code under test.</summary>
internal sealed class Course(Trajectory trajectory)
{
    public Trajectory Trajectory => trajectory;

    public int Axes => trajectory.Axes.Count;

    /// <summary>Time at which each point is reached, nanoseconds.</summary>
    public long[] Times { get; } = [.. trajectory.DurationsNs.Aggregate(new List<long>(), (times, d) =>
    {
        times.Add((times.Count == 0 ? 0 : times[^1]) + d);
        return times;
    })];

    public (double Position, double Velocity) At(int axis, double timeNs)
    {
        var i = Array.FindIndex(Times, t => t >= timeNs);
        if (i < 0)
            i = Times.Length - 1;
        var (p0, v0) = i == 0 ? (trajectory.Start[axis], 0) : Point(axis, i - 1);
        var (p1, v1) = Point(axis, i);
        var h = trajectory.DurationsNs[i] / 1e9;
        var s = (timeNs - (Times[i] - trajectory.DurationsNs[i])) / trajectory.DurationsNs[i];
        var position = (2 * s * s * s - 3 * s * s + 1) * p0 + (s * s * s - 2 * s * s + s) * h * v0
            + (-2 * s * s * s + 3 * s * s) * p1 + (s * s * s - s * s) * h * v1;
        var velocity = ((6 * s * s - 6 * s) * p0 + (-6 * s * s + 6 * s) * p1) / h + (3 * s * s - 4 * s + 1) * v0 + (3 * s * s - 2 * s) * v1;
        return (position, velocity);
    }

    /// <summary>Rising edges of live, nanoseconds from the start.</summary>
    public List<long> Rises()
    {
        var rises = new List<long>();
        for (var i = 0; i < trajectory.Points; i++)
            if (trajectory.Live[i] && (i == 0 || !trajectory.Live[i - 1]))
                rises.Add(i == 0 ? 0 : Times[i - 1]);
        return rises;
    }

    /// <summary>Largest acceleration of an axis over all segments.</summary>
    public double TopAcceleration(int axis)
    {
        var top = 0.0;
        for (var i = 0; i < trajectory.Points; i++)
        {
            var (p0, v0) = i == 0 ? (trajectory.Start[axis], 0) : Point(axis, i - 1);
            var (p1, v1) = Point(axis, i);
            var h = trajectory.DurationsNs[i] / 1e9;
            top = Math.Max(top, Math.Abs((6 * (p1 - p0) / h - 4 * v0 - 2 * v1) / h));
            top = Math.Max(top, Math.Abs((-6 * (p1 - p0) / h + 2 * v0 + 4 * v1) / h));
        }
        return top;
    }

    public (double Position, double Velocity) Point(int axis, int i) =>
        (trajectory.Positions[i * Axes + axis], trajectory.Velocities[i * Axes + axis]);
}
