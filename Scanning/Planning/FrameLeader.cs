using Flyscan.Scanning.Triggering;

namespace Flyscan.Scanning.Planning;

/// <summary>The detector that begins frames by itself, where a request asks for that.</summary>
internal static class FrameLeader
{
    // What the box needs to see its pulse end, and the next begin.
    private const int LeastTicks = 8;

    /// <summary>Null, with problems added where one was asked for, when the box begins the frames.</summary>
    public static DetectorDescription? Of(
        ScanRequest request, BeamlineDescription beamline, List<DetectorDescription> detectors, List<PlanProblem> problems)
    {
        if (request.FrameTrigger != FrameTrigger.Detector)
            return null;
        var box = beamline.Box;
        if (box.FollowsDetectors.Count == 0)
        {
            problems.Add(new PlanProblem(
                "the trigger box cannot follow frames that a detector begins by itself", $"trigger box {box.Name}, frameTrigger",
                "detector", box.ComparesPosition && !box.EqualFramesOnly ? "time or position" : "time",
                "Leave frameTrigger out, or wire a detector's frame pulse to the box and say so in the beamline file."));
            return null;
        }
        var followed = detectors.Where(d => d.Kind == DetectorKind.Triggered && box.FollowsDetectors.Contains(d.Name)).ToList();
        if (followed.Count != 1)
        {
            problems.Add(new PlanProblem(
                "one detector begins the frames", $"trigger box {box.Name}, frameTrigger",
                followed.Count == 0 ? "none of the request's" : string.Join(" and ", followed.Select(d => d.Name)),
                $"one of {string.Join(", ", box.FollowsDetectors)}", "Name one of them in detectors, and no other."));
            return null;
        }
        Others(followed[0], box, detectors, problems);
        if (followed[0].FreeRun is not null)
            return followed[0];
        problems.Add(new PlanProblem(
            $"detector {followed[0].Name} needs a trigger for each frame", $"detector {followed[0].Name}, frameTrigger", "detector",
            "time or position", "Leave frameTrigger out, or choose a detector that runs by itself while a gate is open."));
        return null;
    }

    /// <summary>Its frames, as long as it makes them, against what the box sees of them.</summary>
    public static void Timing(
        DetectorDescription leader, DurationSurvey durations, ExposureRule rule, List<PlanProblem> problems)
    {
        var at = $"detector {leader.Name}, frameTrigger";
        if (durations.ShortestNs != durations.LongestNs)
            problems.Add(new PlanProblem(
                "a detector that begins frames by itself takes frames of one duration", at,
                $"{Show.Time(durations.ShortestNs)} to {Show.Time(durations.LongestNs)}", "one duration",
                "Give all frames the same duration, or leave frameTrigger out."));
        // Half of the low time passes before the box looks for the next pulse; the detector's clock may be off by less than that.
        var frameNs = durations.ShortestNs;
        var lowNs = frameNs - rule.Of(frameNs);
        var leastNs = 2 * leader.FreeRun!.LateNs(frameNs) + LeastTicks * rule.TickNs;
        if (lowNs < leastNs && lowNs >= 0)
            problems.Add(new PlanProblem(
                $"the frame pulses of detector {leader.Name} follow one another too closely to be told apart", at,
                $"{Show.Time(lowNs)} between them", $"at least {Show.Time(leastNs)}", "Make the frames longer or the exposure shorter."));
    }

    /// <summary>A frame that its clock puts too far from its place.</summary>
    public static PlanProblem Adrift((long Frame, long OffNs, long DurationNs) at, string leader, FreeRunDescription freeRun)
    {
        var roomNs = at.DurationNs / 2 - freeRun.StartNs;
        var frames = freeRun.ClockErrorPpm == 0
            ? 0
            : Math.Max(0, (long)((Int128)roomNs * 1_000_000 / freeRun.ClockErrorPpm / at.DurationNs));
        return new PlanProblem(
            $"by its own clock detector {leader} may have moved the frame more than half its length away from its place",
            $"frame {at.Frame}, frameTrigger", Show.Time(at.OffNs), $"at most {Show.Time(at.DurationNs / 2)}",
            (frames > 0 ? $"Make windows of at most {frames} frames" : "Make the frames longer") + ", or leave frameTrigger out.")
        {
            Frame = at.Frame,
        };
    }

    /// <summary>Other triggered detectors see the box's copy of its pulses, on another output than its gate.</summary>
    private static void Others(
        DetectorDescription leader, TriggerBoxDescription box, List<DetectorDescription> detectors, List<PlanProblem> problems)
    {
        if (box.OwnOutputs.Contains(leader.Name))
            return;
        foreach (var other in detectors.Where(d => d.Kind == DetectorKind.Triggered && d != leader && !box.OwnOutputs.Contains(d.Name)))
            problems.Add(new PlanProblem(
                $"the output that triggers detector {other.Name} is the gate of detector {leader.Name}",
                $"detector {other.Name}, frameTrigger", "one output for both", "one for each",
                $"Wire {leader.Name} or {other.Name} to an output of its own, and say so in outputs of {box.Name}; or leave one out."));
    }
}
