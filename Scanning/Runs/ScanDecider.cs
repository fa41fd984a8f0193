using System.Diagnostics;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>Decides what a scan does next. Pure: time comes in the command, devices answer by commands, what is decided leaves as events
/// and effects.</summary>
/// <remarks>Read on in the order of a scan: Staging, Takes, Records, Stalls, Beam, Holds, Recovery, Ending.</remarks>
public static partial class ScanDecider
{
    /// <summary>One command, one decision. A command that does not fit the state changes nothing and is refused or, if it is a late
    /// answer, ignored.</summary>
    public static Decision Decide(RunSetup setup, ScanState state, ScanWork work, ScanCommand command)
    {
        var turn = new Turn(setup, state, work, command.AtNs);
        switch (command)
        {
            case ScanCommand.SubmitScan c:
                Submit(turn, c);
                break;
            case ScanCommand.TakeOver c:
                TakeOver(turn, c);
                break;
            case ScanCommand.PauseScan c:
                Pause(turn, c);
                break;
            case ScanCommand.ResumeScan c:
                Resume(turn, c);
                break;
            case ScanCommand.AbortScan c:
                Abort(turn, c);
                break;
            case ScanCommand.SeekScan c:
                Seek(turn, c);
                break;
            case ScanCommand.DeviceLost c:
                Lose(turn, c);
                break;
            case ScanCommand.DiskReported c:
                DiskReported(turn, c);
                break;
            case ScanCommand.ProgressDue c:
                Watch(turn, c);
                break;
            case ScanCommand.RecorderProgress c:
                RecorderProgress(turn, c);
                break;
            case ScanCommand.MotionProgress c:
                MotionProgress(turn, c);
                break;
            case ScanCommand.BlockDue or ScanCommand.RecorderCollected or ScanCommand.BeamReported or ScanCommand.ExposuresJudged
                or ScanCommand.FramesMatched:
                HearRecords(turn, command);
                break;
            default:
                HearDevice(turn, command);
                break;
        }
        return turn.Done();
    }

    private static void HearDevice(Turn turn, ScanCommand command)
    {
        switch (command)
        {
            case ScanCommand.SettingsRead c:
                SettingsRead(turn, c);
                break;
            case ScanCommand.RecorderStaged c:
                RecorderStaged(turn, c);
                break;
            case ScanCommand.RecorderAdopted c:
                RecorderAdopted(turn, c);
                break;
            case ScanCommand.OuterSettled c:
                OuterSettled(turn, c);
                break;
            case ScanCommand.ShutterMoved c:
                ShutterMoved(turn, c);
                break;
            case ScanCommand.RecorderArmed c:
                RecorderArmed(turn, c);
                break;
            case ScanCommand.MotionAnswered c:
                MotionAnswered(turn, c);
                break;
            case ScanCommand.BoxAnswered c:
                BoxAnswered(turn, c);
                break;
            case ScanCommand.EncodersRead c:
                EncodersRead(turn, c);
                break;
            case ScanCommand.MadeSafe c:
                DeviceMadeSafe(turn, c);
                break;
            case ScanCommand.RecorderUnstaged c:
                RecorderUnstaged(turn, c);
                break;
            default:
                throw new UnreachableException();
        }
    }

    private static void Submit(Turn turn, ScanCommand.SubmitScan c)
    {
        if (turn.State.Uid is not null)
        {
            turn.Reply = new ScanReply.Refused($"scan {turn.State.Uid} was submitted already");
            return;
        }
        turn.Emit(new ScanEvent.ScanSubmitted(
            c.AtNs, c.Uid, c.RequestJson, c.BeamlineName, turn.Setup.Plan.Hash, turn.Setup.Plan.Frames, c.RunFolder, c.SoftwareVersion,
            turn.Setup.Rates));
        turn.Emit(new ScanEvent.SupervisorTookOver(c.AtNs, c.Epoch, "first"));
        turn.Reply = new ScanReply.Accepted();
        turn.Work = turn.Work with { Unstaged = [.. turn.Setup.Recorders] };
        WatchSurroundings(turn);
        Next(turn);
    }

    /// <summary>Control is with software and nothing is under way: what now? The one place that chooses.</summary>
    private static void Next(Turn turn)
    {
        if (turn.State.Ending is not null)
        {
            End(turn);
            return;
        }
        if (turn.State.Holds.Keys.Any(h => !PassesByItself(h)))
        {
            Stand(turn);
            return;
        }
        if (turn.State.NextWanted() is not FrameRange wanted)
        {
            if (turn.State.OpenTakes.Count > 0)
                turn.Step = new ScanStep.AwaitingRecords();
            else
                Unstage(turn);
            return;
        }
        if (turn.State.Holds.Count > 0 || !IsBeamKnown(turn))
        {
            Stand(turn);
            return;
        }
        if (turn.Work.Unstaged.Count > 0)
        {
            Stage(turn);
            return;
        }
        if (turn.State.OpenTakes.Count >= turn.Setup.MaxOpenTakes || turn.State.MayGrow(wanted))
            turn.Step = new ScanStep.AwaitingRecords();
        else
            Prepare(turn, wanted);
    }
}
