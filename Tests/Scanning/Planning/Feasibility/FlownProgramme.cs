using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Trajectories;

namespace Flyscan.Tests.Scanning.Planning.Feasibility;

/// <summary>What one axis did when a trajectory was flown.</summary>
internal sealed record AxisFlight(string Axis)
{
    public double Low { get; set; } = double.PositiveInfinity;

    public double High { get; set; } = double.NegativeInfinity;

    public double Speed { get; set; }

    public double Acceleration { get; set; }

    /// <summary>Outside windows.</summary>
    public double Jerk { get; set; }

    /// <summary>While live is high, and so in frames or their leads.</summary>
    public double LiveSpeed { get; set; }

    public double LiveAcceleration { get; set; }

    public double LiveJerk { get; set; }

    /// <summary>By which acceleration changes at once, while live stays high.</summary>
    public double AccelerationStep { get; set; }
}

/// <summary>A motion simulator of its own: samples position, velocity, time segments at 10 kHz and at their ends.</summary>
/// <remarks>
/// Each segment is the cubic a + b t + c t² + d t³ through (p, v) at both ends. Nothing of the planner's own arithmetic is used. Live is
/// low on the lead of windows that start without a compare, whose motion is a window's; jerk is zero there.
/// </remarks>
internal static class FlownProgramme
{
    private const double SampleSeconds = 1e-4;

    public static AxisFlight[] Fly(Trajectory trajectory)
    {
        var flights = trajectory.Axes.Select(a => new AxisFlight(a)).ToArray();
        for (var axis = 0; axis < flights.Length; axis++)
            Fly(trajectory, axis, flights[axis]);
        return flights;
    }

    /// <summary>Before each rise of live: the longest time for which no axis moved.</summary>
    public static IEnumerable<long> Stands(Trajectory trajectory)
    {
        var (axes, stoodNs, longestNs, live) = (trajectory.Axes.Count, 0L, 0L, false);
        for (var i = 0; i < trajectory.Points; i++)
        {
            if (trajectory.Live[i] && !live)
            {
                yield return longestNs;
                longestNs = 0;
            }
            live = trajectory.Live[i];
            var still = !live && Enumerable.Range(0, axes).All(axis =>
            {
                var (from, before) = i == 0
                    ? (trajectory.Start[axis], 0.0)
                    : (trajectory.Positions[(i - 1) * axes + axis], trajectory.Velocities[(i - 1) * axes + axis]);
                return before == 0 && trajectory.Velocities[i * axes + axis] == 0 && trajectory.Positions[i * axes + axis] == from;
            });
            stoodNs = still ? stoodNs + trajectory.DurationsNs[i] : 0;
            longestNs = Math.Max(longestNs, stoodNs);
        }
    }

    private static void Fly(Trajectory trajectory, int axis, AxisFlight flight)
    {
        var (position, velocity, axes) = (trajectory.Start[axis], 0.0, trajectory.Axes.Count);
        var (startNs, acceleration) = (0L, 0.0);
        for (var i = 0; i < trajectory.Points; i++)
        {
            var (p, v) = (trajectory.Positions[i * axes + axis], trajectory.Velocities[i * axes + axis]);
            var h = trajectory.DurationsNs[i] / 1e9;
            var c = (3 * (p - position) - (2 * velocity + v) * h) / (h * h);
            var d = (2 * (position - p) + (velocity + v) * h) / (h * h * h);
            var live = trajectory.Live[i];
            if (live && i > 0 && trajectory.Live[i - 1])
                flight.AccelerationStep = Math.Max(flight.AccelerationStep, Math.Abs(2 * c - acceleration));
            acceleration = 2 * c + 6 * d * h;
            var first = SampleSeconds - startNs % 100_000 / 1e9;
            Sample(flight, new Piece(position, velocity, c, d), 0, live);
            for (var t = first; t < h; t += SampleSeconds)
                Sample(flight, new Piece(position, velocity, c, d), t, live);
            Sample(flight, new Piece(position, velocity, c, d), h, live);
            startNs += trajectory.DurationsNs[i];
            (position, velocity) = (p, v);
        }
        if (velocity != 0)
            throw new Xunit.Sdk.XunitException($"{flight.Axis} ends at {velocity}");
    }

    private readonly record struct Piece(double A, double B, double C, double D);

    private static void Sample(AxisFlight flight, Piece piece, double t, bool live)
    {
        var position = piece.A + t * (piece.B + t * (piece.C + t * piece.D));
        var speed = Math.Abs(piece.B + t * (2 * piece.C + t * 3 * piece.D));
        var acceleration = Math.Abs(2 * piece.C + 6 * piece.D * t);
        flight.Low = Math.Min(flight.Low, position);
        flight.High = Math.Max(flight.High, position);
        flight.Speed = Math.Max(flight.Speed, speed);
        flight.Acceleration = Math.Max(flight.Acceleration, acceleration);
        if (live)
        {
            flight.LiveSpeed = Math.Max(flight.LiveSpeed, speed);
            flight.LiveAcceleration = Math.Max(flight.LiveAcceleration, acceleration);
            flight.LiveJerk = Math.Max(flight.LiveJerk, Math.Abs(6 * piece.D));
        }
        else
            flight.Jerk = Math.Max(flight.Jerk, Math.Abs(6 * piece.D));
    }

    /// <summary>What a flight broke, in words; null when nothing.</summary>
    public static string? Broken(AxisFlight flight, AxisDescription axis, double stepSeconds)
    {
        var room = 1e-9 * (Math.Abs(axis.Low) + Math.Abs(axis.High));
        if (flight.Low < axis.Low - room || flight.High > axis.High + room)
            return $"{axis.Name} went from {flight.Low:R} to {flight.High:R}; limits {axis.Low} to {axis.High}";
        if (flight.Speed > axis.MaxVelocity * (1 + 1e-6))
            return $"{axis.Name} went at {flight.Speed:R}; limit {axis.MaxVelocity}";
        // Positions have 53 bits: over a segment of a tenth of a millisecond that alone is some 1e-6 of acceleration.
        if (flight.Acceleration > axis.MaxAcceleration * (1 + 1e-6) + 1e-5)
            return $"{axis.Name} accelerated with {flight.Acceleration:R}; limit {axis.MaxAcceleration}";
        // In a window acceleration changes at once by no more than jerk allows in the controller's shortest segment.
        if (double.IsFinite(axis.MaxJerk) && flight.AccelerationStep > 1.01e-3 * axis.MaxAcceleration + axis.MaxJerk * stepSeconds)
            return $"{axis.Name} had its acceleration step by {flight.AccelerationStep:R}";
        if (flight.LiveJerk > axis.MaxJerk * (1 + 1e-6) + 1)
            return $"{axis.Name} had jerk {flight.LiveJerk:R} in a window; limit {axis.MaxJerk}";
        return flight.Jerk > axis.MaxJerk * (1 + 1e-6) + 1 ? $"{axis.Name} had jerk {flight.Jerk:R}; limit {axis.MaxJerk}" : null;
    }
}
