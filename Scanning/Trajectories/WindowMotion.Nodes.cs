namespace Flyscan.Scanning.Trajectories;

/// <summary>From nodes to segments: those on one straight line in time become one, those too close together are left out.</summary>
internal sealed partial class WindowMotion
{
    private void Take()
    {
        if (!_hasCandidate)
        {
            Swap(ref _candidate, ref _next);
            _hasCandidate = true;
            Measure();
            return;
        }
        if (_straight && Extends())
        {
            _count++;
            Swap(ref _candidate, ref _next);
            return;
        }
        if (_candidate.TimeNs - _emitted.TimeNs >= _leastNs)
            GiveInside(ref _candidate);
        Swap(ref _candidate, ref _next);
        Measure();
    }

    // Whether emitted and candidate lie on one straight line with their own velocities.
    private void Measure()
    {
        _count = 1;
        _straight = true;
        var seconds = (_candidate.TimeNs - _emitted.TimeNs) / 1e9;
        for (var i = 0; i < _axes; i++)
        {
            _slope[i] = (_candidate.Positions[i] - _emitted.Positions[i]) / seconds;
            var slack = 2 * Tolerance(i, _candidate) / seconds;
            if (Math.Abs(_candidate.Velocities[i] - _slope[i]) > slack || Math.Abs(_emitted.Velocities[i] - _slope[i]) > slack)
                _straight = false;
        }
    }

    private bool Extends()
    {
        var seconds = (_next.TimeNs - _emitted.TimeNs) / 1e9;
        var step = (_next.TimeNs - _candidate.TimeNs) / 1e9;
        for (var i = 0; i < _axes; i++)
        {
            var tolerance = Tolerance(i, _next);
            if (Math.Abs(_next.Positions[i] - (_emitted.Positions[i] + _slope[i] * seconds)) > tolerance
                || Math.Abs(_next.Velocities[i] - _slope[i]) > 2 * tolerance / step)
                return false;
        }
        return true;
    }

    // Rounding of the positions grows with the frames covered; and what the axis covers in a tick is never seen.
    private double Tolerance(int axis, in Node node) =>
        (_count + 4) * Rounding * (Math.Abs(_emitted.Positions[axis]) + Math.Abs(node.Positions[axis])) + Math.Abs(_slope[axis]) * _tick;

    private void GiveInside(ref Node node)
    {
        _sink.MayStopAt(node.Positions, node.Velocities, _leadNs);
        Give(ref node);
    }

    private void Give(ref Node node)
    {
        _sink.To(node.TimeNs - _emitted.TimeNs, node.Positions, node.Velocities, _live);
        Swap(ref _emitted, ref node);
    }

    private static void Swap(ref Node a, ref Node b) => (a, b) = (b, a);

    private struct Node(int axes)
    {
        public long TimeNs;
        public readonly double[] Positions = new double[axes];
        public readonly double[] Velocities = new double[axes];
    }
}
