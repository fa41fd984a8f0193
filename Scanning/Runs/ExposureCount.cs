using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>Finds which trigger each frame of a detector is of, by how often its exposure output had risen when the box captured each
/// trigger.</summary>
public static class ExposureCount
{
    /// <summary>Runs of frames whose trigger is known beyond doubt. A trigger in which the output did not rise made no frame; of one in
    /// which it rose more than once, or before which the box lacks one, nobody knows which frame it made. Where it rose more or less often
    /// than there are frames, none is known.</summary>
    /// <param name="counts">Number of each trigger that the box has, counted from the take's first, ascending, with the count when it
    /// ended; number −1: before the take.</param>
    /// <param name="triggers">How many the take had.</param>
    /// <param name="frames">Rows of the take's frames, in the order of recording.</param>
    public static EquatableArray<SegmentRun> Of(
        IReadOnlyList<CountedTrigger> counts, long triggers, IReadOnlyList<(int Segment, long Position)> frames, string session)
    {
        if (BaseOf(counts, triggers, frames.Count) is not long none)
            return [];
        var runs = new List<SegmentRun>();
        var before = (Number: -1L, Count: none);
        foreach (var (number, count) in counts.Where(c => c.Number >= 0))
        {
            // Over a hole in what the box has, one that was missed and one too many could pass for right.
            var isSure = number == before.Number + 1 && count == before.Count + 1;
            before = (number, count);
            if (!isSure)
                continue;
            var (segment, position) = frames[(int)(count - none - 1)];
            var next = new SegmentRun(segment, session, number, 1, position);
            if (runs.Count > 0 && IsContinued(runs[^1], next))
                runs[^1] = runs[^1] with { Count = runs[^1].Count + 1 };
            else
                runs.Add(next);
        }
        return runs.ToEquatableArray();
    }

    /// <summary>The count before the take's first frame; null where count and frames do not agree.</summary>
    private static long? BaseOf(IReadOnlyList<CountedTrigger> counts, long triggers, long frames)
    {
        if (counts.Count == 0 || counts[^1].Number != triggers - 1)
            return null;
        for (var i = 1; i < counts.Count; i++)
        {
            if (counts[i].Count < counts[i - 1].Count)
                return null;
        }
        var rises = counts[^1].Count - counts[0].Count;
        if (counts[0].Number == -1)
            return rises == frames ? counts[0].Count : null;
        // Nobody saw the count before the take: with a frame for each trigger there is one way only.
        return frames == triggers && rises == counts[^1].Number - counts[0].Number ? counts[^1].Count - frames : null;
    }

    private static bool IsContinued(SegmentRun run, SegmentRun next) =>
        run.Segment == next.Segment && run.FirstTrigger + run.Count == next.FirstTrigger && run.Position + run.Count == next.Position;
}

/// <summary>A trigger of a take, counted from its first, and how many exposures there had been when it ended.</summary>
public readonly record struct CountedTrigger(long Number, long Count);
