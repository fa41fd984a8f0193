using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>Adds up a plan's times.</summary>
internal static class Estimator
{
    public static PlanEstimate Of(PlanBasis basis, OuterSteps steps, PlanningEnvironment environment)
    {
        var times = steps.Times;
        var shutterNs = basis.Request.Shutter is null
            ? 0
            : basis.Beamline.Shutter!.LeadNs * (basis.Request.Shutter == ShutterMode.PerScan ? 1 : steps.Takes);
        EquatableArray<DeadTime> dead =
        [
            new(DeadTimeCause.Readout, steps.FramesNs - steps.ExposureNs),
            new(DeadTimeCause.RunUp, times.RunUpNs),
            new(DeadTimeCause.TurnAround, times.TurnAroundNs),
            new(DeadTimeCause.RunDown, times.RunDownNs),
            new(DeadTimeCause.OuterMove, steps.MoveNs),
            new(DeadTimeCause.Settle, times.SettleNs + steps.SettleNs),
            new(DeadTimeCause.Delay, times.DwellNs),
            new(DeadTimeCause.Shutter, shutterNs),
            new(DeadTimeCause.Arm, steps.Takes * environment.ArmNs),
            new(DeadTimeCause.Handover, steps.Takes * environment.HandoverNs),
        ];
        var dose = basis.Limits.Exposure.Of(basis.Durations.LongestNs);
        var bytes = DetectorChecks.Bytes(basis.Detectors, basis.Request, basis.Path.Length);
        return new PlanEstimate(
            basis.Path.Length, steps.Windows, steps.Takes, steps.ExposureNs + dead.Sum(d => d.Ns), steps.ExposureNs, dead,
            (long)Int128.Min(bytes, long.MaxValue), steps.LongestTakeNs, PauseOf(basis))
        {
            DosePerTakeNs = dose,
            MostDoseNs = dose * basis.Request.MaxExposuresPerFrame,
            Tables = TablesOf(basis, steps),
        };
    }

    private static string PauseOf(PlanBasis basis) => (basis.Beamline.Box.HasGate, basis.Limits.Exposure.Group) switch
    {
        (false, _) => "window",
        (_, 1) => "frame",
        (_, var group) => $"group of {group} frames",
    };

    private static TableProof? TablesOf(PlanBasis basis, OuterSteps steps)
    {
        if (steps.StreamedTakes == 0 || basis.Limits.Streaming is not { } streaming)
            return null;
        var flow = basis.Classes.All.Select(c => c.Tightest).OfType<RowFlow>().MinBy(f => f.MarginNs)!;
        return new TableProof(
            steps.StreamedTakes, streaming.PieceRows, flow.FastestPieceNs, flow.RefillNs,
            flow.MarginNs == long.MaxValue ? null : flow.MarginNs, flow.AutonomyNs);
    }
}
