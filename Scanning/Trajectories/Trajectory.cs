namespace Flyscan.Scanning.Trajectories;

/// <summary>A position, velocity, time programme for the axes of one controller. It begins at rest at <see cref="Start"/> and ends at
/// rest.</summary>
/// <remarks><b>Shapes</b> Positions, Velocities: [points, axes], C order; DurationsNs, Live: [points]. Point i is reached DurationsNs[i]
/// after
/// point i-1 (point 0: after Start), on the cubic through both ends' positions and velocities.
/// <b>Units</b> positions in axis units, velocities per second, durations in nanoseconds.
/// Live[i]: the controller holds its live output high on the segment that ends at point i.</remarks>
public sealed class Trajectory
{
    public required string Controller { get; init; }

    public required IReadOnlyList<string> Axes { get; init; }

    /// <summary>[axes], where the programme begins at rest (run-up start).</summary>
    public required double[] Start { get; init; }

    public required long[] DurationsNs { get; init; }

    public required double[] Positions { get; init; }

    public required double[] Velocities { get; init; }

    public required bool[] Live { get; init; }

    public int Points => DurationsNs.Length;

    /// <summary>Nanoseconds from start of motion to rest.</summary>
    public long DurationNs => DurationsNs.Sum();
}
