using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

public static partial class ScanDecider
{
    /// <summary>The hold of a scan whose journal takes no writes. It is shown, and never journaled.</summary>
    public const string JournalHold = "journal";

    private const string Operator = "operator";

    private const string Device = "device ";

    /// <summary>Nothing moves on while a hold is set; whoever waits for that is told at which frame the scan stands. A scan that waits
    /// for beam or disk alone goes on by itself, and nobody is told.</summary>
    private static void Stand(Turn turn)
    {
        turn.Step = new ScanStep.Held();
        if (turn.State.LastTake > 0 && turn.Work.Lost.Count == 0)
            CloseShutter(turn);
        if (turn.State.Holds.Keys.Any(h => !PassesByItself(h)))
            turn.Notice = new ScanReply.Paused(turn.State.NextWanted()?.First ?? turn.State.Frames);
    }

    /// <summary>Whether a hold ends without anybody's word.</summary>
    public static bool PassesByItself(string hold) => hold is Disk or JournalHold
        || hold.StartsWith(Suspender.HoldPrefix, StringComparison.Ordinal) || hold.StartsWith(Reopening, StringComparison.Ordinal);

    /// <summary>Whether a hold is the loss of a device.</summary>
    public static bool IsDeviceLoss(string hold) => hold.StartsWith(Device, StringComparison.Ordinal);

    /// <summary>Sets a hold that passes by itself.</summary>
    private static void HoldWhile(Turn turn, string hold, string reason, string haltReason)
    {
        if (turn.State.Ending is not null || turn.State.Holds.ContainsKey(hold) || turn.Step is ScanStep.Unstaging or ScanStep.Ended)
            return;
        turn.Emit(new ScanEvent.HoldSet(turn.AtNs, hold, reason));
        if (turn.Step is ScanStep.Flying step)
            Halt(turn, step.Take, step.Programme, haltReason);
        else if (turn.Step is ScanStep.AwaitingRecords or ScanStep.Idle)
            Next(turn);
    }

    private static void Release(Turn turn, string hold)
    {
        if (turn.State.Holds.ContainsKey(hold))
            turn.Emit(new ScanEvent.HoldCleared(turn.AtNs, hold));
        if (turn.Step is ScanStep.Held && turn.State.Holds.Count == 0 && IsBeamKnown(turn))
            GoOn(turn);
    }

    private static void Pause(Turn turn, ScanCommand.PauseScan c)
    {
        if (WhyNotPause(turn) is string why)
        {
            turn.Reply = new ScanReply.Refused(why);
            return;
        }
        turn.Reply = new ScanReply.Accepted();
        if (!turn.State.Holds.ContainsKey(Operator))
            turn.Emit(new ScanEvent.HoldSet(c.AtNs, Operator, $"pause asked by {c.Who}"));
        switch (turn.Step)
        {
            case ScanStep.Flying step:
                Halt(turn, step.Take, step.Programme, "pause");
                break;
            case ScanStep.Held or ScanStep.AwaitingRecords or ScanStep.Idle:
                Stand(turn);
                break;
        }
    }

    private static string? WhyNotPause(Turn turn)
    {
        if (turn.State.Uid is null)
            return "there is no scan yet";
        if (turn.State.Status is ScanStatus status)
            return $"the scan has ended ({status})";
        if (turn.State.Ending is (_, var reason))
            return $"the scan is ending: {reason}";
        return turn.Step is ScanStep.Unstaging || (turn.State.NextWanted() is null && turn.State.InFlight is null)
            ? "every frame is taken; the scan is finishing"
            : null;
    }

    private static void Resume(Turn turn, ScanCommand.ResumeScan c)
    {
        if (turn.State.Uid is null || turn.State.Status is not null || turn.State.Ending is not null)
        {
            turn.Reply = new ScanReply.Refused(turn.State.Status is ScanStatus status
                ? $"the scan has ended ({status})"
                : "there is no scan to resume");
            return;
        }
        if (turn.State.Holds.Count == 0)
        {
            turn.Reply = new ScanReply.Refused("the scan is not paused");
            return;
        }
        if (turn.Work.Lost.Count > 0)
        {
            turn.Reply = new ScanReply.Refused(
                string.Join("; ", turn.Work.Lost.Select(l => $"{l.Key} is lost: {l.Value}")) +
                ". Bring it back, then run `flyscan resume`.");
            return;
        }
        var ours = turn.State.Holds.Keys.Where(h => !PassesByItself(h)).ToList();
        if (ours.Count == 0)
        {
            turn.Reply = new ScanReply.Refused(
                $"the scan waits for {(turn.State.Holds.ContainsKey(Disk) ? "the disk" : "beam")} " +
                $"({string.Join("; ", turn.State.Holds.Values)}) and goes on by itself when it is back");
            return;
        }
        foreach (var hold in ours)
            turn.Emit(new ScanEvent.HoldCleared(c.AtNs, hold));
        turn.Reply = new ScanReply.Accepted();
        if (turn.Step is ScanStep.Held && turn.State.Holds.Count == 0 && IsBeamKnown(turn))
            GoOn(turn);
    }

    /// <summary>Nothing holds the scan any more.</summary>
    private static void GoOn(Turn turn)
    {
        if (turn.Work.MadeSafe)
            Adopt(turn);
        else
            Next(turn);
    }

    /// <summary>A rewind is a new take from the frame on: nothing is replayed.</summary>
    private static void Seek(Turn turn, ScanCommand.SeekScan c)
    {
        if (WhyNotSeek(turn, c.Frame) is string why)
        {
            turn.Reply = new ScanReply.Refused(why);
            return;
        }
        turn.Reply = new ScanReply.Accepted();
        // All detectors must be in step where it goes on.
        var frame = turn.State.Rates.Floor(c.Frame);
        GiveUpKept(turn, c with { Frame = frame });
        var past = RangeSet.Of(new FrameRange(0, frame)).Subtract(turn.State.Committed.Ranges).Subtract(turn.State.Skipped.Ranges)
            .Subtract(turn.State.Kept.Ranges);
        if (!past.IsEmpty)
            turn.Emit(new ScanEvent.FramesSkipped(c.AtNs, past.Ranges, c.Who, $"seek to frame {frame}"));
        turn.Notice = new ScanReply.Paused(turn.State.NextWanted()?.First ?? turn.State.Frames);
    }

    private static string? WhyNotSeek(Turn turn, long frame)
    {
        var state = turn.State;
        if (state.Uid is null || state.Status is not null || state.Ending is not null)
            return state.Uid is null ? "there is no scan" : "the scan is ending or has ended";
        if (frame < 0 || frame >= state.Frames)
            return $"frame {frame} is outside the scan's 0 to {state.Frames - 1}";
        if (turn.Step is not ScanStep.Held)
            return "the scan is not paused: pause it, then seek";
        if (state.OpenTakes.Count > 0)
            return "the last frames are still being read back; seek again in a moment";
        var next = state.NextWanted()?.First ?? state.Frames;
        return frame < next && !turn.Setup.CommitsAtEnd
            ? $"committed to frame {next}: frames before it are final; a scan whose request says \"commit\": \"atEnd\" can go back"
            : null;
    }

    private static void Abort(Turn turn, ScanCommand.AbortScan c)
    {
        if (turn.State.Uid is null || turn.State.Status is not null || turn.State.Ending is not null)
        {
            turn.Reply = new ScanReply.Refused(turn.State.Uid is null ? "there is no scan" : "the scan is ending or has ended");
            return;
        }
        turn.Reply = new ScanReply.Accepted();
        turn.Emit(new ScanEvent.AbortRequested(c.AtNs, c.Who, c.Reason));
        switch (turn.Step)
        {
            case ScanStep.Flying step:
                Halt(turn, step.Take, step.Programme, "abort");
                break;
            case ScanStep.Enabling or ScanStep.Starting or ScanStep.Halting or ScanStep.Unstaging
                or ScanStep.MakingSafe or ScanStep.Adopting:
                break;
            default:
                End(turn);
                break;
        }
    }
}
