using System.Collections.Immutable;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

public static partial class ScanDecider
{
    private const string Reopening = "recorder ";

    /// <summary>How often in a row a recorder is staged anew while nothing is committed.</summary>
    private const int MostReopenings = 3;

    /// <summary>Something went wrong: every device to its safe state first, then it is decided whether the scan waits or ends.</summary>
    private static void Trouble(Turn turn, string device, string problem)
    {
        if (turn.Step is ScanStep.Ended or ScanStep.MakingSafe)
            return;
        turn.Work = turn.Work with { Trouble = turn.Work.Trouble ?? (device, problem) };
        MakeSafe(turn);
    }

    private static void Lose(Turn turn, ScanCommand.DeviceLost c)
    {
        turn.Work = turn.Work with { Lost = turn.Work.Lost.SetItem(c.Device, c.Reason) };
        if (turn.State.Uid is null || turn.State.Status is not null || turn.Step is ScanStep.Unstaging)
            return;
        if (turn.Step is not ScanStep.Held)
        {
            Trouble(turn, c.Device, c.Reason);
            return;
        }
        // It does not go on by itself any more, even where beam or room come back; a lost signal cannot even say so.
        HoldLost(turn);
        Stand(turn);
    }

    /// <summary>A recorder that can be reached has forgotten its session, as the process that wrote its file began anew. Its file is read
    /// back, and it goes on with a new segment; what was not committed is taken again.</summary>
    private static void LoseSession(Turn turn, string recorder, RecorderStatus status)
    {
        if (turn.Step is ScanStep.Ended or ScanStep.Unstaging || turn.State.Ending is not null)
            return;
        var reason = status.Fault ?? "it no longer knows the session that it was staged with";
        if (!HoldsForSession(turn, recorder, reason))
            Trouble(turn, recorder, $"{reason}; it was staged anew {MostReopenings} times, and no frame was committed since");
        else if (turn.Step is not ScanStep.MakingSafe)
            MakeSafe(turn);
    }

    /// <summary>Sets the hold for a recorder that forgot its session; false where that happens too often.</summary>
    private static bool HoldsForSession(Turn turn, string recorder, string reason)
    {
        var committed = turn.State.Committed.Count;
        var before = turn.Work.Reopened.GetValueOrDefault(recorder);
        var times = before.Committed == committed ? before.Times + 1 : 1;
        if (times > MostReopenings)
            return false;
        turn.Work = turn.Work with { Reopened = turn.Work.Reopened.SetItem(recorder, (times, committed)) };
        if (!turn.State.Holds.ContainsKey(Reopening + recorder))
            turn.Emit(new ScanEvent.HoldSet(turn.AtNs, Reopening + recorder, reason));
        return true;
    }

    private static bool AwaitsSession(Turn turn) =>
        turn.State.Holds.Keys.Any(h => h.StartsWith(Reopening, StringComparison.Ordinal));

    /// <summary>Everything is safe: recorders that lost their sessions are asked what they have left, and staged anew.</summary>
    private static bool Reopens(Turn turn)
    {
        if (!ClearReopenings(turn) || turn.State.Ending is not null || turn.Work.Lost.Count > 0)
            return false;
        if (turn.State.Holds.Count > 0)
            Stand(turn);
        else
            Adopt(turn);
        return true;
    }

    private static bool ClearReopenings(Turn turn)
    {
        var lost = turn.State.Holds.Keys.Where(h => h.StartsWith(Reopening, StringComparison.Ordinal)).ToList();
        foreach (var hold in lost)
            turn.Emit(new ScanEvent.HoldCleared(turn.AtNs, hold));
        return lost.Count > 0;
    }

    private static void MakeSafe(Turn turn)
    {
        // In flight the box comes first: what it exposes behind a shutter, or while motion brakes, would pass for good. A start that is
        // under way may yet come to the motion, and must not find the others safe.
        EquatableArray<string> first = turn.State.InFlight is null ? [] : [turn.Setup.Box];
        if (turn.Step is ScanStep.Starting && turn.Setup.Motion is string motion)
            first = first.Add(motion);
        turn.Step = new ScanStep.MakingSafe(turn.Setup.Devices.ToImmutableSortedSet());
        turn.Work = turn.Work with { SafeFirst = first };
        MakeSafeNext(turn, turn.Setup.Devices);
    }

    private static void MakeSafeNext(Turn turn, IEnumerable<string> rest)
    {
        foreach (var device in turn.Work.SafeFirst.Count > 0 ? turn.Work.SafeFirst.Take(1) : rest)
            turn.Do(new ScanEffect.MakeSafe(device));
    }

    private static void DeviceMadeSafe(Turn turn, ScanCommand.MadeSafe c)
    {
        if (turn.Step is not ScanStep.MakingSafe step || !step.Awaiting.Contains(c.Device))
            return;
        if (c.Outcome.Problem is string problem && !turn.Work.Lost.ContainsKey(c.Device) && turn.Work.Trouble is null)
            turn.Work = turn.Work with { Trouble = (c.Device, $"safe state not reached: {problem}") };
        var left = step.Awaiting.Remove(c.Device);
        turn.Step = new ScanStep.MakingSafe(left);
        if (turn.Work.SafeFirst.Count > 0 && turn.Work.SafeFirst[0] == c.Device)
        {
            if (c.Outcome.Problem is not null && c.Device == turn.Setup.Box && turn.State.InFlight is TakeState blind)
                RejectBlind(turn, blind);
            turn.Work = turn.Work with { SafeFirst = turn.Work.SafeFirst.Skip(1).ToEquatableArray() };
            MakeSafeNext(turn, turn.Setup.Devices.Where(left.Contains));
        }
        if (left.Count == 0)
            Safe(turn);
    }

    /// <summary>The shutter closes, and motion brakes, on a box that may go on exposing: of the take only what is settled counts. Hardware
    /// has it until the box is known to be idle.</summary>
    private static void RejectBlind(Turn turn, TakeState take)
    {
        var rest = new FrameRange(take.SettledTo, take.Frames.End);
        if (rest.IsEmpty)
            return;
        var cause = $"{turn.Setup.Box} could not be stopped before the shutter and motion were";
        turn.Emit(new ScanEvent.BlockReconciled(turn.AtNs, take.Number, rest, [], [rest], cause));
        turn.Emit(new ScanEvent.FramesRejected(turn.AtNs, take.Number, [rest], cause));
    }

    private static void Safe(Turn turn)
    {
        turn.Work = turn.Work with { MadeSafe = true, ShutterOpen = false, ShutterShut = true, ShutterClosing = false };
        turn.Work = turn.Work with { OuterAt = ImmutableSortedDictionary<string, double>.Empty };
        turn.Step = new ScanStep.Idle();
        if (turn.Work.FailedUnstaging is ScanStep.Unstaging failed)
        {
            SafeAfterUnstaging(turn, failed);
            return;
        }
        HoldLost(turn);
        if (turn.Work.CannotWrite is (var recorder, var reason))
        {
            turn.Work = turn.Work with { CannotWrite = null };
            if (turn.State.Ending is null && turn.Work.Trouble is null)
            {
                WaitForDisk(turn, recorder, reason);
                return;
            }
        }
        if (turn.Work.Trouble is (var device, var problem) && turn.Work.Lost.Count == 0)
            turn.Emit(new ScanEvent.DeviceFaulted(turn.AtNs, device, problem));
        turn.Work = turn.Work with { Trouble = null };
        if (Reopens(turn))
            return;
        if (turn.Work.Lost.Count > 0 && turn.State.Ending is null)
        {
            Stand(turn);
            return;
        }
        if (turn.State.InFlight is TakeState flying)
            turn.Emit(new ScanEvent.TookBack(turn.AtNs, flying.Number, flying.Frames.Count, turn.State.Ending?.Reason ?? "made safe"));
        foreach (var take in turn.State.OpenTakes.Where(t => t.Triggered is not null && !turn.Work.Collects.ContainsKey(t.Number)))
            CollectFinal(turn, take);
        Next(turn);
    }

    private static void HoldLost(Turn turn)
    {
        foreach (var lost in turn.Work.Lost.Where(l => !turn.State.Holds.ContainsKey(Device + l.Key)))
            turn.Emit(new ScanEvent.HoldSet(turn.AtNs, Device + lost.Key, lost.Value));
    }

    /// <summary>The end before the last frame: safe first, then what was recorded is kept, then the files are closed.</summary>
    private static void End(Turn turn)
    {
        if (!turn.Work.MadeSafe)
            MakeSafe(turn);
        else if (turn.State.OpenTakes.Count > 0)
            turn.Step = new ScanStep.AwaitingRecords();
        else
            Unstage(turn);
    }

    private static void Unstage(Turn turn)
    {
        CommitKept(turn);
        var awaiting = ImmutableSortedSet.CreateBuilder<string>();
        // One that no longer knows its session has nothing to close, but perhaps settings to put back.
        foreach (var recorder in turn.Setup.Recorders.Where(turn.State.ToPutBack.ContainsKey))
        {
            awaiting.Add(recorder);
            turn.Do(new ScanEffect.UnstageRecorder(recorder, turn.State.ToPutBack[recorder]));
        }
        if (turn.Setup.Shutter is string shutter)
        {
            awaiting.Add(shutter);
            if (!turn.Work.ShutterClosing)
                turn.Do(new ScanEffect.MoveShutter(shutter, false));
        }
        turn.Step = new ScanStep.Unstaging(awaiting.ToImmutable(), [], []);
        if (awaiting.Count == 0)
            Unstaged(turn, (ScanStep.Unstaging)turn.Step);
    }

    private static void ShutterClosed(Turn turn, ScanCommand.ShutterMoved c)
    {
        if (turn.Step is ScanStep.Unstaging step)
            Unstaged(turn, step with
            {
                Awaiting = step.Awaiting.Remove(turn.Setup.Shutter!),
                Problems = With(step, turn.Setup.Shutter!, c.Outcome.Problem),
            });
    }

    private static void RecorderUnstaged(Turn turn, ScanCommand.RecorderUnstaged c)
    {
        if (turn.Step is not ScanStep.Unstaging step || !step.Awaiting.Contains(c.Recorder))
            return;
        var sessionGone = turn.Work.Unstaged.Contains(c.Recorder);
        var problem = sessionGone && c.Outcome is Outcome<long>.Refused ? null : c.Outcome.Problem;
        if (!sessionGone && c.Outcome is Outcome<long>.Refused gone && HoldsForSession(turn, c.Recorder, gone.Reason))
            problem = null;
        var live = sessionGone ? null : (c.Outcome as Outcome<long>.Completed)?.Value;
        Unstaged(turn, step with
        {
            Awaiting = step.Awaiting.Remove(c.Recorder),
            Problems = With(step, c.Recorder, problem),
            Counts = [.. step.Counts, .. CountsOf(turn, c.Recorder, live)],
        });
    }

    /// <summary>Final frames of each of a recorder's segments: those of dead writers as they were read back, the live one as it was
    /// closed.</summary>
    private static IEnumerable<SegmentCount> CountsOf(Turn turn, string recorder, long? live)
    {
        var segments = turn.State.Segments.Where(s => s.Segment.Recorder == recorder).Select(s => s.Segment.Number).ToList();
        var salvaged = SalvagedOf(turn, recorder);
        var known = turn.Work.Salvaged.ContainsKey(recorder);
        foreach (var number in segments)
        {
            if (number == segments[^1] && live is long closed)
                yield return new SegmentCount(recorder, number, closed);
            else if (known)
                yield return new SegmentCount(recorder, number, salvaged.Where(r => r.Segment == number).Sum(r => r.Count));
        }
    }

    private static EquatableArray<string> With(ScanStep.Unstaging step, string device, string? problem) =>
        problem is null ? step.Problems : step.Problems.Add($"{device}: {problem}");

    private static void Unstaged(Turn turn, ScanStep.Unstaging step)
    {
        turn.Step = step;
        if (step.Awaiting.Count > 0)
            return;
        if (step.Problems.Count == 0 && !AwaitsSession(turn))
        {
            Close(turn, step);
            return;
        }
        // Word that a device is lost may still be on its way; once all have answered it has come.
        turn.Work = turn.Work with { FailedUnstaging = step };
        MakeSafe(turn);
    }

    /// <summary>Files are open and settings are not put back: where devices are lost, that is done once they can be reached.</summary>
    private static void SafeAfterUnstaging(Turn turn, ScanStep.Unstaging step)
    {
        turn.Work = turn.Work with { FailedUnstaging = null, Trouble = null };
        if (turn.Work.Lost.Count > 0)
        {
            HoldLost(turn);
            Stand(turn);
        }
        else if (step.Problems.Count == 0 && AwaitsSession(turn))
        {
            // What its dead writer left is read back, and it is unstaged once more: settings of the new one are put back too.
            Adopt(turn);
        }
        else
        {
            ClearReopenings(turn);
            Close(turn, step);
        }
    }

    private static void Close(Turn turn, ScanStep.Unstaging step)
    {
        if (step.Problems.Count > 0 && turn.State.Ending is null)
            turn.Emit(new ScanEvent.DeviceFaulted(turn.AtNs, "unstaging", string.Join("; ", step.Problems)));
        turn.Emit(new ScanEvent.Unstaged(turn.AtNs, step.Counts));
        Finish(turn);
    }

    private static void Finish(Turn turn)
    {
        var (status, reason) = turn.State.Ending is (var early, var why) ? (early, (string?)why) : (ScanStatus.Finished, null);
        turn.Emit(new ScanEvent.Finished(turn.AtNs, status, reason));
        turn.Step = new ScanStep.Ended();
    }
}
