namespace Flyscan.Scanning.Trajectories;

/// <summary>Takes a programme point by point: a trajectory builder, a check, a counter.</summary>
internal abstract class MotionSink
{
    /// <summary>The programme begins at rest here.</summary>
    public abstract void Begin(ReadOnlySpan<double> start);

    /// <summary>The next point, on the cubic from the last one.</summary>
    public abstract void To(long durationNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, bool live);

    /// <summary>What comes next, in words for a person; the frame that it leads to, or is at.</summary>
    public virtual void Enter(string phase, long? frame)
    {
    }

    /// <summary>The programme goes on from here, moving: a part of it is left out.</summary>
    public virtual void At(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
    }

    /// <summary>Velocity steps inside a window, at the begin of its frame of that number.</summary>
    public virtual void Step(int axis, long frame, double before, double after)
    {
    }

    /// <summary>A place inside a window where a take may begin or end, so that run-up and run-down must fit on either side.</summary>
    /// <remarks><b>Units</b> leadNs: constant velocity kept outside the frames, nanoseconds.</remarks>
    public virtual void MayStopAt(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, long leadNs)
    {
    }
}

/// <summary>Cuts segments that are longer than the controller takes into equal parts of the same cubic.</summary>
internal sealed class SegmentSplitter(int axes, long maxSegmentNs, MotionSink next) : MotionSink
{
    private readonly double[] _positions = new double[axes];
    private readonly double[] _velocities = new double[axes];
    private readonly double[] _betweenPositions = new double[axes];
    private readonly double[] _betweenVelocities = new double[axes];

    public override void Begin(ReadOnlySpan<double> start)
    {
        start.CopyTo(_positions);
        Array.Clear(_velocities);
        next.Begin(start);
    }

    public override void Enter(string phase, long? frame) => next.Enter(phase, frame);

    public override void At(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        positions.CopyTo(_positions);
        velocities.CopyTo(_velocities);
        next.At(positions, velocities);
    }

    public override void To(long durationNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, bool live)
    {
        var parts = (durationNs + maxSegmentNs - 1) / maxSegmentNs;
        long done = 0;
        for (var part = 1L; part < parts; part++)
        {
            // Int128: a segment of days in nanoseconds times a count of parts does not fit a long.
            var until = (long)((Int128)durationNs * part / parts);
            for (var axis = 0; axis < axes; axis++)
            {
                var curve = new Cubic(_positions[axis], _velocities[axis], positions[axis], velocities[axis], durationNs / 1e9);
                _betweenPositions[axis] = curve.PositionAt(until / 1e9);
                _betweenVelocities[axis] = curve.VelocityAt(until / 1e9);
            }
            next.To(until - done, _betweenPositions, _betweenVelocities, live);
            done = until;
        }
        next.To(durationNs - done, positions, velocities, live);
        positions.CopyTo(_positions);
        velocities.CopyTo(_velocities);
    }

    public override void Step(int axis, long frame, double before, double after) => next.Step(axis, frame, before, after);

    public override void MayStopAt(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, long leadNs) =>
        next.MayStopAt(positions, velocities, leadNs);
}

/// <summary>Counts points and remembers where the programme began and ended.</summary>
internal sealed class PointCounter(int axes) : MotionSink
{
    private bool _between;

    public long Points { get; private set; }

    /// <summary>Without those of run-up and run-down.</summary>
    public long BetweenRests { get; private set; }

    public double[] Start { get; } = new double[axes];

    public double[] End { get; } = new double[axes];

    public override void Begin(ReadOnlySpan<double> start)
    {
        start.CopyTo(Start);
        start.CopyTo(End);
        (Points, BetweenRests) = (0, 0);
    }

    public override void Enter(string phase, long? frame) => _between = phase is not (LimitCheck.RunUpPhase or LimitCheck.RunDownPhase);

    public override void To(long durationNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, bool live)
    {
        Points++;
        if (_between)
            BetweenRests++;
        positions.CopyTo(End);
    }
}

/// <summary>Gives every point to two sinks.</summary>
internal sealed class BothSinks(MotionSink first, MotionSink second) : MotionSink
{
    public override void Begin(ReadOnlySpan<double> start)
    {
        first.Begin(start);
        second.Begin(start);
    }

    public override void Enter(string phase, long? frame)
    {
        first.Enter(phase, frame);
        second.Enter(phase, frame);
    }

    public override void At(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities)
    {
        first.At(positions, velocities);
        second.At(positions, velocities);
    }

    public override void To(long durationNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, bool live)
    {
        first.To(durationNs, positions, velocities, live);
        second.To(durationNs, positions, velocities, live);
    }

    public override void Step(int axis, long frame, double before, double after)
    {
        first.Step(axis, frame, before, after);
        second.Step(axis, frame, before, after);
    }

    public override void MayStopAt(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, long leadNs)
    {
        first.MayStopAt(positions, velocities, leadNs);
        second.MayStopAt(positions, velocities, leadNs);
    }
}
