using Flyscan.Scanning.Planning;

namespace Flyscan.Host.Cli;

/// <summary>One colour for each thing that time goes into, wherever it is drawn.</summary>
/// <remarks>Told apart by people who see colours differently.</remarks>
internal static class PlanColours
{
    public static readonly (string Name, string Colour)[] Phases =
    [
        ("run-up", Of(TakePhase.RunUp)), ("frames", Of(TakePhase.Frames)), ("gap (turn-around)", Of(TakePhase.TurnAround)),
        ("run-down", Of(TakePhase.RunDown)),
    ];

    public static string Of(TakePhase phase) => phase switch
    {
        TakePhase.RunUp => "#56b4e9",
        TakePhase.Frames => "#009e73",
        TakePhase.TurnAround => "#e69f00",
        TakePhase.RunDown => "#cc79a7",
        TakePhase.Delay => "#b8a600",
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    /// <summary>Exposure, then dead time by cause.</summary>
    public static IEnumerable<(string Name, long Ns, string Colour)> Costs(PlanEstimate cost) =>
        cost.DeadTimes.Select(d => (Words(d.Cause), d.Ns, Of(d.Cause))).Prepend(("exposure", cost.ExposureNs, Of(TakePhase.Frames)));

    /// <summary>The cause, as people write it.</summary>
    public static string Words(DeadTimeCause cause) =>
        System.Text.Json.JsonNamingPolicy.KebabCaseLower.ConvertName(cause.ToString()).Replace('-', ' ');

    private static string Of(DeadTimeCause cause) => cause switch
    {
        DeadTimeCause.Readout => "#a6dcc9",
        DeadTimeCause.RunUp => Of(TakePhase.RunUp),
        DeadTimeCause.TurnAround => Of(TakePhase.TurnAround),
        DeadTimeCause.RunDown => Of(TakePhase.RunDown),
        DeadTimeCause.OuterMove => "#0072b2",
        DeadTimeCause.Settle => "#f0e442",
        DeadTimeCause.Delay => Of(TakePhase.Delay),
        DeadTimeCause.Shutter => "#999999",
        DeadTimeCause.Arm => "#d55e00",
        DeadTimeCause.Handover => "#333333",
        _ => throw new System.Diagnostics.UnreachableException(),
    };
}
