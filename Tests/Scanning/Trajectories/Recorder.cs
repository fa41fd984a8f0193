using Flyscan.Scanning.Trajectories;

namespace Flyscan.Tests.Scanning.Trajectories;

/// <summary>Keeps the points that it is given.</summary>
internal sealed class Recorder : MotionSink
{
    public List<(long DurationNs, double[] Positions, double[] Velocities, bool Live)> All { get; } = [];

    public (long DurationNs, double[] Positions, double[] Velocities, bool Live) Last => All[^1];

    public override void Begin(ReadOnlySpan<double> start) => All.Clear();

    public override void To(long durationNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, bool live) =>
        All.Add((durationNs, positions.ToArray(), velocities.ToArray(), live));
}
