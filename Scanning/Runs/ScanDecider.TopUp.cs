using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <content>Losses of beam that are counted down to: flown up to, split at, or waited for.</content>
public static partial class ScanDecider
{
    /// <summary>The frames to take now; null where it costs less to wait for a loss that comes: the scan stands then.</summary>
    private static FrameRange? BeforeLoss(Turn turn, FrameRange take)
    {
        var scale = turn.Setup.WallPerPlan;
        var coming = turn.Setup.Suspenders
            .Where(s => turn.Work.Beam.GetValueOrDefault(s.Name)?.NextLossNs is not null)
            .OrderBy(s => turn.Work.Beam[s.Name].NextLossNs)
            .FirstOrDefault();
        if (coming is null || scale <= 0)
            return take;
        var atNs = turn.Work.Beam[coming.Name].NextLossNs!.Value;
        var course = FlightCourse.Of(turn.Setup.Plan.Compile(take));
        var untilNs = (long)((atNs - turn.AtNs) / scale);
        var choice = LossPlanning.Choose(course, untilNs, turn.Setup.TakeOverheadNs, coming.GuardNs, turn.Setup.HasGate);
        if (choice.Behaviour == LossBehaviour.Split)
            return turn.Setup.Plan.NextTake(new FrameRange(take.First, take.First + choice.Frames));
        if (choice.Behaviour == LossBehaviour.FlyOn)
            return take;
        turn.Work = turn.Work with { WaitsFor = (coming.Name, atNs + (long)(coming.ExpectedLossNs * scale)) };
        turn.Emit(new ScanEvent.HoldSet(turn.AtNs, coming.Hold, FormattableString.Invariant(
            $"{coming.Name} counts down to a loss in {untilNs / 1e9:0.##} s; waiting for it costs least")));
        Stand(turn);
        return null;
    }

    /// <summary>Whether the scan waits for a loss that has not come yet; one that does not come in time is waited for no longer.</summary>
    private static bool AwaitsLoss(Turn turn, Suspender suspender, BeamWatch watch)
    {
        if (turn.Work.WaitsFor is not (var name, var untilNs) || name != suspender.Name)
            return false;
        if (watch.IsUp && turn.AtNs < untilNs)
            return true;
        turn.Work = turn.Work with { WaitsFor = null };
        return false;
    }
}
