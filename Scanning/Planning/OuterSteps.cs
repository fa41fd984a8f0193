using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Trajectories;

namespace Flyscan.Scanning.Planning;

/// <summary>The moves between inner scans: their time, and whether every outer point is within soft limits.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
internal sealed class OuterSteps
{
    private readonly ScanPath _path;
    private readonly InnerBoundary _boundary;
    private readonly (AxisDescription Axis, int Column, AxisLimits Limits)[] _axes;
    private readonly double[] _last;
    private readonly bool[] _outside;

    private OuterSteps(ScanPath path, InnerBoundary boundary)
    {
        (_path, _boundary) = (path, boundary);
        var held = boundary.Motion is { } motion
            ? Enumerable.Range(0, motion.Axes.Length).Where(i => !boundary.Moving[i]).Select(i => (motion.Axes[i], motion.Columns[i]))
            : [];
        _axes = [.. boundary.Soft.Select(s => (s.Axis, s.Column)).Concat(held)
            .Select(a => (a.Item1, a.Item2, new AxisLimits(a.Item1.MaxVelocity, a.Item1.MaxAcceleration) { MaxJerk = a.Item1.MaxJerk }))];
        _last = new double[_axes.Length];
        _outside = new bool[_axes.Length];
    }

    public long MoveNs { get; private set; }

    public long SettleNs { get; private set; }

    public long Takes { get; private set; }

    /// <summary>Takes whose tables are streamed.</summary>
    public long StreamedTakes { get; private set; }

    public long Windows { get; private set; }

    public long FramesNs { get; private set; }

    public long ExposureNs { get; private set; }

    public MotionTimes Times { get; private set; }

    public long LongestTakeNs { get; private set; }

    /// <summary>Goes through all outer points once, adding problems.</summary>
    public static OuterSteps Survey(PlanContext context, InnerClasses classes, List<PlanProblem> problems)
    {
        var (path, boundary) = (context.Path, context.Boundary);
        var steps = new OuterSteps(path, boundary);
        InnerAnalysis? before = null;
        var count = path.Length / boundary.Length;
        var block = new FrameBlock(path.Axes.Count, (int)Math.Min(4096, count));
        for (long outer = 0; outer < count; outer++)
        {
            var inner = classes.At(outer);
            var index = (int)(outer % block.Capacity);
            if (boundary.Length == 1 && index == 0)
                path.Read(outer, block);
            var returnNs = boundary.Motion is { } motion && before is { Unfit: null } && inner.Unfit is null
                ? InnerAnalysis.ReturnTime(before.End, inner.Start, motion, boundary.Moving)
                : 0;
            steps.Step(outer, boundary.Length == 1 ? block : null, index, returnNs, problems);
            steps.Add(inner, outer > 0 && path.HasDelays ? InnerAnalysis.DwellBefore(outer * boundary.Length, context) : default);
            before = inner;
        }
        return steps;
    }

    private void Step(long outer, FrameBlock? block, int index, long returnNs, List<PlanProblem> problems)
    {
        var (seconds, settleNs) = (0.0, 0L);
        for (var i = 0; i < _axes.Length; i++)
        {
            var (axis, column, limits) = _axes[i];
            var position = block is null ? _path.MidpointOf(column, outer * _boundary.Length) : block.Midpoint[column][index];
            if (!_outside[i] && !(position >= axis.Low && position <= axis.High))
            {
                _outside[i] = true;
                problems.Add(MotionProblems.Outer(axis, outer * _boundary.Length, position));
            }
            if (outer > 0 && position != _last[i])
            {
                seconds = Math.Max(seconds, limits.RestToRestSeconds(position - _last[i]));
                settleNs = Math.Max(settleNs, axis.SettleNs);
            }
            _last[i] = position;
        }
        if (outer == 0)
            return;
        // Software moves its axes while the controller goes to the next start: the slower of both, settled, counts.
        var (softNs, restNs) = ((long)(seconds * 1e9), _boundary.Motion?.RestNs ?? 0);
        var moveNs = Math.Max(returnNs, softNs);
        MoveNs += moveNs;
        SettleNs += Math.Max(returnNs + restNs, softNs + settleNs) - moveNs;
    }

    private void Add(InnerAnalysis inner, MotionTimes dwell)
    {
        LongestTakeNs = Math.Max(LongestTakeNs, Math.Max(inner.LongestTakeNs, dwell.DwellNs + inner.FirstTakeNs));
        Takes += inner.Takes;
        StreamedTakes += inner.StreamedTakes;
        Windows += inner.Windows;
        FramesNs += inner.FramesNs;
        ExposureNs += inner.ExposureNs;
        MoveNs += inner.ReturnNs;
        SettleNs += inner.RestNs;
        Times += inner.Times + dwell;
    }
}
