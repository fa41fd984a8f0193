using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <content>Frames that are recorded and not committed: told at once for eager documents, kept to the end where the request says
/// so.</content>
public static partial class ScanDecider
{
    /// <summary>Tells what every recorder has up to end, where somebody wants to know before it is committed.</summary>
    private static void TellRecorded(Turn turn, Collect collect, TakeState take, long end)
    {
        var from = Math.Max(take.SettledTo, take.ToldTo);
        if (end <= from || !(turn.Setup.CommitsAtEnd || turn.Setup.TellsRecorded))
            return;
        string Session(RecorderPosition p) => SessionOf(turn.State, p);
        var verdict = FrameLedger.Reconcile(take with { SettledTo = from }, end, collect.Holdings, Session, turn.Setup.MayLack);
        foreach (var good in verdict.Good.Ranges)
            turn.Emit(new ScanEvent.FramesRecorded(
                turn.AtNs, take.Number, good, FrameLedger.ExtentsOf(take, good, collect.Holdings, Session)));
    }

    /// <summary>The scan ends, however it does: what is good is committed, in scan order.</summary>
    private static void CommitKept(Turn turn)
    {
        var parts = turn.State.Recorded
            .SelectMany(r => turn.State.Kept.Intersect(r.Frames).Ranges.Select(part => r.Part(part, turn.State.Rates)))
            .OrderBy(r => r.Frames.First)
            .ToList();
        foreach (var part in parts)
            turn.Emit(new ScanEvent.FramesCommitted(turn.AtNs, part.Frames, part.Extents));
    }

    /// <summary>An operator goes back: what was kept from there on is superseded.</summary>
    private static void GiveUpKept(Turn turn, ScanCommand.SeekScan c)
    {
        if (c.Frame >= (turn.State.NextWanted()?.First ?? turn.State.Frames))
            return;
        var after = turn.State.Kept.Intersect(new FrameRange(c.Frame, turn.State.Frames));
        var given = turn.State.Recorded
            .SelectMany(r => after.Intersect(r.Frames).Ranges.Select(frames => (r.Take, Frames: frames)))
            .GroupBy(r => r.Take, r => r.Frames)
            .OrderBy(g => g.Key)
            .ToList();
        foreach (var take in given)
            turn.Emit(new ScanEvent.FramesRejected(turn.AtNs, take.Key, RangeSet.Of(take).Ranges, $"{c.Who} went back to frame {c.Frame}"));
    }
}
