using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Composition;

/// <summary>What the trigger box itself would refuse of a plan, found before anything moves.</summary>
internal static class BoxProof
{
    /// <summary>Frames of the takes that are looked at, from the scan's begin: a take that is refused later stands in an outer point that
    /// differs from all before, and its load names it.</summary>
    private const long MostFrames = 100_000;

    /// <summary>Why a take would not be loaded; null where all that are looked at would be.</summary>
    public static PlanProblem? Of(LoadedBeamline beamline, ScanPlan plan)
    {
        var box = beamline.Devices.FirstOrDefault(d => d.Description.Box is not null);
        if (box?.Factory is not IProvesTriggers proves)
            return null;
        for (var frame = 0L; frame < Math.Min(plan.Frames, MostFrames);)
        {
            // A take longer than that is looked at as if it ended there.
            var take = plan.NextTake(new FrameRange(frame, Math.Min(plan.Frames, frame + MostFrames)));
            if (proves.Refusal(box.Name, box.Settings, beamline.Description.Axes, plan.Compile(take).Triggers) is { } why)
                return new PlanProblem(
                    "the trigger box refuses a take", box.Name, $"frames {take.First} to {take.End - 1}: {why}",
                    "what its blocks can do", "change the scan, or the box's section of the beamline file")
                {
                    Frame = take.First,
                };
            frame = take.End;
        }
        return null;
    }
}
