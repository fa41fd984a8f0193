using Flyscan.Scanning.Trajectories;

namespace Flyscan.Scanning.Planning;

/// <summary>What an axis that flies at one constant velocity, a motor told where to go and how fast, cannot do.</summary>
internal static class ConstantVelocityRules
{
    /// <summary>What no scan of such an axis can have.</summary>
    public static void Check(ScanRequest request, TriggerBoxDescription box, MotionSetup motion, List<PlanProblem> problems)
    {
        var (axis, where) = (motion.Axes[0], $"axis {motion.Axes[0].Name}, controller {motion.Controller.Name}");
        if (axis.Encoder is null)
            problems.Add(new PlanProblem(
                "a motor that flies at constant velocity has no live output: its windows begin by an encoder's position", where,
                "no encoder", "an encoder at the trigger box",
                $"Wire the encoder of {axis.Name} to the box and name it in the beamline file."));
        if (request.WindowTrigger != WindowTrigger.Position)
            problems.Add(new PlanProblem(
                "a motor that flies at constant velocity has no live output: its windows begin by position only", $"{where}, windowTrigger",
                request.WindowTrigger.ToString(), "position", "Leave windowTrigger out."));
        if (!box.ComparesPosition)
            problems.Add(new PlanProblem(
                "a motor that flies at constant velocity has no live output, and the box compares no positions", $"{where}, box {box.Name}",
                "window-start = live", "position", "Let the box begin windows by position."));
    }

    public static PlanProblem Problem((long Frame, bool Stands) window, MotionSetup motion) => new(
        window.Stands
            ? "a motor that flies at constant velocity cannot step from frame to frame"
            : "a motor that flies at constant velocity cannot change its velocity within a window",
        $"axis {motion.Axes[0].Name}, the window at frame {window.Frame}", window.Stands ? "at rest" : "more than one velocity",
        "one constant velocity",
        window.Stands
            ? $"Put a Fly around the line of {motion.Axes[0].Name}, or set innerDimensions to 0 so that software steps it."
            : "Give all frames of the line one duration and one width, or put gaps where velocity changes.")
    {
        Axis = motion.Axes[0].Name,
        Frame = window.Frame,
    };
}

/// <summary>Finds windows that are not run at one constant velocity.</summary>
internal sealed class ConstantVelocitySink : MotionSink
{
    private const double Rounding = 1e-6;

    private long? _window;
    private double _at;
    private double _velocity;

    /// <summary>First frame of the first such window, and whether the axis stands in it.</summary>
    public (long Frame, bool Stands)? Broken { get; private set; }

    public override void Begin(ReadOnlySpan<double> start) => (_at, _velocity) = (start[0], 0);

    public override void Enter(string phase, long? frame) => _window = phase == LimitCheck.WindowPhase ? frame : null;

    public override void At(ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities) =>
        (_at, _velocity) = (positions[0], velocities[0]);

    public override void To(long durationNs, ReadOnlySpan<double> positions, ReadOnlySpan<double> velocities, bool live)
    {
        if (_window is { } frame)
        {
            var mean = (positions[0] - _at) / (durationNs / 1e9);
            var room = Rounding * Math.Abs(_velocity) + 1e-9 * Math.Abs(positions[0]) / (durationNs / 1e9);
            if (_velocity == 0 || Math.Abs(mean - _velocity) > room || Math.Abs(velocities[0] - _velocity) > room)
                Broken ??= (frame, _velocity == 0);
        }
        (_at, _velocity) = (positions[0], velocities[0]);
    }
}
