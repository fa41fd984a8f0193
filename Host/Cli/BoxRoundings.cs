using Flyscan.Hardware.Contracts;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Planning;

namespace Flyscan.Host.Cli;

/// <summary>What the trigger box's registers cannot hold exactly of a plan.</summary>
internal static class BoxRoundings
{
    /// <summary>Of the first take: others differ from it in places only.</summary>
    public static IReadOnlyList<string> Of(LoadedBeamline beamline, ScanPlan plan)
    {
        var box = beamline.Devices.FirstOrDefault(d => d.Description.Box is not null);
        return box?.Factory is IRoundsTriggers rounds
            ? rounds.Roundings(box.Name, box.Settings, beamline.Description.Axes, PlanView.First(plan).Triggers)
            : [];
    }
}
