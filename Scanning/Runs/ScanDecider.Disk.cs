namespace Flyscan.Scanning.Runs;

/// <content>The disk: the scan stands before it is full, and also where a write has failed all the same.</content>
public static partial class ScanDecider
{
    private const string Disk = "disk";
    private const int MostWriteFailures = 3;

    private static void DiskReported(Turn turn, ScanCommand.DiskReported c)
    {
        if (turn.State.Uid is null || turn.State.Status is not null)
            return;
        if (!c.IsGood)
            HoldWhile(turn, Disk, c.Reason, "the disk is full");
        else
            Release(turn, Disk);
    }

    /// <summary>A recorder's file takes no more frames: everything safe, then wait; what is in the file is read back before the scan goes
    /// on into a new one.</summary>
    private static void CannotWrite(Turn turn, string recorder, RecorderStatus status)
    {
        var reason = status.Fault ?? "its file takes no more frames";
        if (!turn.Setup.WatchesDisk)
        {
            Trouble(turn, recorder, reason);
            return;
        }
        if (turn.Step is ScanStep.Ended or ScanStep.MakingSafe or ScanStep.Unstaging)
            return;
        // What is being asked is asked again of those that take over.
        turn.Work = turn.Work with
        {
            CannotWrite = turn.Work.CannotWrite ?? (recorder, reason),
            Collects = turn.Work.Collects.Clear(),
        };
        MakeSafe(turn);
    }

    /// <summary>Holds until the disk takes writes; where that is said again and again and is never so, until somebody resumes.</summary>
    private static void WaitForDisk(Turn turn, string recorder, string reason)
    {
        var frames = turn.State.Committed.Count + turn.State.Kept.Count;
        var times = turn.Work.WriteFailures is var (before, at) && at == frames ? before + 1 : 1;
        turn.Work = turn.Work with { WriteFailures = (times, frames) };
        if (times >= MostWriteFailures)
        {
            turn.Emit(new ScanEvent.HoldSet(
                turn.AtNs, $"files of {recorder}",
                $"{reason}; the run's disk takes writes, and this failed {times} times: see where {recorder} writes to, then resume"));
        }
        else
        {
            if (!turn.State.Holds.ContainsKey(Disk))
                turn.Emit(new ScanEvent.HoldSet(turn.AtNs, Disk, $"{recorder}: {reason}"));
            turn.Do(new ScanEffect.ProbeDisk());
        }
        Stand(turn);
    }
}
