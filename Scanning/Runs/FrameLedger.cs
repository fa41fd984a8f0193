using System.Collections.Immutable;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>Which frames of a take every recorder has, by trigger number, and where they stand. Equal counts alone prove nothing.</summary>
public static class FrameLedger
{
    /// <summary>What a live recorder holds: its present segment by its status, its dead segments by what was salvaged.</summary>
    public static Holding HoldingOf(SegmentState live, RecorderStatus status, EquatableArray<SegmentRun> salvaged)
    {
        var runs = salvaged.Where(r => r.Session == live.Session).ToList();
        var trigger = live.FirstTrigger;
        long position = 0;
        foreach (var missed in RangeSet.Of(status.Missed).Ranges)
        {
            if (missed.End <= trigger)
                continue;
            var before = Math.Min(Math.Max(0, missed.First - trigger), status.Recorded - position);
            if (before > 0)
                runs.Add(new SegmentRun(live.Segment.Number, live.Session, trigger, before, position));
            position += before;
            trigger += before;
            if (trigger < missed.First)
                return new Holding(runs.ToEquatableArray(), trigger) { Why = status.WhyMissed };
            trigger = missed.End;
        }
        var rest = status.Recorded - position;
        if (rest > 0)
            runs.Add(new SegmentRun(live.Segment.Number, live.Session, trigger, rest, position));
        return new Holding(runs.ToEquatableArray(), status.Overflowed ? trigger : trigger + rest) { Why = status.WhyMissed };
    }

    /// <summary>What is left of a recorder whose session is gone.</summary>
    public static Holding HoldingOf(string session, EquatableArray<SegmentRun> salvaged)
    {
        var runs = salvaged.Where(r => r.Session == session).ToEquatableArray();
        return new Holding(runs, runs.Count == 0 ? 0 : runs.Max(r => r.FirstTrigger + r.Count));
    }

    /// <summary>Compares the recorders over frames [take.SettledTo, end): what all have that must, with its place in each, and what
    /// somebody lacks.</summary>
    public static Reconciliation Reconcile(
        TakeState take, long end, IReadOnlyDictionary<string, Holding> holdings, Func<RecorderPosition, string> sessionOf,
        EquatableArray<string> mayLack)
    {
        var block = new FrameRange(take.SettledTo, Math.Max(take.SettledTo, end));
        var good = RangeSet.Of(block);
        var lacking = new List<string>();
        foreach (var position in take.Positions.Where(p => !mayLack.Contains(p.Recorder)))
        {
            var has = FramesOf(take, position, holdings[position.Recorder], sessionOf(position));
            if (!has.Covers(block))
                lacking.Add(holdings[position.Recorder].Why is { } why ? $"{position.Recorder} ({why})" : position.Recorder);
            good = good.Intersect(has);
        }
        good = take.Rates.Inwards(good);
        var bad = RangeSet.Of(block).Subtract(good.Ranges);
        var cause = bad.IsEmpty ? null : $"{string.Join(", ", lacking)}: {bad.Count} of frames {block} not recorded";
        return new Reconciliation(block, good, bad, cause);
    }

    /// <summary>Up to which frame every recorder has decided.</summary>
    public static long KnownEnd(TakeState take, IReadOnlyDictionary<string, Holding> holdings) => take.Rates.Floor(take.Positions.Min(p =>
    {
        var known = take.Rates.Of(p.Recorder).FramesIn(Math.Max(0, holdings[p.Recorder].KnownThrough - p.Trigger));
        return Math.Min(take.Frames.End, take.Frames.First + known);
    }));

    /// <summary>Where the given frames, which every recorder has, stand.</summary>
    public static EquatableArray<Extent> ExtentsOf(
        TakeState take, FrameRange frames, IReadOnlyDictionary<string, Holding> holdings, Func<RecorderPosition, string> sessionOf)
    {
        var extents = ImmutableArray.CreateBuilder<Extent>();
        foreach (var position in take.Positions)
        {
            var left = RangeSet.Of(frames);
            var rate = take.Rates.Of(position.Recorder);
            foreach (var run in holdings[position.Recorder].Runs.Where(r => r.Session == sessionOf(position)))
            {
                var has = FramesOf(take, position, run);
                foreach (var part in left.Intersect(has).Ranges)
                {
                    var trigger = position.Trigger + rate.Of(part.First - take.Frames.First);
                    extents.Add(new Extent(
                        position.Recorder, run.Segment, part.First, part.Count, run.Position + trigger - run.FirstTrigger));
                }
                left = left.Subtract([has]);
            }
        }
        return new EquatableArray<Extent>(extents.ToImmutable());
    }

    /// <summary>What a detector holds, but for rows of some of its triggers whose times are not those of their triggers.</summary>
    /// <param name="byTime">The trigger of each of these rows that is near one, by its time.</param>
    public static Holding Confirmed(Holding numbered, string session, EquatableArray<SegmentRun> byTime, FrameRange triggers)
    {
        var (runs, isWhole) = (new List<SegmentRun>(), true);
        foreach (var run in numbered.Runs)
        {
            var asked = run.Session == session
                ? triggers.Intersect(new FrameRange(run.FirstTrigger, run.FirstTrigger + run.Count))
                : default;
            var doubted = RangeSet.Of(asked).Subtract(byTime
                .Where(t => t.Segment == run.Segment && t.FirstTrigger - t.Position == run.FirstTrigger - run.Position)
                .Select(t => new FrameRange(t.FirstTrigger, t.FirstTrigger + t.Count)));
            isWhole &= doubted.IsEmpty;
            var sure = RangeSet.Of(new FrameRange(run.FirstTrigger, run.FirstTrigger + run.Count)).Subtract(doubted.Ranges);
            runs.AddRange(sure.Ranges.Select(part => run with
            {
                FirstTrigger = part.First,
                Count = part.Count,
                Position = run.Position + part.First - run.FirstTrigger,
            }));
        }
        return numbered with
        {
            Runs = runs.ToEquatableArray(),
            Why = isWhole ? numbered.Why : numbered.Why ?? "frames at times at which the box sent no trigger",
        };
    }

    /// <summary>Of a holding of a session, what is in [first, end) of its numbers.</summary>
    public static Holding Within(Holding holding, string session, long first, long end)
    {
        var runs = new List<SegmentRun>(holding.Runs.Count);
        foreach (var run in holding.Runs.Where(r => r.Session == session))
        {
            var part = new FrameRange(first, end).Intersect(new FrameRange(run.FirstTrigger, run.FirstTrigger + run.Count));
            if (!part.IsEmpty)
                runs.Add(run with
                {
                    FirstTrigger = part.First,
                    Count = part.Count,
                    Position = run.Position + part.First - run.FirstTrigger,
                });
        }
        return new Holding(runs.ToEquatableArray(), Math.Min(holding.KnownThrough, end));
    }

    /// <summary>A take of a recorder that only counts: with as many frames as triggers each is of its own; else none is known.</summary>
    public static Holding Counted(Holding holding, long firstTrigger, long triggers, bool final)
    {
        if (!final)
            return new Holding([], firstTrigger);
        var isWhole = holding.Runs.Sum(r => r.Count) == triggers;
        return new Holding(isWhole ? holding.Runs : [], firstTrigger + triggers);
    }

    /// <summary>Of these extents, what holds these frames.</summary>
    public static EquatableArray<Extent> Part(EquatableArray<Extent> extents, FrameRange frames, DetectorRates rates)
    {
        var parts = new List<Extent>(extents.Count);
        foreach (var extent in extents)
        {
            var part = frames.Intersect(new FrameRange(extent.Frame, extent.Frame + extent.Count));
            var before = rates.Of(extent.Recorder).Of(part.First - extent.Frame);
            if (!part.IsEmpty)
                parts.Add(extent with { Frame = part.First, Count = part.Count, Position = extent.Position + before });
        }
        return parts.ToEquatableArray();
    }

    private static RangeSet FramesOf(TakeState take, RecorderPosition position, Holding holding, string session) =>
        RangeSet.Of(holding.Runs.Where(r => r.Session == session).Select(r => FramesOf(take, position, r)));

    /// <summary>Frames of the take, and after it, that the run has whole.</summary>
    private static FrameRange FramesOf(TakeState take, RecorderPosition position, SegmentRun run)
    {
        var rate = take.Rates.Of(position.Recorder);
        var first = rate.FrameFrom(Math.Max(0, run.FirstTrigger - position.Trigger));
        var end = rate.FramesIn(Math.Max(0, run.FirstTrigger + run.Count - position.Trigger));
        return new FrameRange(take.Frames.First + first, take.Frames.First + end);
    }
}

/// <summary>The verdict over one block of a take.</summary>
public sealed record Reconciliation(FrameRange Block, RangeSet Good, RangeSet Bad, string? Cause)
{
    /// <summary>The same with frames that were exposed in bad beam.</summary>
    internal Reconciliation Without(RangeSet lost, string? why)
    {
        var taken = Good.Intersect(lost);
        if (taken.IsEmpty)
            return this;
        var cause = $"{taken.Count} of frames {Block} exposed in bad beam{(why is null ? "" : $" ({why})")}";
        return this with
        {
            Good = Good.Subtract(taken.Ranges),
            Bad = Bad.Union(taken.Ranges),
            Cause = Cause is null ? cause : $"{Cause}; {cause}",
        };
    }
}
