using Flyscan.Scanning.Trajectories;

namespace Flyscan.Hardware.Epics;

/// <summary>One flight of a motor that is told only where to go and how fast.</summary>
/// <remarks><b>Units</b> axis units; Speed: per second, without sign.</remarks>
internal sealed record FlownLine(double Start, double End, double Speed)
{
    private const double Rounding = 1e-5;

    /// <summary>The line that a programme is, or in <paramref name="problem"/> why it is none.</summary>
    /// <param name="acceleration">What the motor will ramp with: its ramp must have ended where the window's lead begins.</param>
    public static FlownLine? Of(Trajectory trajectory, double acceleration, out string problem)
    {
        problem = "";
        if (trajectory.Axes.Count != 1 || trajectory.Points == 0)
            problem = $"its programme has {trajectory.Axes.Count} axes and {trajectory.Points} points; a motor flies one axis along a line";
        else if (FirstLive(trajectory) is not { } live)
            problem = "its programme has no window";
        else
            return Of(trajectory, live, acceleration, out problem);
        return null;
    }

    private static FlownLine? Of(Trajectory trajectory, int live, double acceleration, out string problem)
    {
        var from = live == 0 ? (trajectory.Start[0], 0.0) : (trajectory.Positions[live - 1], trajectory.Velocities[live - 1]);
        var (at, velocity) = from;
        var line = new FlownLine(trajectory.Start[0], trajectory.Positions[^1], Math.Abs(velocity));
        problem = velocity == 0 ? "its window begins at rest" : "";
        for (var point = live; problem.Length == 0 && point < trajectory.Points && trajectory.Live[point]; point++)
        {
            var mean = (trajectory.Positions[point] - at) / (trajectory.DurationsNs[point] / 1e9);
            if (Differ(mean, velocity) || Differ(trajectory.Velocities[point], velocity))
                problem = FormattableString.Invariant($"its velocity changes in the window, from {velocity:G6} at point {point}");
            at = trajectory.Positions[point];
        }
        if (problem.Length == 0 && !IsOneWay(trajectory, Math.Sign(velocity)))
            problem = "its programme turns round on the way";
        var ramp = velocity * velocity / (2 * acceleration);
        var room = Math.Abs(from.Item1 - line.Start);
        if (problem.Length == 0 && ramp > room * (1 + Rounding))
            problem = FormattableString.Invariant($"it needs {ramp:G6} to reach {line.Speed:G6} per second, and its run-up is {room:G6}");
        return problem.Length == 0 ? line : null;
    }

    private static int? FirstLive(Trajectory trajectory)
    {
        var index = Array.IndexOf(trajectory.Live, true);
        return index < 0 ? null : index;
    }

    private static bool IsOneWay(Trajectory trajectory, int sign)
    {
        var at = trajectory.Start[0];
        foreach (var position in trajectory.Positions)
        {
            if ((position - at) * sign < -1e-9)
                return false;
            at = position;
        }
        return true;
    }

    private static bool Differ(double a, double b) => Math.Abs(a - b) > Rounding * Math.Abs(b);
}
