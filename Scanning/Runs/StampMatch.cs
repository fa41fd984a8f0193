using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>Finds which trigger each frame of a detector is of by time stamps of two clocks that agree to within a tolerance.</summary>
public static class StampMatch
{
    /// <summary>Runs of frames whose trigger is known beyond doubt; a frame near no trigger, or one of two near the same, is in
    /// none.</summary>
    /// <remarks><b>Units</b> nanoseconds of the same calendar. ToleranceNs: less than half the shortest time between two
    /// triggers.</remarks>
    /// <param name="triggers">Number and time of each trigger, ascending.</param>
    /// <param name="frames">Row of each frame, with its time, in the order of recording.</param>
    public static EquatableArray<SegmentRun> Of(
        IReadOnlyList<StampedTrigger> triggers, IReadOnlyList<StampedFrame> frames, string session, long toleranceNs)
    {
        var near = frames.Select(f => NearestTo(triggers, f.AtNs, toleranceNs)).ToList();
        var claims = near.OfType<long>().GroupBy(t => t).Where(g => g.Count() > 1).Select(g => g.Key).ToHashSet();
        var runs = new List<SegmentRun>();
        for (var i = 0; i < frames.Count; i++)
        {
            if (near[i] is not long trigger || claims.Contains(trigger))
                continue;
            var next = new SegmentRun(frames[i].Segment, session, trigger, 1, frames[i].Position);
            if (runs.Count > 0 && IsContinued(runs[^1], next))
                runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            else
                runs.Add(next);
        }
        return runs.ToEquatableArray();
    }

    private static long? NearestTo(IReadOnlyList<StampedTrigger> triggers, long atNs, long toleranceNs)
    {
        var (low, high) = (0, triggers.Count);
        while (low < high)
        {
            var middle = (low + high) / 2;
            if (triggers[middle].AtNs < atNs - toleranceNs)
                low = middle + 1;
            else
                high = middle;
        }
        return low < triggers.Count && triggers[low].AtNs <= atNs + toleranceNs ? triggers[low].Number : null;
    }

    private static bool IsContinued(SegmentRun run, SegmentRun next) =>
        run.Segment == next.Segment && run.FirstTrigger + run.Count == next.FirstTrigger && run.Position + run.Count == next.Position;
}

/// <summary>A trigger of a take, counted from its first, and when it came.</summary>
public readonly record struct StampedTrigger(long Number, long AtNs);

/// <summary>A row of a detector's segment and when its frame began.</summary>
public readonly record struct StampedFrame(int Segment, long Position, long AtNs);
