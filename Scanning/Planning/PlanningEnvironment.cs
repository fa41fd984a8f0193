namespace Flyscan.Scanning.Planning;

/// <summary>What the planner must be told besides request and beamline.</summary>
/// <remarks><b>Units</b> FreeDiskBytes: bytes free where the run's data go, null when not known (not checked);
/// ArmNs, HandoverNs: what one take costs in proofs and in the hand-over itself, nanoseconds; they enter the estimate only.</remarks>
public sealed record PlanningEnvironment(long? FreeDiskBytes)
{
    /// <summary>From the axes in position to every device proved armed.</summary>
    public long ArmNs { get; init; } = 10_000_000;

    /// <summary>Software's share of handing over to hardware and taking back.</summary>
    public long HandoverNs { get; init; } = 500_000;
}
