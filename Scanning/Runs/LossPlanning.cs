namespace Flyscan.Scanning.Runs;

/// <summary>What to do about a loss of beam that is known to come, as a top-up that is counted down to.</summary>
public enum LossBehaviour
{
    /// <summary>Fly, and lose what is exposed in it.</summary>
    FlyOn,

    /// <summary>Fly the windows that end before it, and the rest after it.</summary>
    Split,

    /// <summary>Fly when it is over.</summary>
    Wait,
}

/// <summary>What is chosen, what it costs beside the loss itself, and how many frames to fly before it.</summary>
/// <remarks><b>Units</b> nanoseconds of the plan.</remarks>
public sealed record LossChoice(LossBehaviour Behaviour, long Frames, long CostNs);

/// <summary>Chooses between flying on, splitting and waiting: whichever costs least time beside the loss itself.</summary>
public static class LossPlanning
{
    /// <summary>The choice for a take of this course that would be prepared now.</summary>
    /// <remarks><b>Units</b> nanoseconds of the plan. UntilNs: from now to the loss; overheadNs: what one more take costs, and what this
    /// one costs before it flies; guardNs: before the loss in which frames count as lost.</remarks>
    /// <param name="hasGate">Triggers can stop at any frame; without a gate the window under way is finished, and lost.</param>
    public static LossChoice Choose(FlightCourse course, long untilNs, long overheadNs, long guardNs, bool hasGate)
    {
        var frames = course.Windows.Sum(w => w.Frames);
        var good = untilNs - guardNs - overheadNs;
        if (course.DurationNs <= good)
            return new LossChoice(LossBehaviour.FlyOn, frames, 0);
        var best = new LossChoice(LossBehaviour.Wait, 0, Math.Max(0, untilNs));
        // Nothing would be exposed in time.
        if (good <= course.Windows.Select(w => w.FromNs).DefaultIfEmpty(0).First())
            return best;
        var spoilt = hasGate
            ? guardNs
            : course.Windows.Where(w => w.FromNs < good && w.ToNs > good).Select(w => w.ToNs - good).DefaultIfEmpty(0).Max() + guardNs;
        if (overheadNs + spoilt < best.CostNs)
            best = new LossChoice(LossBehaviour.FlyOn, frames, overheadNs + spoilt);
        var before = course.Windows.TakeWhile(w => w.ToNs <= good).ToList();
        if (before.Count > 0 && overheadNs + good - before[^1].ToNs < best.CostNs)
            best = new LossChoice(LossBehaviour.Split, before.Sum(w => w.Frames), overheadNs + good - before[^1].ToNs);
        return best;
    }
}
