using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <content>Which trigger a frame is of, for detectors that do not number triggers: by time stamps, or only by equal counts.</content>
/// <remarks>Such a detector counts the frames that it has. Armed with hardware idle, its count is where a take begins, whatever was
/// missed before.</remarks>
public static partial class ScanDecider
{
    /// <summary>What a recorder holds of this take, where its own numbers do not say so.</summary>
    private static Holding Identified(Turn turn, TakeState take, RecorderPosition position, Holding holding, bool final)
    {
        var identity = turn.Setup.IdentityOf(position.Recorder);
        if (identity == FrameIdentity.HardwareFrameNumber)
            return holding;
        var session = SessionOf(turn.State, position);
        var next = turn.State.Arms
            .Where(a => a.Take > take.Number)
            .SelectMany(a => a.Positions)
            .Where(p => p.Recorder == position.Recorder && SessionOf(turn.State, p) == session)
            .Select(p => p.Trigger)
            .DefaultIfEmpty(long.MaxValue)
            .Min();
        var own = FrameLedger.Within(holding, session, position.Trigger, next);
        // Those of a group that was cut short are counted too, though none of them is kept.
        var taken = take.Rates.Of(position.Recorder).Begun(take.Triggered ?? take.Frames.Count);
        if (final && IsCountedByBox(turn, take, position))
            return own;
        return IsStamped(turn, take, position) ? own : FrameLedger.Counted(own, position.Trigger, taken, final);
    }

    /// <summary>Stamps are compared with those of frames of the scan: at a rate of its own, a detector's frames can only be
    /// counted.</summary>
    private static bool IsStamped(Turn turn, TakeState take, RecorderPosition position) =>
        turn.Setup.IdentityOf(position.Recorder) == FrameIdentity.Timestamp && take.Rates.Of(position.Recorder).IsBase;

    /// <summary>The box counts the exposures of frames of the scan.</summary>
    private static bool IsCountedByBox(Turn turn, TakeState take, RecorderPosition position) =>
        turn.Setup.IdentityOf(position.Recorder) == FrameIdentity.ExposureOutCounted && take.Rates.Of(position.Recorder).IsBase;

    /// <summary>Somebody must be asked which triggers the frames are of; what the box counts is whole only when the take is over.</summary>
    private static bool IsMatched(Turn turn, TakeState take, RecorderPosition position, bool final) =>
        IsStamped(turn, take, position) || (final && IsCountedByBox(turn, take, position));

    /// <summary>Asks which triggers the frames are of, where stamps tell; true when there is something to wait for.</summary>
    private static bool AskForStamps(Turn turn, Collect collect, TakeState take)
    {
        if (collect.IsMatched)
            return false;
        var next = collect with { IsMatched = true };
        foreach (var position in take.Positions.Where(p => IsMatched(turn, take, p, collect.Final)))
        {
            var rows = collect.Holdings[position.Recorder].Runs;
            if (rows.Count > 0)
                turn.Do(MatchOf(turn, collect, position, new FrameRange(0, take.Claimed.Count), rows));
            next = rows.Count > 0
                ? next with { Awaiting = next.Awaiting.Add(StampsOf(position.Recorder)) }
                : next with { Holdings = next.Holdings.SetItem(position.Recorder, Matched(take, position, [], collect.Final)) };
        }
        foreach (var position in take.Positions.Where(p => IsVerified(turn, take, p)))
        {
            var open = Open(take, position);
            var rows = FrameLedger.Within(
                collect.Holdings[position.Recorder], SessionOf(turn.State, position), open.First, open.End).Runs;
            if (rows.Count == 0)
                continue;
            turn.Do(MatchOf(
                turn, collect, position, new FrameRange(open.First - position.Trigger, open.End - position.Trigger), rows));
            next = next with { Awaiting = next.Awaiting.Add(StampsOf(position.Recorder)) };
        }
        turn.Work = turn.Work with { Collects = turn.Work.Collects.SetItem(collect.Take, next) };
        return next.Awaiting.Count > 0;
    }

    /// <summary>A detector's numbers are held against the times of its frames, where its clock is known: a pulse that the box did not send
    /// shifts all numbers after it.</summary>
    private static bool IsVerified(Turn turn, TakeState take, RecorderPosition position)
    {
        var box = take.Positions.First(p => p.Recorder == turn.Setup.Box);
        return turn.Setup.StampErrorOf(position.Recorder) is not null
            && turn.Setup.IdentityOf(position.Recorder) == FrameIdentity.HardwareFrameNumber
            && take.Rates.Of(position.Recorder).IsBase && TellsTime(turn, position) && TellsTime(turn, box);
    }

    /// <summary>A detector's numbers of the take's triggers that are not settled.</summary>
    private static FrameRange Open(TakeState take, RecorderPosition position) =>
        new(position.Trigger + take.SettledTo - take.Frames.First, position.Trigger + take.Claimed.Count);

    private static bool TellsTime(Turn turn, RecorderPosition position) => turn.State.Segments
        .Where(s => s.Segment.Recorder == position.Recorder && s.Session == SessionOf(turn.State, position))
        .All(s => s.ClockZeroNs is not null && s.Segment.Datasets.Any(d => d is { Role: "timestamp", NumpyType: "<i8" }));

    /// <summary>What the box calls its count of a detector's exposures.</summary>
    public static string CounterOf(string recorder) => $"{recorder}_exposures";

    private static string StampsOf(string recorder) => $"stamps of {recorder}";

    /// <param name="among">Triggers of the take, counted from its first.</param>
    private static ScanEffect.MatchFrames MatchOf(
        Turn turn, Collect collect, RecorderPosition position, FrameRange among, EquatableArray<SegmentRun> rows)
    {
        var take = turn.State.OpenTakes.First(t => t.Number == collect.Take);
        var box = take.Positions.First(p => p.Recorder == turn.Setup.Box);
        var isCounted = IsCountedByBox(turn, take, position);
        if (isCounted)
            // Those of a group that was cut short made frames too; before the take the count is as its last sample left it.
            among = new FrameRange(-1, take.Triggered ?? take.Frames.Count);
        var triggers = FrameLedger.Within(
            collect.Holdings[box.Recorder], SessionOf(turn.State, box), box.Trigger + among.First, box.Trigger + among.End);
        var live = turn.State.SegmentOf(box.Recorder);
        var periodNs = turn.Setup.Plan.Compile(take.Frames).Triggers.Windows.SelectMany(w => w.Trains).Min(t => t.PeriodNs);
        return new ScanEffect.MatchFrames(
            take.Number, collect.Final, box.Recorder, position.Recorder,
            triggers.Runs.Select(r => r with { FirstTrigger = r.FirstTrigger - box.Trigger }).ToEquatableArray(),
            IsLive(turn, box.Recorder, live.Session) ? live.Segment.Number : 0,
            rows,
            turn.State.Segments
                .Where(s => s.Segment.Recorder == box.Recorder || s.Segment.Recorder == position.Recorder).ToEquatableArray(),
            Math.Min((periodNs - 1) / 2, turn.Setup.StampErrorOf(position.Recorder) ?? long.MaxValue))
        {
            Counter = isCounted ? CounterOf(position.Recorder) : null,
            Count = among.End,
            CountBefore = box.Trigger == 0 ? 0 : null,
        };
    }

    private static void FramesMatched(Turn turn, ScanCommand.FramesMatched c)
    {
        if (!turn.Work.Collects.TryGetValue(c.Take, out var collect) || collect.Final != c.Final
            || !collect.Awaiting.Contains(StampsOf(c.Recorder)))
            return;
        if (c.Outcome is not Outcome<EquatableArray<SegmentRun>>.Completed { Value: var runs })
        {
            turn.Work = turn.Work with { Collects = turn.Work.Collects.Remove(c.Take) };
            Trouble(turn, c.Recorder, c.Outcome.Problem!);
            return;
        }
        var take = turn.State.OpenTakes.First(t => t.Number == c.Take);
        var position = take.Positions.First(p => p.Recorder == c.Recorder);
        var holding = IsMatched(turn, take, position, c.Final)
            ? Matched(take, position, runs, c.Final)
            : FrameLedger.Confirmed(
                collect.Holdings[c.Recorder], SessionOf(turn.State, position),
                runs.Select(r => r with { FirstTrigger = r.FirstTrigger + position.Trigger }).ToEquatableArray(),
                Open(take, position));
        var next = collect with
        {
            Awaiting = collect.Awaiting.Remove(StampsOf(c.Recorder)),
            Holdings = collect.Holdings.SetItem(c.Recorder, holding),
        };
        turn.Work = turn.Work with { Collects = turn.Work.Collects.SetItem(c.Take, next) };
        if (next.Awaiting.Count == 0)
            Reconcile(turn, next);
    }

    private static Holding Matched(TakeState take, RecorderPosition position, EquatableArray<SegmentRun> runs, bool final)
    {
        var known = final ? take.Claimed.Count : runs.Select(r => r.FirstTrigger + r.Count).DefaultIfEmpty(0).Max();
        return new Holding(
            runs.Select(r => r with { FirstTrigger = r.FirstTrigger + position.Trigger }).ToEquatableArray(), position.Trigger + known);
    }
}
