namespace Flyscan.Scanning.Trajectories;

/// <summary>Velocities at the nodes of a window so that acceleration has no steps: those of the natural cubic spline through them.</summary>
/// <remarks>
/// Acceleration is nought at both ends, where velocity is constant outside; jerk is constant between nodes. Each velocity hangs on all
/// nodes, but by less than half as much with each node further away: so it is solved over a stretch, of which the last
/// <see cref="Ahead"/> nodes wait until more are known. <b>Units</b> nanoseconds, axis units.
/// </remarks>
internal sealed class SmoothNodes(int axes)
{
    /// <summary>Nodes after which nothing further on changes a velocity by its last bit.</summary>
    public const int Ahead = 64;

    private const int Capacity = 3 * Ahead;

    private readonly long[] _times = new long[Capacity];
    private readonly double[] _positions = new double[Capacity * axes];
    private readonly double[] _velocities = new double[Capacity * axes];
    private readonly double[] _upper = new double[Capacity];
    private bool _fixed;
    private int _count;
    private int _ready;
    private int _taken;

    /// <summary>Nodes that were given and not taken.</summary>
    public int Waiting => _count - _taken;

    /// <summary>Begins with a node; with <paramref name="velocities"/> those are kept, and the node counts as taken.</summary>
    public void Begin(long timeNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        (_count, _ready, _fixed) = (0, 0, velocities.Length > 0);
        Add(timeNs, positions);
        velocities.CopyTo(_velocities);
        _taken = _fixed ? 1 : 0;
    }

    public void Add(long timeNs, ReadOnlySpan<double> positions)
    {
        if (_count == Capacity)
            MakeRoom();
        _times[_count] = timeNs;
        positions.CopyTo(_positions.AsSpan(_count * axes, axes));
        if (++_count < Capacity)
            return;
        Solve();
        _ready = Capacity - Ahead;
    }

    /// <summary>Forgets the last node, if it has not been taken and is closer than that to a time.</summary>
    public void DropLastWithin(long leastNs, long timeNs)
    {
        if (_count > Math.Max(1, Math.Max(_taken, _ready)) && timeNs - _times[_count - 1] < leastNs)
            _count--;
    }

    /// <summary>When the last node is.</summary>
    public long LastNs => _times[_count - 1];

    /// <summary>No more nodes come: all can be taken.</summary>
    public void End()
    {
        Solve();
        _ready = _count;
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

    /// <summary>Velocities at the first or the last node held; valid after <see cref="End"/>.</summary>
    public ReadOnlySpan<double> EdgeVelocities(bool last) => VelocitiesAt(last ? _count - 1 : 0);

    private Span<double> VelocitiesAt(int node) => _velocities.AsSpan(node * axes, axes);

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
