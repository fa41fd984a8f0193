namespace Flyscan.Scanning.Trajectories;

/// <summary>Velocities at the nodes of a window so that acceleration has no steps: those of the natural cubic spline.</summary>
/// <remarks>
/// Acceleration is nought at both ends, where velocity is constant outside; jerk is constant between nodes. Each velocity hangs on all
/// nodes, but by less than half as much with each node further away: so it is solved over a stretch, of which the last
/// <see cref="Ahead"/> nodes wait until more are known. <b>Units</b> nanoseconds, axis units.
/// </remarks>
internal sealed class SmoothNodes(int axes)
{
    /// <summary>Nodes after which nothing further on changes a velocity by its last bit.</summary>
    public const int Ahead = 64;

    // Nodes after which some are given away; beside them there is room for those around a take.
    private const int Full = 3 * Ahead;
    private const int Capacity = Full + 4 * Ahead;

    private readonly long[] _times = new long[Capacity];
    private readonly double[] _positions = new double[Capacity * axes];
    private readonly double[] _velocities = new double[Capacity * axes];
    private readonly double[] _upper = new double[Capacity];
    private bool _fixed;
    private int _count;
    private int _ready;
    private int _beyond;
    private int _taken;

    /// <summary>Nodes that were given and not taken.</summary>
    public int Waiting => _count - _taken;

    /// <summary>Begins with a node; with <paramref name="velocities"/> those are kept, and the node counts as taken.</summary>
    public void Begin(long timeNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        (_count, _ready, _beyond, _fixed) = (0, 0, 0, velocities.Length > 0);
        Put(timeNs, positions);
        velocities.CopyTo(_velocities);
        _taken = _fixed ? 1 : 0;
    }

    public void Add(long timeNs, ReadOnlySpan<double> positions)
    {
        if (_count == Full)
            MakeRoom();
        Put(timeNs, positions);
        if (_count < Full)
            return;
        Solve();
        _ready = Full - Ahead;
    }

    /// <summary>A node that is not to be taken: it shapes those before it. Room is for twice <see cref="Ahead"/> twice over.</summary>
    public void AddBeyond(long timeNs, ReadOnlySpan<double> positions)
    {
        Put(timeNs, positions);
        _beyond++;
    }

    /// <summary>No more nodes come: all but those beyond can be taken.</summary>
    public void End()
    {
        Solve();
        _ready = _count - _beyond;
    }

    /// <summary>Velocities at the last node that can be taken; valid after <see cref="End"/>.</summary>
    public ReadOnlySpan<double> LastVelocities => VelocitiesAt(_ready - 1);

    /// <summary>Accelerations at that node, where nodes beyond it were given.</summary>
    public void LastAccelerations(Span<double> into) => AccelerationsAfter(_ready - 1, into);

    /// <summary>Accelerations at a node that is not the last; valid after <see cref="End"/>.</summary>
    public void AccelerationsAfter(int node, Span<double> into)
    {
        var seconds = Seconds(node);
        for (var axis = 0; axis < axes; axis++)
            into[axis] = (6 * Slope(node, axis) - 4 * VelocitiesAt(node)[axis] - 2 * VelocitiesAt(node + 1)[axis]) / seconds;
    }

    /// <summary>The next node whose velocities are known.</summary>
    public bool TryTake(out long timeNs, Span<double> positions, Span<double> velocities)
    {
        timeNs = 0;
        if (_taken >= _ready)
            return false;
        timeNs = _times[_taken];
        _positions.AsSpan(_taken * axes, axes).CopyTo(positions);
        VelocitiesAt(_taken++).CopyTo(velocities);
        return true;
    }

    /// <summary>Velocities at a node still held, from the first on; valid after <see cref="End"/>.</summary>
    public Span<double> VelocitiesAt(int node) => _velocities.AsSpan(node * axes, axes);

    private void Put(long timeNs, ReadOnlySpan<double> positions)
    {
        _times[_count] = timeNs;
        positions.CopyTo(_positions.AsSpan(_count * axes, axes));
        _count++;
    }

    // The last node that was taken stays, with its velocities, as the begin of what follows.
    private void MakeRoom()
    {
        var keep = _taken - 1;
        _times.AsSpan(keep, _count - keep).CopyTo(_times);
        _positions.AsSpan(keep * axes, (_count - keep) * axes).CopyTo(_positions);
        VelocitiesAt(keep).CopyTo(_velocities);
        _count -= keep;
        (_taken, _ready, _fixed) = (1, 1, true);
    }

    /// <summary>Three equations in a row share each velocity: eliminated forwards, put in backwards.</summary>
    private void Solve()
    {
        if (_count < 2)
            return;
        var last = _count - 1;
        _upper[0] = _fixed ? 0 : 0.5;
        for (var axis = 0; axis < axes && !_fixed; axis++)
            _velocities[axis] = 1.5 * Slope(0, axis);
        for (var i = 1; i <= last; i++)
        {
            var before = 1 / Seconds(i - 1);
            var after = i < last ? 1 / Seconds(i) : 0;
            var pivot = 2 * (before + after) - before * _upper[i - 1];
            _upper[i] = after / pivot;
            for (var axis = 0; axis < axes; axis++)
            {
                var right = 3 * (Slope(i - 1, axis) * before + (i < last ? Slope(i, axis) * after : 0));
                _velocities[i * axes + axis] = (right - before * _velocities[(i - 1) * axes + axis]) / pivot;
            }
        }
        for (var i = last - 1; i >= (_fixed ? 1 : 0); i--)
            for (var axis = 0; axis < axes; axis++)
                _velocities[i * axes + axis] -= _upper[i] * _velocities[(i + 1) * axes + axis];
    }

    private double Seconds(int node) => (_times[node + 1] - _times[node]) / 1e9;

    private double Slope(int node, int axis) =>
        (_positions[(node + 1) * axes + axis] - _positions[node * axes + axis]) / Seconds(node);
}
