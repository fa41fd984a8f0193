using System.Collections.Immutable;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

public static partial class ScanDecider
{
    private const string BoxStatusQuery = "box status";
    private const string MotionStatusQuery = "motion status";

    /// <summary>A successor has folded the journal. Hardware may still be flying: ask before touching anything.</summary>
    private static void TakeOver(Turn turn, ScanCommand.TakeOver c)
    {
        if (turn.State.Uid is null || turn.State.Status is not null)
        {
            turn.Step = new ScanStep.Ended();
            return;
        }
        turn.Emit(new ScanEvent.SupervisorTookOver(c.AtNs, c.Epoch, c.Node));
        WatchSurroundings(turn);
        if (turn.State.IsUnstaged)
            Finish(turn);
        else
            Adopt(turn);
    }

    private static void Adopt(Turn turn)
    {
        // One who died in between leaves them set.
        ClearReopenings(turn);
        var setup = turn.Setup;
        var known = setup.Recorders.Where(r => turn.State.Segments.Any(s => s.Segment.Recorder == r)).ToList();
        turn.Work = turn.Work with
        {
            OuterAt = ImmutableSortedDictionary<string, double>.Empty,
            ShutterOpen = false,
            ShutterShut = false,
            ShutterClosing = false,
            Collects = ImmutableSortedDictionary<int, Collect>.Empty,
            Unstaged = [.. setup.Recorders.Except(known)],
        };
        var awaiting = ImmutableSortedSet.CreateBuilder<string>();
        foreach (var recorder in known)
        {
            awaiting.Add(recorder);
            var segments = turn.State.Segments.Where(s => s.Segment.Recorder == recorder).ToEquatableArray();
            turn.Do(new ScanEffect.AdoptRecorder(recorder, turn.State.SegmentOf(recorder).Session, segments));
        }
        if (turn.State.InFlight is TakeState flying)
        {
            awaiting.Add(BoxStatusQuery);
            turn.Do(new ScanEffect.OrderBox(flying.Number, BoxOrder.Query, flying.Frames, 0));
            if (setup.Motion is not null)
            {
                awaiting.Add(MotionStatusQuery);
                turn.Do(new ScanEffect.OrderMotion(flying.Number, MotionOrder.Query, flying.Frames));
            }
        }
        turn.Step = new ScanStep.Adopting(awaiting.ToImmutable(), null, null);
        if (awaiting.Count == 0)
            Next(turn);
    }

    private static void RecorderAdopted(Turn turn, ScanCommand.RecorderAdopted c)
    {
        if (turn.Step is not ScanStep.Adopting step || !step.Awaiting.Contains(c.Recorder))
            return;
        if (c.Outcome is not Outcome<Adoption>.Completed { Value: var adoption })
        {
            Trouble(turn, c.Recorder, c.Outcome.Problem!);
            return;
        }
        turn.Work = turn.Work with { Salvaged = turn.Work.Salvaged.SetItem(c.Recorder, adoption.Salvaged) };
        if (adoption.Adopted is null)
            turn.Work = turn.Work with { Unstaged = turn.Work.Unstaged.Add(c.Recorder) };
        else if (adoption.Adopted.NewSegment || !IsKnown(turn, adoption.Adopted.Session.Segment))
            turn.Emit(new ScanEvent.SegmentOpened(
                c.AtNs, adoption.Adopted.Session.Segment, adoption.Adopted.Session.Session, adoption.Adopted.FirstPosition,
                adoption.Adopted.Session.ClockZeroNs));
        Adopted(turn, step, c.Recorder);
    }

    /// <summary>A supervisor that died while it adopted may have left a segment that it never journaled.</summary>
    private static bool IsKnown(Turn turn, Segment segment) =>
        turn.State.Segments.Any(s => s.Segment.Recorder == segment.Recorder && s.Segment.Number == segment.Number);

    private static void HearQuery(Turn turn, ScanCommand command)
    {
        if (turn.Step is not ScanStep.Adopting step)
            return;
        switch (command)
        {
            case ScanCommand.BoxAnswered { Outcome: Outcome<BoxStatus>.Completed { Value: var box } }:
                Adopted(turn, step with { Box = box }, BoxStatusQuery);
                break;
            case ScanCommand.MotionAnswered { Outcome: Outcome<MotionStatus>.Completed { Value: var motion } }:
                Adopted(turn, step with { Motion = motion }, MotionStatusQuery);
                break;
            case ScanCommand.BoxAnswered c:
                Trouble(turn, turn.Setup.Box, c.Outcome.Problem!);
                break;
            case ScanCommand.MotionAnswered c:
                Trouble(turn, turn.Setup.Motion!, c.Outcome.Problem!);
                break;
        }
    }

    private static void Adopted(Turn turn, ScanStep.Adopting step, string what)
    {
        var next = step with { Awaiting = step.Awaiting.Remove(what) };
        turn.Step = next;
        if (next.Awaiting.Count > 0)
            return;
        foreach (var take in turn.State.OpenTakes.Where(t => t.Triggered is not null))
            CollectFinal(turn, take);
        if (turn.State.InFlight is TakeState flying)
            AdoptFlight(turn, next, flying);
        else
            Next(turn);
    }

    private static string WhyNotAdopted(ScanStep.Adopting found) =>
        found.Motion is { Fault: string why } ? $"cannot be adopted: {why}" : "cannot be adopted";

    /// <summary>A take was handed over and never taken back: still flying, done meanwhile, never begun, or lost with the box.</summary>
    private static void AdoptFlight(Turn turn, ScanStep.Adopting found, TakeState take)
    {
        var programme = turn.Setup.Plan.Compile(take.Frames);
        if (turn.Work.Unstaged.Contains(turn.Setup.Box))
        {
            turn.Emit(new ScanEvent.TookBack(turn.AtNs, take.Number, take.Frames.Count, "the trigger box no longer knows this take"));
            CollectFinal(turn, turn.State.OpenTakes.First(t => t.Number == take.Number));
            Next(turn);
            return;
        }
        var mark = Marks.Of(turn.State.Uid!, take.Number);
        var boxRuns = found.Box is { Phase: BoxPhase.Waiting or BoxPhase.Running } box && box.Mark == mark;
        var motionRuns = programme.Trajectory is null
            || (found.Motion is { Phase: MotionPhase.Running or MotionPhase.Done } motion && motion.Mark == mark);
        var recordersLive = take.Positions.All(p => IsLive(turn, p.Recorder, SessionOf(turn.State, p)));
        if (boxRuns && motionRuns && recordersLive)
            Fly(turn, take.Number, programme);
        else
            Halt(turn, take.Number, programme, boxRuns ? WhyNotAdopted(found) : "complete, or never begun, when it was taken over");
    }
}
