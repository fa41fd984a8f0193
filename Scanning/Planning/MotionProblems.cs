using Flyscan.Scanning.Trajectories;

namespace Flyscan.Scanning.Planning;

/// <summary>Words for what the axes cannot do.</summary>
internal static class MotionProblems
{
    public static PlanProblem Of(LimitBreach breach, AxisDescription axis)
    {
        var (what, limit, power) = breach.Limit switch
        {
            MotionLimit.Low => ("the motion would pass the low limit (the way to rest counts)", "at least", 0),
            MotionLimit.High => ("the motion would pass the high limit (the way to rest counts)", "at most", 0),
            MotionLimit.Velocity => ("the axis would have to go too fast", "at most", 1),
            MotionLimit.Acceleration => ("the axis would have to accelerate too hard", "at most", 2),
            MotionLimit.Jerk => ("the acceleration would have to change too fast", "at most", 3),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
        string[] per = ["", "/s", "/s2", "/s3"];
        var unit = axis.Unit + per[power];
        var suggestion = power == 0
            ? new PlanSuggestion(MoveBy: breach.Bound - breach.Value)
            : new PlanSuggestion(Math.Pow(breach.Value / breach.Bound, 1.0 / power), 1 - breach.Bound / breach.Value);
        return new PlanProblem(
            what, $"axis {axis.Name}, {breach.Phase} at frame {breach.Frame}", $"{Show.Number(breach.Value)} {unit}",
            $"{limit} {Show.Number(breach.Bound)} {unit}", Action(suggestion, power, unit))
        {
            Axis = axis.Name,
            Frame = breach.Frame,
            Measured = breach.Value,
            Allowed = breach.Bound,
            Unit = unit,
            Suggestion = suggestion,
        };
    }

    private static string Action(PlanSuggestion suggestion, int power, string unit)
    {
        if (suggestion.MoveBy is { } move)
            return $"Move the scan's start by {(move > 0 ? "+" : "")}{Show.Number(move)} {unit} or more, or make it slower so that run-ups "
                + "get shorter.";
        var (slower, shorter) = (Up(suggestion.SlowerBy!.Value, 1000), suggestion.ShorterBy!.Value * 100);
        return $"Make the frames {slower} times as long in time, or {Up(shorter, 10)} % shorter in space"
            + (power > 1 ? "; or put a gap where velocity changes." : ".");
    }

    // Rounded up, so that what is said does; a last bit is not a thousandth.
    private static string Up(double value, double parts) => Show.Number(Math.Ceiling(value * parts - 1e-6) / parts);

    public static PlanProblem Broken(long frame, AxisDescription axis, double end, double start) => new(
        "the frame does not begin where the one before ends, and there is no gap between them", $"axis {axis.Name}, frame {frame}",
        $"{Show.Number(start)} {axis.Unit}", $"{Show.Number(end)} {axis.Unit}", "Join the pieces with a gap (\"gap\": true).")
    {
        Axis = axis.Name,
        Frame = frame,
        Measured = start,
        Allowed = end,
        Unit = axis.Unit,
    };

    /// <summary>What the check found, in the beamline's words.</summary>
    public static VelocityStep Of(StepFound step, AxisDescription axis) =>
        new(axis.Name, axis.Unit + "/s", step.Frame, step.Before, step.After, step.Count);

    public static PlanProblem Of(VelocityStep step) => new(
        "the velocity steps inside a window", $"axis {step.Axis}, frame {step.Frame}"
            + (step.Count > 1 ? $" and {step.Count - 1} more" : ""),
        $"from {Show.Number(step.Before)} to {Show.Number(step.After)} {step.Unit}", "no steps (velocitySteps: refuse)",
        "Join the pieces with a gap (\"gap\": true), give their frames durations of one velocity, or say velocitySteps: smooth.")
    {
        Axis = step.Axis,
        Frame = step.Frame,
        Measured = step.After,
        Allowed = step.Before,
        Unit = step.Unit,
    };

    public static PlanProblem Outer(AxisDescription axis, long frame, double position) => new(
        "the position is outside the soft limits", $"axis {axis.Name}, frame {frame}", $"{Show.Number(position)} {axis.Unit}",
        $"{Show.Number(axis.Low)} to {Show.Number(axis.High)} {axis.Unit}", "Move the scan inside the limits.")
    {
        Axis = axis.Name,
        Frame = frame,
        Measured = position,
        Allowed = Math.Clamp(position, axis.Low, axis.High),
        Unit = axis.Unit,
        Suggestion = new PlanSuggestion(MoveBy: Math.Clamp(position, axis.Low, axis.High) - position),
    };
}
