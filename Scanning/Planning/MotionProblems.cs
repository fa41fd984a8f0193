using Flyscan.Scanning.Trajectories;

namespace Flyscan.Scanning.Planning;

/// <summary>Words for what the axes cannot do.</summary>
internal static class MotionProblems
{
    public static PlanProblem Of(LimitBreach breach, AxisDescription axis)
    {
        var where = $"axis {axis.Name}, {breach.Phase} at frame {breach.Frame}";
        string Value(string unit) => $"{Show.Number(breach.Value)} {unit}";
        string Bound(string unit) => $"{Show.Number(breach.Bound)} {unit}";
        return breach.Limit switch
        {
            MotionLimit.Low => new PlanProblem(
                "the motion would pass the low limit (the way to rest counts)", where, Value(axis.Unit), $"at least {Bound(axis.Unit)}",
                "Move the scan away from the limit, or make it slower so that run-ups get shorter."),
            MotionLimit.High => new PlanProblem(
                "the motion would pass the high limit (the way to rest counts)", where, Value(axis.Unit), $"at most {Bound(axis.Unit)}",
                "Move the scan away from the limit, or make it slower so that run-ups get shorter."),
            MotionLimit.Velocity => new PlanProblem(
                "the axis would have to go too fast", where, Value(axis.Unit + "/s"), $"at most {Bound(axis.Unit + "/s")}",
                "Make the frames longer in time or shorter in space."),
            MotionLimit.Acceleration => new PlanProblem(
                "the axis would have to accelerate too hard", where, Value(axis.Unit + "/s2"), $"at most {Bound(axis.Unit + "/s2")}",
                "Make the frames longer in time, or put a gap where velocity changes."),
            MotionLimit.Jerk => new PlanProblem(
                "the acceleration would have to change too fast", where, Value(axis.Unit + "/s3"), $"at most {Bound(axis.Unit + "/s3")}",
                "Make the frames longer in time, or raise the axis's jerk in the beamline file if it can take more."),
            _ => throw new System.Diagnostics.UnreachableException(),
        };
    }

    public static PlanProblem Broken(long frame, AxisDescription axis, double end, double start) => new(
        "the frame does not begin where the one before ends, and there is no gap between them", $"axis {axis.Name}, frame {frame}",
        $"{Show.Number(start)} {axis.Unit}", $"{Show.Number(end)} {axis.Unit}", "Join the pieces with a gap (\"gap\": true).");

    public static PlanProblem Outer(AxisDescription axis, long frame, double position) => new(
        "the position is outside the soft limits", $"axis {axis.Name}, frame {frame}", $"{Show.Number(position)} {axis.Unit}",
        $"{Show.Number(axis.Low)} to {Show.Number(axis.High)} {axis.Unit}", "Move the scan inside the limits.");
}
