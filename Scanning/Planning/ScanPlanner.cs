using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>Proves a request on a beamline before anything moves, or says every reason why it cannot run.</summary>
public static class ScanPlanner
{
    /// <summary>Plans. Frames are read in blocks, and inner scans that are alike are gone through once.</summary>
    public static PlanResult Plan(ScanRequest request, BeamlineDescription beamline, PlanningEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(request);
        ArgumentNullException.ThrowIfNull(beamline);
        ArgumentNullException.ThrowIfNull(environment);
        var problems = BeamlineChecks.Of(beamline);
        var path = PathOf(request.Spec, problems);
        var detectors = DetectorChecks.Find(request, beamline, problems);
        CheckShutter(request, beamline, problems);
        if (path is null || !BeamlineChecks.Usable(beamline))
            return new PlanResult.Refused(problems.ToEquatableArray());

        var leader = FrameLeader.Of(request, beamline, detectors, problems);
        var boundary = InnerBoundary.Of(path, beamline, (request, leader), problems);
        var durations = DurationSurvey.Of(path, beamline.Box.TickNs, boundary?.Dimensions ?? 0, problems);
        DetectorChecks.Size(detectors, request, path.Length, environment.FreeDiskBytes, problems);
        // A box ends a pulse before it begins the next, dead time or none.
        var deadTime = detectors.Select(d => d.DeadTimeNs).Append(beamline.Box.LeastLowNs).Append(beamline.Box.TickNs).Max();
        var rule = new ExposureRule(request.ExposureNs, deadTime, beamline.Box.TickNs)
        {
            // Equal frames are equally spaced from the window's start on.
            Centred = request.ExposurePlacement == ExposurePlacement.Centred && !beamline.Box.EqualFramesOnly,
            Group = MultiRate.GroupOf(request),
            ByPosition = request.FrameTrigger == FrameTrigger.Position,
            ByDetector = leader is not null,
        };
        var outputs = new EquatableArray<FurtherOutput>();
        if (durations is not null)
        {
            DetectorChecks.Timing(MultiRate.AtBase(detectors, request), request, durations, rule, problems);
            outputs = MultiRate.Of(request, detectors, beamline.Box, (durations, rule), problems);
            DetectorChecks.BoxTiming(beamline.Box, durations, rule, problems);
            if (leader is not null)
                FrameLeader.Timing(leader, durations, rule, problems);
        }
        var atConstantVelocity = boundary?.Motion?.Controller.ConstantVelocityOnly == true;
        if (boundary is { Motion: not null } && !atConstantVelocity && !beamline.Box.HasLiveInput)
            problems.Add(new PlanProblem(
                "windows on trajectory axes are started by the controller's live output", $"trigger box {beamline.Box.Name}",
                "no live input", "a live input", "Wire the controller's live output to the box and name it in the beamline file."));
        CheckTriggers(request, beamline.Box, boundary?.Motion is not null, problems);
        if (boundary is null || durations is null)
            return new PlanResult.Refused(problems.ToEquatableArray());

        if (boundary.Motion is { } moved)
            moved.ShortestFrameNs = durations.ShortestNs;
        if (atConstantVelocity)
            ConstantVelocityRules.Check(request, beamline.Box, boundary.Motion!, problems);
        var starved = new Starvation();
        var limits = new TakeLimits(
            atConstantVelocity ? beamline.Box with { MaxWindows = 1 } : beamline.Box, rule, request.Shutter)
        {
            Streaming = request.LongTables == LongTables.Paged ? null : beamline.Box.Streaming,
            Starved = starved,
        };
        var check = boundary.Motion is { } motion ? new LimitCheck(motion.Limits, motion.Soft, motion.StepNs) : null;
        var context = new PlanContext(path, boundary, limits, check)
        {
            FramesBy = leader?.Name,
            RefusesSteps = request.VelocitySteps == VelocitySteps.Refuse,
        };
        var classes = new InnerClasses(context, durations);
        AddMotionProblems(context, classes, problems);
        TableProblems.Add(request, beamline.Box, starved, problems);
        var steps = OuterSteps.Survey(context, classes, problems);
        if (problems.Count > 0)
            return new PlanResult.Refused(problems.ToEquatableArray());
        var basis = new PlanBasis(request, beamline, path, boundary, durations, limits, classes, detectors)
        {
            Outputs = outputs,
            FramesBy = leader?.Name,
        };
        var estimate = Estimator.Of(basis, steps, environment) with { VelocitySteps = StepsOf(context) };
        return new PlanResult.Proved(new ScanPlan(basis, estimate));
    }

    private static ScanPath? PathOf(Spec spec, List<PlanProblem> problems)
    {
        try
        {
            var path = ScanPath.Of(spec);
            if (path.Length > 0)
                return path;
            problems.Add(new PlanProblem(
                "the spec makes no frames", "spec", "0 frames", "at least 1", "Enlarge the region, or make its step smaller."));
        }
        catch (SpecException wrong)
        {
            problems.Add(new PlanProblem(
                "the spec describes no path", wrong.Path ?? "spec", wrong.What, "a valid spec", "Correct the spec there."));
        }
        return null;
    }

    private static void CheckTriggers(ScanRequest request, TriggerBoxDescription box, bool moving, List<PlanProblem> problems)
    {
        if (request.FrameTrigger == FrameTrigger.Position && (!moving || request.WindowTrigger != WindowTrigger.Position))
            problems.Add(new PlanProblem(
                "frames begin by position only in windows that do", $"trigger box {box.Name}, frameTrigger", "position", "time",
                "Leave frameTrigger out, or let axes of a controller take part and leave windowTrigger out."));
        if (request.FrameTrigger != FrameTrigger.Time && request.Rates.Count > 0)
            problems.Add(new PlanProblem(
                "detectors with rates of their own need frames by time", $"trigger box {box.Name}, frameTrigger",
                request.FrameTrigger == FrameTrigger.Position ? "position" : "detector", "time",
                "Leave frameTrigger or rates out."));
        if (request.WindowTrigger == WindowTrigger.Time && moving)
            problems.Add(new PlanProblem(
                "time alone does not know when the axes are there", $"trigger box {box.Name}, windowTrigger", "time",
                "position or setPoint, where axes of a controller take part", "Leave windowTrigger out, or say setPoint."));
    }

    private static void CheckShutter(ScanRequest request, BeamlineDescription beamline, List<PlanProblem> problems)
    {
        if (request.Shutter is { } mode && beamline.Shutter is null)
            problems.Add(new PlanProblem(
                $"beamline {beamline.Name} has no shutter", "shutter", mode.ToString(), "none", "Leave the shutter out of the request."));
    }

    private static EquatableArray<VelocityStep> StepsOf(PlanContext context) => context.Boundary.Motion is { } motion
        ? context.Check!.Steps.Select(s => MotionProblems.Of(s, motion.Axes[s.Axis])).ToEquatableArray()
        : [];

    private static void AddMotionProblems(PlanContext context, InnerClasses classes, List<PlanProblem> problems)
    {
        var (path, boundary, limits, check) = context;
        if (boundary.Motion is { } motion)
            foreach (var breach in check!.Breaches)
                if (boundary.Moving[breach.Axis])
                    problems.Add(MotionProblems.Of(breach, motion.Axes[breach.Axis]));
        if (context.RefusesSteps)
            problems.AddRange(StepsOf(context).Select(MotionProblems.Of));
        foreach (var inner in classes.All)
        {
            if (inner.Break is { } at && boundary.Motion is { } moved)
            {
                var column = moved.Columns[at.Axis];
                problems.Add(MotionProblems.Broken(
                    at.Frame, moved.Axes[at.Axis], path.UpperOf(column, at.Frame - 1), path.LowerOf(column, at.Frame)));
            }
            if (inner.Uneven is { } changing && boundary.Motion is { } flown)
                problems.Add(ConstantVelocityRules.Problem(changing, flown));
            if (inner.SplitGroup is { } split)
                problems.Add(new PlanProblem(
                    "with the detectors' rates a window holds whole groups of frames only", $"frame {split.FirstFrame}, rates",
                    $"a window of {split.Frames} frames", $"a multiple of {limits.Exposure.Group} frames",
                    "Give lines as many frames, or choose other rates."));
            if (inner.Unplaced is { } unplaced && context.Boundary.Motion is not null)
                problems.Add(new PlanProblem(
                    "the frame cannot begin by position: the window's axis needs an encoder, and to go on by a count at least",
                    $"frame {unplaced}, frameTrigger", "position", "time", "Leave frameTrigger out."));
            if (inner.Adrift is { } adrift && context.FramesBy is { } leader)
                problems.Add(FrameLeader.Adrift(adrift, leader, boundary.Motion!.FreeRun!));
            if (inner.OutOfRange is { } compare)
                problems.Add(new PlanProblem(
                    "the compare position is outside what the box's encoder counter holds", $"axis {compare.Axis}",
                    Show.Number(compare.Position), "32-bit counts", "Correct the encoder's scale or offset in the beamline file."));
            if (inner.Unfit is { } uneven && limits.Box.EqualFramesOnly && inner.UnfitMixed)
                problems.Add(new PlanProblem(
                    $"trigger box {limits.Box.Name} has no table: it times equal frames only", $"the window at frame {uneven}",
                    "frames of different durations", "one duration in a window",
                    "Give all frames of a window one duration, or use a box with a table."));
            else if (inner.Unfit is { } frame)
                problems.Add(new PlanProblem(
                    "not even one frame fits into a take", $"frame {frame}", "a window of one frame",
                    boundary.Motion is { } held
                        ? $"{limits.Box.TableRows} rows in box {limits.Box.Name}, "
                            + $"{held.MostPoints} points in {held.Controller.Name}"
                        : $"{limits.Box.TableRows} rows in box {limits.Box.Name}",
                    "Raise the limits in the beamline file if the hardware can take more."));
        }
    }
}
