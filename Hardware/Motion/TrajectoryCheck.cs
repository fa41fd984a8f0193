using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Trajectories;

namespace Flyscan.Hardware.Motion;

/// <summary>What a virtual controller refuses to run.</summary>
internal static class TrajectoryCheck
{
    // Room for durations that are rounded to nanoseconds.
    private const double PositionRoom = 1e-9;
    private const double VelocityRoom = 1e-3;
    private const double AccelerationRoom = 1e-2;

    /// <summary>Null when the controller can run it, else what is wrong: where, value, limit.</summary>
    public static string? Problem(Trajectory trajectory, VirtualMotionSettings settings)
    {
        var controller = settings.Controller;
        if (trajectory.Points is 0 || trajectory.Points > controller.MaxPoints)
            return $"the trajectory has {trajectory.Points} points; {controller.Name} holds 1 to {controller.MaxPoints}";
        for (var point = 0; point < trajectory.Points; point++)
            if (trajectory.DurationsNs[point] < controller.MinSegmentNs || trajectory.DurationsNs[point] > controller.MaxSegmentNs)
                return $"point {point}: the segment lasts {trajectory.DurationsNs[point]} ns; {controller.Name} runs "
                    + $"{controller.MinSegmentNs} to {controller.MaxSegmentNs} ns";
        for (var column = 0; column < trajectory.Axes.Count; column++)
        {
            var axis = settings.Axes.FirstOrDefault(a => a.Axis.Name == trajectory.Axes[column]);
            if (axis is null)
                return $"{controller.Name} has no axis {trajectory.Axes[column]}; it has {string.Join(", ", controller.Axes)}";
            if (AxisProblem(trajectory, column, axis) is { } problem)
                return problem;
        }
        return trajectory.Axes.Distinct().Count() == trajectory.Axes.Count ? null : "an axis stands twice in the trajectory";
    }

    /// <summary>Knots of one axis after the start, the first segment beginning at this time.</summary>
    public static IEnumerable<Knot> Knots(Trajectory trajectory, int column, long startNs)
    {
        var axes = trajectory.Axes.Count;
        for (var point = 0; point < trajectory.Points; point++)
        {
            startNs += trajectory.DurationsNs[point];
            var index = point * axes + column;
            yield return new Knot(startNs, trajectory.Positions[index], trajectory.Velocities[index]);
        }
    }

    private static string? AxisProblem(Trajectory trajectory, int column, VirtualAxisSettings axis)
    {
        var from = new Knot(0, trajectory.Start[column], 0);
        var point = 0;
        foreach (var to in Knots(trajectory, column, 0))
        {
            if (PieceProblem(new CubicPiece(from, to), axis) is { } problem)
                return $"axis {axis.Axis.Name}, segment to point {point}: {problem}";
            (from, point) = (to, point + 1);
        }
        return from.Velocity == 0
            ? null
            : $"axis {axis.Axis.Name}: the last point has velocity {from.Velocity:R}, a programme ends at rest";
    }

    private static string? PieceProblem(CubicPiece piece, VirtualAxisSettings settings)
    {
        var axis = settings.Axis;
        var (least, greatest) = (Math.Min(piece.From.Position, piece.To.Position), Math.Max(piece.From.Position, piece.To.Position));
        foreach (var turn in piece.TurningTimes())
            (least, greatest) = (Math.Min(least, piece.PositionAt(turn)), Math.Max(greatest, piece.PositionAt(turn)));
        var room = PositionRoom * (axis.High - axis.Low);
        // Written so that a value that is not a number fails too.
        if (!(least >= axis.Low - room && greatest <= axis.High + room))
            return $"goes from {least:G9} to {greatest:G9} {axis.Unit}; limits are {axis.Low:G9} to {axis.High:G9}";
        var speed = piece.GreatestSpeed();
        if (!(speed <= axis.MaxVelocity * (1 + VelocityRoom)))
            return $"reaches {speed:G6} {axis.Unit}/s; the limit is {axis.MaxVelocity:G6}";
        var (first, last) = piece.Accelerations();
        var acceleration = Math.Max(Math.Abs(first), Math.Abs(last));
        return acceleration <= axis.MaxAcceleration * (1 + AccelerationRoom)
            ? null
            : $"accelerates with {acceleration:G6} {axis.Unit}/s²; the limit is {axis.MaxAcceleration:G6}";
    }
}
