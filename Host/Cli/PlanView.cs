using System.Globalization;
using System.Text.Json;
using Flyscan.Scanning.Planning;
using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary>A plan and its cost, for people and as JSON.</summary>
internal static class PlanView
{
    public static void Show(Output output, ScanPlan plan)
    {
        var cost = plan.Estimate;
        var table = new Table().Border(TableBorder.Simple).HideHeaders().AddColumn("what").AddColumn("value");
        void Row(string what, FormattableString value) => table.AddRow(what, Markup.Escape(value.ToString(CultureInfo.InvariantCulture)));
        var shape = string.Join(" × ", plan.Path.Dimensions.Select(d => d.Length));
        Row("plan", $"{plan.Hash[..12]}  shape {shape}, axes {string.Join(" ", plan.Path.Axes)}");
        Row("frames", $"{cost.Frames} in {cost.Windows} windows, {cost.Takes} takes, {plan.OuterCount} outer points");
        var exposure = plan.ExposureNs / 1e6;
        Row("time", $"{cost.TotalNs / 1e9:0.0##} s, {cost.ExposureNs / 1e9:0.0##} s of it exposure ({exposure:0.###} ms a frame)");
        Row("dead time", $"{string.Join(", ", cost.DeadTimes.Where(d => d.Ns > 0).Select(d => Cost(d)))}");
        Row("data", $"{cost.BytesToWrite / 1048576.0:0.0} MiB; detectors {string.Join(", ", plan.DetectorsUsed.Select(d => d.Name))}");
        Row("pause", $"at a {cost.PauseGranularity}; hardware runs up to {cost.LongestTakeNs / 1e9:0.0##} s on its own");
        output.Table(table);
    }

    public static string ToJson(ScanPlan plan)
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
            autonomy_s = cost.LongestTakeNs / 1e9,
            pause = cost.PauseGranularity,
            detectors = plan.DetectorsUsed.Select(d => d.Name),
        });
    }

    private static string Cost(DeadTime dead) =>
        string.Create(CultureInfo.InvariantCulture, $"{Name(dead.Cause).Replace('_', ' ')} {dead.Ns / 1e9:0.00} s");

    private static string Name(DeadTimeCause cause) => JsonNamingPolicy.SnakeCaseLower.ConvertName(cause.ToString());
}
