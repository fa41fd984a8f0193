using Flyscan.Actors.Scans;
using Flyscan.Engine.Simulation;
using Flyscan.Scanning.Runs;

namespace Flyscan.Twin;

/// <summary>A process that has devices and no supervisor.</summary>
internal sealed record TwinHost(SimulatedNode Node, IReadOnlySet<string> Devices, IReadOnlyList<Suspender> Suspenders)
{
    /// <summary>What the second of two hosts has.</summary>
    public static readonly IReadOnlySet<string> Second = new HashSet<string>(StringComparer.Ordinal) { "panda", "cam", "ring" };

    /// <summary>The actors here, by the names that the supervisor knows them by.</summary>
    public IEnumerable<string> Actors =>
        Devices.Where(d => d != "ring").Order(StringComparer.Ordinal).Concat(Suspenders.Select(s => ScanSupervisor.SuspenderKey(s.Name)));

    /// <summary>The device behind an actor.</summary>
    public string DeviceOf(string actor) =>
        Suspenders.FirstOrDefault(s => ScanSupervisor.SuspenderKey(s.Name) == actor)?.Signal ?? actor;
}
