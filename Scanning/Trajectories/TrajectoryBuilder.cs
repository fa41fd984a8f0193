namespace Flyscan.Scanning.Trajectories;

/// <summary>Collects the points of a programme.</summary>
internal sealed class TrajectoryBuilder(string controller, IReadOnlyList<string> axes) : MotionSink
{
    private readonly List<long> _durations = [];
    private readonly List<double> _positions = [];
    private readonly List<double> _velocities = [];
    private readonly List<bool> _live = [];
    private double[] _start = [];

    public override void Begin(ReadOnlySpan<double> start)
    {
        _start = start.ToArray();
        _durations.Clear();
        _positions.Clear();
        _velocities.Clear();
        _live.Clear();
    }

    public override void To(long durationNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, bool live)
    {
        _durations.Add(durationNs);
        _positions.AddRange(positions);
        _velocities.AddRange(velocities);
        _live.Add(live);
    }

    /// <summary>The programme given so far.</summary>
    public Trajectory Build() => new()
    {
        Controller = controller,
        Axes = axes,
        Start = _start,
        DurationsNs = [.. _durations],
        Positions = [.. _positions],
        Velocities = [.. _velocities],
        Live = [.. _live],
    };
}
