using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Trajectories;

namespace Flyscan.Host.Cli;

/// <summary>A take's programme as places over time, for drawing.</summary>
/// <remarks><b>Units</b> nanoseconds from the start of motion; axis units.</remarks>
internal sealed class TakeCourse
{
    private readonly ScanPlan _plan;
    private readonly TakeProgramme _programme;
    private readonly Trajectory? _trajectory;
    private readonly long[] _ends;

    public TakeCourse(ScanPlan plan, TakeProgramme programme)
    {
        (_plan, _programme, _trajectory) = (plan, programme, programme.Trajectory);
        Stretches = [.. TakeTimeline.Of(programme)];
        DurationNs = programme.DurationNs;
        _ends = new long[_trajectory?.Points ?? 0];
        for (var (i, at) = (0, 0L); i < _ends.Length; i++)
            _ends[i] = at += _trajectory!.DurationsNs[i];
        Moving = [.. Enumerable.Range(0, _trajectory?.Axes.Count ?? 0).Where(Moves)];
    }

    public IReadOnlyList<TakeStretch> Stretches { get; }

    public long DurationNs { get; }

    /// <summary>Axes of the trajectory that do not stand all through it, slow to fast.</summary>
    public IReadOnlyList<int> Moving { get; }

    /// <summary>The axes to draw against each other; the second is -1 for time.</summary>
    public (int Horizontal, int Vertical) PictureAxes() => Moving.Count > 1 ? (Moving[^1], Moving[^2]) : (Moving[0], -1);

    public string Label(int axis)
    {
        var name = _trajectory!.Axes[axis];
        return $"{name} / {_plan.Beamline.Axes.First(a => a.Name == name).Unit}";
    }

    public double At(int axis, double timeNs)
    {
        var i = Array.BinarySearch(_ends, (long)Math.Ceiling(timeNs));
        i = Math.Clamp(i < 0 ? ~i : i, 0, _ends.Length - 1);
        var (trajectory, axes) = (_trajectory!, _trajectory!.Axes.Count);
        var (from, before) = i == 0
            ? (trajectory.Start[axis], 0.0)
            : (trajectory.Positions[(i - 1) * axes + axis], trajectory.Velocities[(i - 1) * axes + axis]);
        var (to, after) = (trajectory.Positions[i * axes + axis], trajectory.Velocities[i * axes + axis]);
        var seconds = trajectory.DurationsNs[i] / 1e9;
        var u = Math.Clamp((timeNs - (_ends[i] - trajectory.DurationsNs[i])) / trajectory.DurationsNs[i], 0, 1);
        return from + u * u * (3 - 2 * u) * (to - from) + u * (1 - u) * seconds * ((1 - u) * before - u * after);
    }

    /// <summary>Times from one to another, both included.</summary>
    public IEnumerable<double> Sample(double fromNs, double toNs, int count)
    {
        for (var i = 0; i <= count; i++)
            yield return fromNs + (toNs - fromNs) * i / count;
    }

    public bool Stands(TakeStretch stretch) =>
        Moving.All(a => Math.Abs(At(a, stretch.StartNs) - At(a, stretch.EndNs)) < 1e-9 && Math.Abs(
            At(a, stretch.StartNs) - At(a, (stretch.StartNs + stretch.EndNs) / 2.0)) < 1e-9);

    /// <summary>The exposures of a stretch of frames.</summary>
    public IEnumerable<(double StartNs, double EndNs)> Exposures(TakeStretch stretch)
    {
        var window = _programme.Triggers.Windows.First(w => w.FirstFrame == stretch.Frames.First);
        double at = stretch.StartNs + window.DelayNs;
        foreach (var train in window.Trains)
            for (var i = 0; i < train.Count; i++, at += train.PeriodNs)
                yield return (at, at + train.ExposureNs);
    }

    public (double Low, double High) RangeOf(int axis)
    {
        var (low, high) = (double.PositiveInfinity, double.NegativeInfinity);
        foreach (var time in Sample(0, DurationNs, 4000))
            (low, high) = (Math.Min(low, At(axis, time)), Math.Max(high, At(axis, time)));
        return (low, high);
    }

    private bool Moves(int axis)
    {
        var axes = _trajectory!.Axes.Count;
        for (var i = 0; i < _trajectory.Points; i++)
            if (_trajectory.Positions[i * axes + axis] != _trajectory.Start[axis])
                return true;
        return false;
    }
}
