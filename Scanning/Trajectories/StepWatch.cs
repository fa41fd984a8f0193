namespace Flyscan.Scanning.Trajectories;

/// <summary>A frame of a window, in the axes of its controller.</summary>
internal sealed class WindowFrame(int axes)
{
    public long DurationNs;

    /// <summary>It is not run evenly: its midpoint is a node.</summary>
    public bool Halved;

    public readonly double[] Lower = new double[axes];
    public readonly double[] Midpoint = new double[axes];
    public readonly double[] Upper = new double[axes];

    /// <summary>Mean velocity.</summary>
    public double VelocityOf(int axis) => (Upper[axis] - Lower[axis]) / (DurationNs / 1e9);
}

/// <summary>Finds the bounds of frames, inside a window, at which the mean velocity steps.</summary>
/// <remarks>
/// A step is a change by more than a hundredth of the greater velocity, that no change beside it is greater than, or goes half the way
/// to: along a curve, or where velocity ramps up over some frames, neighbouring changes are alike.
/// </remarks>
internal sealed class StepWatch(int axes, MotionSink sink)
{
    private const double Least = 0.01;

    private readonly double[] _changeBefore = new double[axes];
    private readonly double[] _before = new double[axes];
    private readonly double[] _after = new double[axes];
    private long _bound;

    /// <summary>A window begins.</summary>
    public void Begin()
    {
        Array.Clear(_changeBefore);
        Array.Clear(_before);
        Array.Clear(_after);
        _bound = 0;
    }

    /// <summary>The bound between a frame and the next.</summary>
    public void Bound(WindowFrame frame, WindowFrame next)
    {
        for (var i = 0; i < axes; i++)
        {
            var (before, after) = (frame.VelocityOf(i), next.VelocityOf(i));
            Judge(i, after - before);
            _changeBefore[i] = _after[i] - _before[i];
            (_before[i], _after[i]) = (before, after);
        }
        _bound++;
    }

    /// <summary>No frames follow.</summary>
    public void End()
    {
        for (var i = 0; i < axes; i++)
            Judge(i, 0);
    }

    private void Judge(int axis, double changeAfter)
    {
        var (change, size) = (_after[axis] - _before[axis], Math.Abs(_after[axis] - _before[axis]));
        if (size > Least * Math.Max(Math.Abs(_before[axis]), Math.Abs(_after[axis])) && Stands(change, _changeBefore[axis])
            && Stands(change, changeAfter))
            sink.Step(axis, _bound, _before[axis], _after[axis]);
    }

    private static bool Stands(double change, double beside) =>
        Math.Abs(beside) <= Math.Abs(change) * (1 + 1e-9) && Math.Abs(change - beside) > Math.Abs(change) / 2;
}
