using System.Globalization;
using System.Text.Json;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary>A plan and its cost, for people and as JSON.</summary>
internal static class PlanView
{
    private const int MostStretches = 1000;
    private const long MostShownFrames = 100_000;

    public static void Show(Output output, ScanPlan plan, IReadOnlyList<string> roundings, RunSetup? setup = null)
    {
        var cost = plan.Estimate;
        var table = new Table().Border(TableBorder.Simple).HideHeaders().AddColumn("what").AddColumn("value");
        void Row(string what, FormattableString value) => table.AddRow(what, Plain.Of(value.ToString(CultureInfo.InvariantCulture)));
        var shape = string.Join(" × ", plan.Path.Dimensions.Select(d => d.Length));
        Row("plan", $"{plan.Hash[..12]}  shape {shape}, axes {string.Join(" ", plan.Path.Axes)}");
        Row("frames", $"{cost.Frames} in {cost.Windows} windows, {cost.Takes} takes, {plan.OuterCount} outer points");
        foreach (var axis in PlanReport.Of(plan).Axes)
        {
            var mover = axis.Soft ? "moved by software" : "moved by its controller";
            var limits = FormattableString.Invariant($"limits {axis.LowLimit:0.###} to {axis.HighLimit:0.###}");
            Row($"axis {axis.Name}", $"{axis.Low:0.####} to {axis.High:0.####} {axis.Unit} ({limits}), {mover}");
        }
        var exposure = plan.ExposureNs / 1e6;
        var (total, exposed) = (cost.TotalNs / 1e9, cost.ExposureNs / 1e9);
        Row("time", $"{total:0.0##} s, {exposed:0.0##} s of it ({100 * exposed / total:0.#} %) exposure, {exposure:0.###} ms a frame");
        if (plan.FurtherOutputs.Count > 0)
            Row("rates", $"{string.Join(", ", plan.FurtherOutputs.Select(o => Pace(o, plan)))}; in step every {plan.EventGroup} frames");
        Row("dead time", $"{string.Join(", ", cost.DeadTimes.Where(d => d.Ns > 0).Select(d => Cost(d)))}");
        Row("first take", $"{Timeline(plan)}");
        if (roundings.Count > 0)
            Row("rounded", $"{string.Join("\n", roundings)}");
        Row("data", $"{cost.BytesToWrite / 1048576.0:0.0} MiB: {string.Join(", ", plan.DetectorsUsed.Select(d => File(d, plan)))}");
        if (plan.FramesBy is { } leader)
            Row("frames", $"begun by {leader} itself, one in {plan.FrameNs / 1e6:0.###} ms, in a gate of {plan.Beamline.Box.Name}");
        Row("tables", $"{Tables(plan)}");
        foreach (var step in cost.VelocitySteps)
            Row("velocity", $"{Step(step, plan)}");
        Row("pause", $"at a {cost.PauseGranularity}; hardware runs {Unfed(cost)} {AutonomyNs(cost) / 1e9:0.0##} s on its own");
        var (dose, most) = (cost.DosePerTakeNs / 1e6, cost.MostDoseNs / 1e6);
        Row("retakes", $"each adds {dose:0.###} ms of beam to a frame, at most {most:0.###} ms in all");
        foreach (var countdown in setup?.Suspenders.Where(s => s.ExpectedLossNs > 0) ?? [])
            Row($"loss {countdown.Name}", $"{Behaviour(countdown, setup!)}");
        output.Table(table);
    }

    /// <summary>What is done about a loss that is counted down to, and what it costs beside the loss itself.</summary>
    private static string Behaviour(Suspender countdown, RunSetup setup)
    {
        var (loss, take, guard) = (countdown.ExpectedLossNs / 1e9, setup.TakeOverheadNs / 1e9, countdown.GuardNs / 1e9);
        var spoilt = setup.HasGate ? $"what is exposed within {guard:0.###} s" : "the rest of the window";
        return FormattableString.Invariant(
            $"{loss:0.###} s each: flown up to it ({take:0.##} s and {spoilt}), split before it ({take:0.##} s and the time left), ") +
            "or waited for, whichever costs least";
    }

    public static string ToJson(ScanPlan plan, IReadOnlyList<string> roundings)
    {
        var cost = plan.Estimate;
        return JsonSerializer.Serialize(new
        {
            plan_hash = plan.Hash,
            frames = cost.Frames,
            shape = plan.Path.Dimensions.Select(d => d.Length),
            axes = plan.Path.Axes,
            windows = cost.Windows,
            takes = cost.Takes,
            outer_points = plan.OuterCount,
            duration_s = cost.TotalNs / 1e9,
            exposure_s = cost.ExposureNs / 1e9,
            dead_time_s = cost.DeadTimes.ToDictionary(d => Name(d.Cause), d => d.Ns / 1e9),
            bytes = cost.BytesToWrite,
            bytes_by_detector = plan.DetectorsUsed.ToDictionary(d => d.Name, d => (decimal)d.BytesPerFrame * plan.FramesOf(d)),
            dose_per_take_s = cost.DosePerTakeNs / 1e9,
            most_dose_s = cost.MostDoseNs / 1e9,
            first_take = new
            {
                end = First(plan).Frames.End,
                hash = First(plan).Hash,
                timeline = TakeTimeline.Of(First(plan)).Take(MostStretches).Select(s => new
                {
                    phase = JsonNamingPolicy.SnakeCaseLower.ConvertName(s.Phase.ToString()),
                    start_s = s.StartNs / 1e9,
                    end_s = s.EndNs / 1e9,
                    first = s.Frames.First,
                    frames = s.Frames.Count,
                }),
            },
            box_rounding = roundings,
            autonomy_s = AutonomyNs(cost) / 1e9,
            frames_by = plan.FramesBy,
            tables = TablesJson(plan),
            velocity_steps = cost.VelocitySteps.Select(s => new
            {
                axis = s.Axis,
                unit = s.Unit,
                frame = s.Frame,
                before = s.Before,
                after = s.After,
                count = s.Count,
            }),
            pause = cost.PauseGranularity,
            detectors = plan.DetectorsUsed.Select(d => d.Name),
            rates = plan.FurtherOutputs.ToDictionary(o => o.Detector, o => new
            {
                rate = o.Rate.ToString(),
                frames = o.Rate.Of(plan.Frames),
                exposure_s = o.ExposureNs / 1e9,
                period_s = o.PeriodNs / 1e9,
            }),
            event_group = plan.EventGroup,
        });
    }

    private static string Step(VelocityStep step, ScanPlan plan)
    {
        var more = step.Count > 1 ? $" and at {step.Count - 1} more" : "";
        var how = plan.Request.VelocitySteps == VelocitySteps.Smooth ? "smoothed" : "the frames beside it take it up";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{step.Axis} steps from {step.Before:0.####} to {step.After:0.####} {step.Unit} at frame {step.Frame}{more}: {how}");
    }

    // A streamed take ends with the last piece that it was given.
    private static long AutonomyNs(PlanEstimate cost) => cost.Tables?.AutonomyNs ?? cost.LongestTakeNs;

    private static string Unfed(PlanEstimate cost) => cost.Tables is null ? "up to" : "at least";

    private static string Mode(ScanPlan plan) =>
        plan.Estimate.Tables is not null ? "streamed" : plan.Estimate.Takes > plan.OuterCount ? "paged" : "whole";

    private static string Tables(ScanPlan plan)
    {
        if (plan.Estimate.Tables is not { } proof)
            return Mode(plan) == "paged" ? "paged: inner scans in several takes, with a stop between" : "whole: each inner scan is one";
        var (used, sent) = (proof.FastestPieceNs / 1e6, proof.RefillNs / 1e6);
        var margin = proof.MarginNs is { } ns
            ? string.Create(CultureInfo.InvariantCulture, $"{ns / 1e6:0.###} ms before it is needed")
            : "before the start";
        var pieces = string.Create(
            CultureInfo.InvariantCulture,
            $"pieces of {proof.PieceRows} rows, each used up in {used:0.###} ms or more, sent in {sent:0.###} ms");
        var unfed = (proof.AutonomyNs / 1e9).ToString("0.###", CultureInfo.InvariantCulture);
        return $"{proof.Takes} streamed in {pieces}, there {margin}; the box runs {unfed} s unfed";
    }

    private static object TablesJson(ScanPlan plan) => plan.Estimate.Tables is not { } proof
        ? new { mode = Mode(plan) }
        : new
        {
            mode = Mode(plan),
            takes = proof.Takes,
            piece_rows = proof.PieceRows,
            fastest_piece_s = proof.FastestPieceNs / 1e9,
            refill_s = proof.RefillNs / 1e9,
            margin_s = proof.MarginNs / 1e9,
            autonomy_s = proof.AutonomyNs / 1e9,
        };

    // What is shown of it is short; so is what is compiled.
    private static TakeProgramme First(ScanPlan plan) =>
        plan.Compile(plan.NextTake(new FrameRange(0, Math.Min(plan.Frames, MostShownFrames))));

    private static string Timeline(ScanPlan plan)
    {
        var stretches = TakeTimeline.Of(First(plan)).Where(s => s.EndNs > s.StartNs).Take(7).ToList();
        var shown = stretches.Take(6).Select(s => string.Create(
            CultureInfo.InvariantCulture, $"{Words(s)} {(s.EndNs - s.StartNs) / 1e6:0.###} ms"));
        return string.Join(", ", shown) + (stretches.Count > 6 ? ", …" : "");
    }

    private static string Words(TakeStretch stretch) => stretch.Phase == TakePhase.Frames
        ? $"{stretch.Frames.Count} frames"
        : JsonNamingPolicy.KebabCaseLower.ConvertName(stretch.Phase.ToString());

    private static string File(DetectorDescription detector, ScanPlan plan) => string.Create(
        CultureInfo.InvariantCulture, $"{detector.Name} {(double)detector.BytesPerFrame * plan.FramesOf(detector) / 1048576.0:0.0##} MiB");

    private static string Pace(FurtherOutput output, ScanPlan plan) => string.Create(
        CultureInfo.InvariantCulture,
        $"{output.Detector} {output.Rate} a frame, {output.Rate.Of(plan.Frames)} of {output.ExposureNs / 1e6:0.###} ms");

    private static string Cost(DeadTime dead) =>
        string.Create(CultureInfo.InvariantCulture, $"{Name(dead.Cause).Replace('_', ' ')} {dead.Ns / 1e9:0.00} s");

    private static string Name(DeadTimeCause cause) => JsonNamingPolicy.SnakeCaseLower.ConvertName(cause.ToString());
}
