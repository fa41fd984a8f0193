using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;

namespace Flyscan.Scanning.Planning;

/// <summary>Which dimensions hardware runs on its own, and what moves the axes of the others.</summary>
/// <param name="Dimensions">How many of the fastest dimensions are inner.</param>
/// <param name="Length">Frames of one inner scan.</param>
/// <param name="Motion">Null where no axis has a controller.</param>
/// <param name="Moving">Per trajectory axis: whether it belongs to an inner dimension.</param>
/// <param name="Soft">Axes that software moves, slow to fast.</param>
internal sealed record InnerBoundary(
    int Dimensions, long Length, MotionSetup? Motion, bool[] Moving, (AxisDescription Axis, int Column)[] Soft)
{
    /// <summary>Null, with problems added, where the path does not fit the beamline.</summary>
    public static InnerBoundary? Of(
        ScanPath path, BeamlineDescription beamline, (ScanRequest Request, DetectorDescription? Leader) asked, List<PlanProblem> problems)
    {
        var request = asked.Request;
        var axes = Find(path, beamline, problems);
        if (axes is null)
            return null;
        var before = problems.Count;
        var (possible, controller) = Possible(path, axes);
        var inner = Asked(path, axes, request.InnerDimensions, possible, problems);
        var innerAxes = path.Dimensions.TakeLast(inner).Sum(d => d.Axes.Count);
        controller = innerAxes > 0 ? controller : null;
        MoveBySoftware(axes, beamline, controller);
        CheckOuter(path, axes, inner, problems);
        controller ??= axes.FirstOrDefault(a => !a.IsSoft)?.Controller;
        foreach (var axis in axes)
            if (!axis.IsSoft && axis.Controller != controller)
                problems.Add(new PlanProblem(
                    "a scan's trajectory axes must be on one controller", $"axis {axis.Name}", $"controller {axis.Controller}",
                    $"controller {controller}, which moves the inner scan",
                    $"Take {axis.Name} out of the spec, or describe it as a soft axis."));
        if (problems.Count > before)
            return null;
        return Build(path, beamline, axes, (inner, controller), asked);
    }

    /// <summary>Axes that only fly at constant velocity are soft axes where another one flies.</summary>
    private static void MoveBySoftware(AxisDescription[] axes, BeamlineDescription beamline, string? flying)
    {
        for (var i = 0; i < axes.Length; i++)
            if (axes[i].Controller is { } own && own != flying && beamline.Controllers.Any(c => c.Name == own && c.ConstantVelocityOnly))
                axes[i] = axes[i] with { Controller = null };
    }

    private static AxisDescription[]? Find(ScanPath path, BeamlineDescription beamline, List<PlanProblem> problems)
    {
        var found = new AxisDescription[path.Axes.Count];
        var complete = true;
        for (var i = 0; i < found.Length; i++)
        {
            var name = path.Axes[i];
            var axis = beamline.Axes.FirstOrDefault(a => a.Name == name);
            complete &= axis is not null;
            if (axis is not null)
                found[i] = axis;
            else
                problems.Add(Unknown("axis", name, beamline.Name, beamline.Axes.Select(a => a.Name)));
        }
        return complete ? found : null;
    }

    /// <summary>A name in the request that the beamline does not have.</summary>
    public static PlanProblem Unknown(string kind, string name, string beamline, IEnumerable<string> known)
    {
        var names = known.ToList();
        return new PlanProblem(
            $"beamline {beamline} has no such {kind}", $"{kind} {name}", $"'{name}'{NameSuggestion.For(name, names)}",
            names.Count == 0 ? "none" : string.Join(", ", names), $"Use a name of the beamline file, or add the {kind} there.");
    }

    private static (int Dimensions, string? Controller) Possible(ScanPath path, AxisDescription[] axes)
    {
        string? controller = null;
        var column = axes.Length;
        for (var d = path.Dimensions.Count - 1; d >= 0; d--)
        {
            column -= path.Dimensions[d].Axes.Count;
            for (var i = column; i < column + path.Dimensions[d].Axes.Count; i++)
            {
                if (axes[i].IsSoft || (controller ?? axes[i].Controller) != axes[i].Controller || Mixed(axes, column, path.Dimensions[d]))
                    return (path.Dimensions.Count - 1 - d, controller);
            }
            if (path.Dimensions[d].Axes.Count > 0)
                controller ??= axes[column].Controller;
        }
        return (path.Dimensions.Count, controller);
    }

    private static bool Mixed(AxisDescription[] axes, int column, PathDimension dimension)
    {
        for (var i = 1; i < dimension.Axes.Count; i++)
            if (axes[column + i].Controller != axes[column].Controller)
                return true;
        return false;
    }

    private static int Asked(ScanPath path, AxisDescription[] axes, int? asked, int possible, List<PlanProblem> problems)
    {
        if (asked is not { } wanted || (wanted >= 0 && wanted <= possible))
            return asked ?? possible;
        if (wanted < 0 || wanted > path.Dimensions.Count)
        {
            problems.Add(new PlanProblem(
                "there are not so many dimensions", "innerDimensions", $"{wanted}", $"0 to {possible}",
                "Leave it out, or choose within that."));
            return possible;
        }
        var blocking = path.Dimensions[path.Dimensions.Count - 1 - possible].Axes;
        var axis = blocking.FirstOrDefault(name => axes.First(a => a.Name == name).IsSoft) ?? blocking[0];
        problems.Add(new PlanProblem(
            "hardware cannot run that many dimensions by itself", $"innerDimensions, axis {axis}", $"{wanted}", $"0 to {possible}",
            $"Axis {axis} is not moved by the controller of the inner scan: make it slower in the spec, or lower innerDimensions."));
        return possible;
    }

    private static void CheckOuter(ScanPath path, AxisDescription[] axes, int inner, List<PlanProblem> problems)
    {
        for (var d = 0; d < path.Dimensions.Count - inner; d++)
        {
            var dimension = path.Dimensions[d];
            if (!dimension.HasBounds || dimension.Axes.Count == 0)
                continue;
            var members = dimension.Axes.Select(name => axes.First(a => a.Name == name)).ToList();
            var axis = members.FirstOrDefault(a => a.IsSoft) ?? members[0];
            problems.Add(new PlanProblem(
                axis.IsSoft ? "only axes of a trajectory controller can fly" : "an axis that flies must be in the inner scan",
                $"axis {axis.Name}", $"flown in dimension {d + 1} of {path.Dimensions.Count} (slow to fast)",
                axis.IsSoft ? "stepped" : $"the {inner} fastest dimensions",
                axis.IsSoft ? $"Leave {axis.Name} out of the Fly, so that it steps." : "Step the axis, or let innerDimensions reach it."));
        }
    }

    private static InnerBoundary Build(
        ScanPath path, BeamlineDescription beamline, AxisDescription[] axes, (int Dimensions, string? Controller) chosen,
        (ScanRequest Request, DetectorDescription? Leader) asked)
    {
        var (inner, controller) = chosen;
        var hard = Enumerable.Range(0, axes.Length).Where(i => !axes[i].IsSoft).ToArray();
        var innerFrom = axes.Length - path.Dimensions.TakeLast(inner).Sum(d => d.Axes.Count);
        var length = path.Dimensions.TakeLast(inner).Aggregate(1L, (frames, d) => frames * d.Length);
        var motion = controller is null
            ? null
            : new MotionSetup(beamline.Controllers.First(c => c.Name == controller), [.. hard.Select(i => axes[i])], hard)
            {
                ComparesPosition = asked.Request.WindowTrigger == WindowTrigger.Position && beamline.Box.ComparesPosition,
                FreeRun = asked.Leader?.FreeRun,
                SmoothsSteps = asked.Request.VelocitySteps == VelocitySteps.Smooth,
                LongestDelaySeconds = path.LongestDelay(),
            };
        return new InnerBoundary(
            inner, length, motion, [.. hard.Select(i => i >= innerFrom)],
            [.. Enumerable.Range(0, axes.Length).Where(i => axes[i].IsSoft).Select(i => (axes[i], i))]);
    }
}
