using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Catalogue;

/// <summary>What a summary says that the journal does not.</summary>
/// <remarks><b>Units</b> nanoseconds. HandoverNs: software time of each handover as measured; when empty, the journal's times from
/// handing over to the flight seen stand in, which include the devices' round trips. PlannedDeadTimeNs: dead time inside flights
/// (run-ups, turn-arounds) by cause, from the plan. BoxRounding: what the trigger box's registers held other than asked for.</remarks>
public sealed record RunFacts(string Documents, string Master)
{
    public EquatableArray<long> HandoverNs { get; init; }

    public EquatableArray<KeyValuePair<string, long>> PlannedDeadTimeNs { get; init; }

    public EquatableArray<string> BoxRounding { get; init; } = [];

    public string? Error { get; init; }
}
