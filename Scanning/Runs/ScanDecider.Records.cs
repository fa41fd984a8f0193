using System.Collections.Immutable;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

public static partial class ScanDecider
{
    private static void HearRecords(Turn turn, ScanCommand command)
    {
        switch (command)
        {
            case ScanCommand.RecorderCollected c:
                RecorderCollected(turn, c);
                break;
            case ScanCommand.FramesMatched c:
                FramesMatched(turn, c);
                break;
            case ScanCommand.ExposuresJudged c:
                ExposuresJudged(turn, c);
                break;
            case ScanCommand.BeamReported c:
                BeamReported(turn, c);
                break;
            case ScanCommand.BlockDue due when turn.Step is ScanStep.Flying step && step.Take == due.Take:
                CollectBlock(turn, step.Take);
                break;
        }
    }

    /// <summary>Asks every recorder for a take that hardware has given back.</summary>
    private static void CollectFinal(Turn turn, TakeState take) => StartCollect(turn, take, final: true);

    /// <summary>Asks every recorder for what it has of the take under way, unless it is being asked.</summary>
    private static void CollectBlock(Turn turn, int number)
    {
        if (!turn.Work.Collects.ContainsKey(number))
            StartCollect(turn, turn.State.OpenTakes.First(t => t.Number == number), final: false);
    }

    private static void StartCollect(Turn turn, TakeState take, bool final)
    {
        var awaiting = ImmutableSortedSet.CreateBuilder<string>();
        var holdings = ImmutableSortedDictionary.CreateBuilder<string, Holding>();
        foreach (var position in take.Positions)
        {
            var session = SessionOf(turn.State, position);
            if (!IsLive(turn, position.Recorder, session))
            {
                var left = FrameLedger.HoldingOf(session, SalvagedOf(turn, position.Recorder));
                holdings[position.Recorder] = Identified(turn, take, position, left, final);
                continue;
            }
            awaiting.Add(position.Recorder);
            var live = turn.State.SegmentOf(position.Recorder);
            var taken = take.Rates.Of(position.Recorder).Of(take.Claimed.Count);
            var rows = position.Trigger + taken - live.FirstTrigger - turn.Work.Missed.GetValueOrDefault(position.Recorder);
            turn.Do(new ScanEffect.CollectRecorder(take.Number, position.Recorder, final, final ? rows : 0));
        }
        var collect = new Collect(take.Number, final, awaiting.ToImmutable(), holdings.ToImmutable());
        turn.Work = turn.Work with { Collects = turn.Work.Collects.SetItem(take.Number, collect) };
        if (collect.Awaiting.Count == 0)
            Reconcile(turn, collect);
    }

    private static void RecorderCollected(Turn turn, ScanCommand.RecorderCollected c)
    {
        if (!turn.Work.Collects.TryGetValue(c.Take, out var collect) || collect.Final != c.Final || !collect.Awaiting.Contains(c.Recorder))
            return;
        var position = turn.State.OpenTakes.First(t => t.Number == c.Take).Positions.First(p => p.Recorder == c.Recorder);
        var session = SessionOf(turn.State, position);
        var live = turn.State.SegmentOf(c.Recorder);
        Holding holding;
        if (c.Outcome is Outcome<RecorderStatus>.Completed { Value: { CannotWrite: true } stuck } && turn.State.Ending is null)
        {
            turn.Work = turn.Work with { Collects = turn.Work.Collects.Remove(c.Take) };
            CannotWrite(turn, c.Recorder, stuck);
            return;
        }
        if (c.Outcome is Outcome<RecorderStatus>.Completed { Value: { CannotWrite: false } status } && status.Session == session
            && live.Session == session)
        {
            holding = FrameLedger.HoldingOf(live, status, SalvagedOf(turn, c.Recorder));
            turn.Work = turn.Work with { Missed = turn.Work.Missed.SetItem(c.Recorder, RangeSet.Of(status.Missed).Count) };
        }
        else if (turn.State.Ending is not null || turn.Setup.MayLack.Contains(c.Recorder))
        {
            holding = FrameLedger.HoldingOf(session, SalvagedOf(turn, c.Recorder));
        }
        else if (c.Outcome is Outcome<RecorderStatus>.Completed { Value: { Session: null } gone })
        {
            turn.Work = turn.Work with { Collects = turn.Work.Collects.Remove(c.Take) };
            LoseSession(turn, c.Recorder, gone);
            return;
        }
        else
        {
            turn.Work = turn.Work with { Collects = turn.Work.Collects.Remove(c.Take) };
            Trouble(turn, c.Recorder, c.Outcome.Problem ?? "lost its session while its frames were being read back");
            return;
        }
        var next = collect with
        {
            Awaiting = collect.Awaiting.Remove(c.Recorder),
            Holdings = collect.Holdings.SetItem(
                c.Recorder, Identified(turn, turn.State.OpenTakes.First(t => t.Number == c.Take), position, holding, c.Final)),
        };
        turn.Work = turn.Work with { Collects = turn.Work.Collects.SetItem(c.Take, next) };
        if (next.Awaiting.Count == 0)
            Reconcile(turn, next);
    }

    private static void Reconcile(Turn turn, Collect collect)
    {
        var take = turn.State.OpenTakes.First(t => t.Number == collect.Take);
        if (AskForStamps(turn, collect, take))
            return;
        collect = turn.Work.Collects[collect.Take];
        var end = collect.Final ? take.Claimed.End : FrameLedger.KnownEnd(take, collect.Holdings);
        TellRecorded(turn, collect, take, end);
        if (end > take.SettledTo && JudgeExposures(turn, collect, take, end))
            return;
        Settle(turn, collect, end, RangeSet.Empty);
    }

    /// <summary>Frames up to end are decided: committed where every recorder has them and the beam was good, else rejected.</summary>
    /// <param name="why">Of what is lost, where there is more to say than that the beam was bad.</param>
    private static void Settle(Turn turn, Collect collect, long end, RangeSet lost, string? why = null)
    {
        turn.Work = turn.Work with { Collects = turn.Work.Collects.Remove(collect.Take) };
        var take = turn.State.OpenTakes.First(t => t.Number == collect.Take);
        end = take.Rates.Floor(end);
        if (end > take.SettledTo || (collect.Final && take.Claimed.End <= take.SettledTo))
            Decide(turn, collect, take, end, (lost, why));
        if (!collect.Final && turn.State.OpenTakes.FirstOrDefault(t => t.Number == take.Number) is { Triggered: not null } rest)
            CollectFinal(turn, rest);
        if (turn.Step is ScanStep.AwaitingRecords)
            Next(turn);
    }

    private static void Decide(Turn turn, Collect collect, TakeState take, long end, (RangeSet Frames, string? Why) lost)
    {
        string Session(RecorderPosition p) => SessionOf(turn.State, p);
        var verdict = FrameLedger.Reconcile(take, end, collect.Holdings, Session, turn.Setup.MayLack)
            .Without(take.Rates.Outwards(lost.Frames), lost.Why);
        turn.Emit(new ScanEvent.BlockReconciled(
            turn.AtNs, take.Number, verdict.Block, verdict.Good.Ranges, verdict.Bad.Ranges, verdict.Cause));
        foreach (var good in turn.Setup.CommitsAtEnd ? [] : verdict.Good.Ranges)
            turn.Emit(new ScanEvent.FramesCommitted(turn.AtNs, good, FrameLedger.ExtentsOf(take, good, collect.Holdings, Session)));
        if (!verdict.Bad.IsEmpty)
            Reject(turn, take, verdict);
    }

    private static void Reject(Turn turn, TakeState take, Reconciliation verdict)
    {
        turn.Emit(new ScanEvent.FramesRejected(turn.AtNs, take.Number, verdict.Bad.Ranges, verdict.Cause!));
        if (turn.State.Ending is not null)
            return;
        switch (turn.Setup.OnBadFrames)
        {
            case OnBadFrames.Mark:
                turn.Emit(new ScanEvent.FramesSkipped(turn.AtNs, verdict.Bad.Ranges, "onBadFrames: mark", verdict.Cause!));
                break;
            case OnBadFrames.Ask:
                turn.Emit(new ScanEvent.HoldSet(turn.AtNs, "bad frames", $"{verdict.Cause}; resume retakes them"));
                break;
            case OnBadFrames.Stop:
                turn.Emit(new ScanEvent.DeviceFaulted(turn.AtNs, "frames", $"{verdict.Cause}; the request says onBadFrames: stop"));
                break;
            default:
                var most = verdict.Bad.Ranges.Max(turn.State.RejectionsOf);
                if (most >= turn.Setup.MaxExposuresPerFrame)
                    turn.Emit(new ScanEvent.DeviceFaulted(
                        turn.AtNs, "frames",
                        $"{verdict.Cause} after {most} exposures, and the request allows no more (maxExposuresPerFrame)"));
                break;
        }
        if (turn.State.Ending is not null && turn.Step is ScanStep.Flying flying)
            Halt(turn, flying.Take, flying.Programme, turn.State.Ending.Value.Reason);
    }

    /// <summary>The session that a take's triggers were counted in.</summary>
    private static string SessionOf(ScanState state, RecorderPosition position) =>
        state.Segments.First(s => s.Segment.Recorder == position.Recorder && s.Segment.Number == position.Segment).Session;

    private static bool IsLive(Turn turn, string recorder, string session) =>
        !turn.Work.Unstaged.Contains(recorder) && turn.State.SegmentOf(recorder).Session == session;

    private static EquatableArray<SegmentRun> SalvagedOf(Turn turn, string recorder) => turn.Work.Salvaged.GetValueOrDefault(recorder);
}
