namespace Flyscan.Scanning.Planning;

/// <summary>Whether a description can be planned with at all.</summary>
internal static class BeamlineChecks
{
    /// <summary>Every number that makes no sense.</summary>
    public static List<PlanProblem> Of(BeamlineDescription beamline)
    {
        var problems = new List<PlanProblem>();
        foreach (var axis in beamline.Axes)
        {
            Positive(problems, $"axis {axis.Name}", "velocity", axis.MaxVelocity);
            Positive(problems, $"axis {axis.Name}", "acceleration", axis.MaxAcceleration);
            Positive(problems, $"axis {axis.Name}", "jerk", axis.MaxJerk);
            if (axis.Encoder is { } encoder && !(Math.Abs(encoder.Scale) > 0 && double.IsFinite(encoder.Scale)))
                Add(problems, $"axis {axis.Name}", "encoder scale", Show.Number(encoder.Scale), "a number other than 0");
            if (axis.Controller is { } name && !beamline.Controllers.Any(c => c.Name == name && c.Axes.Contains(axis.Name)))
                Add(problems, $"axis {axis.Name}", "controller", name, "a controller that lists the axis");
        }
        foreach (var controller in beamline.Controllers)
        {
            if (controller.MinSegmentNs < 0 || controller.MaxSegmentNs < Math.Max(2, 2 * controller.MinSegmentNs))
                Add(problems, $"controller {controller.Name}", "segment times",
                    $"{Show.Time(controller.MinSegmentNs)} to {Show.Time(controller.MaxSegmentNs)}",
                    "a longest of at least twice the shortest");
            Positive(problems, $"controller {controller.Name}", "points", controller.MaxPoints);
        }
        Positive(problems, $"trigger box {beamline.Box.Name}", "tick", beamline.Box.TickNs);
        Positive(problems, $"trigger box {beamline.Box.Name}", "table rows", beamline.Box.TableRows);
        Positive(problems, $"trigger box {beamline.Box.Name}", "repeats of a row", beamline.Box.MaxRepeats);
        if (beamline.Box.Streaming is { } streaming)
        {
            Positive(problems, $"trigger box {beamline.Box.Name}", "rows of a piece", streaming.PieceRows);
            Positive(problems, $"trigger box {beamline.Box.Name}", "pieces queued", streaming.PiecesQueued);
            Positive(problems, $"trigger box {beamline.Box.Name}", "rows per second", streaming.RowsPerSecond);
        }
        return problems;
    }

    /// <summary>Whether planning can go on, to find what is wrong with the request too.</summary>
    public static bool Usable(BeamlineDescription beamline) => Of(beamline).Count == 0;

    private static void Positive(List<PlanProblem> problems, string where, string what, double value)
    {
        if (!(value > 0))
            Add(problems, where, what, Show.Number(value), "more than 0");
    }

    private static void Add(List<PlanProblem> problems, string where, string what, string value, string limit) =>
        problems.Add(new PlanProblem(
            $"the beamline description has an impossible {what}", where, value, limit, "Correct the beamline file."));
}
