using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Composition;

/// <summary>What the trigger box's registers cannot hold exactly of a plan.</summary>
internal static class BoxRoundings
{
    /// <summary>Frames of the take that is looked at: what rounds is the same in the others.</summary>
    private const long MostFrames = 10_000;

    /// <summary>Of the first take: others differ from it in places only.</summary>
    public static IReadOnlyList<string> Of(LoadedBeamline beamline, ScanPlan plan)
    {
        var box = beamline.Devices.FirstOrDefault(d => d.Description.Box is not null);
        if (box?.Factory is not IRoundsTriggers rounds)
            return [];
        var first = plan.Compile(plan.NextTake(new FrameRange(0, Math.Min(plan.Frames, MostFrames))));
        return rounds.Roundings(box.Name, box.Settings, beamline.Description.Axes, first.Triggers);
    }
}
