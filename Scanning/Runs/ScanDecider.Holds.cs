namespace Flyscan.Scanning.Runs;

public static partial class ScanDecider
{
    private const string Operator = "operator";

    /// <summary>Nothing moves on while a hold is set; whoever waits for that is told at which frame the scan stands.</summary>
    private static void Stand(Turn turn)
    {
        turn.Step = new ScanStep.Held();
        turn.Notice = new ScanReply.Paused(turn.State.NextWanted()?.First ?? turn.State.Frames);
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
        foreach (var hold in turn.State.Holds.Keys)
            turn.Emit(new ScanEvent.HoldCleared(c.AtNs, hold));
        turn.Reply = new ScanReply.Accepted();
        if (turn.Step is not ScanStep.Held)
            return;
        if (turn.Work.MadeSafe)
            Adopt(turn);
        else
            Next(turn);
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
