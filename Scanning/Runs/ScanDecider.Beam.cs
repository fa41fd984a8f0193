using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

public static partial class ScanDecider
{
    private static void WatchSurroundings(Turn turn)
    {
        if (turn.Setup.WatchesDisk)
            turn.Do(new ScanEffect.WatchDisk());
        foreach (var suspender in turn.Setup.Suspenders)
            turn.Do(new ScanEffect.WatchBeam(suspender.Name));
    }

    /// <summary>Signals that have not reported yet are as good as down.</summary>
    private static bool IsBeamKnown(Turn turn) => turn.Setup.Suspenders.All(s => turn.Work.Beam.ContainsKey(s.Name));

    private static void BeamReported(Turn turn, ScanCommand.BeamReported c)
    {
        if (turn.State.Uid is null || turn.State.Status is not null
            || turn.Setup.Suspenders.FirstOrDefault(s => s.Name == c.Suspender) is not Suspender suspender)
            return;
        var before = turn.Work.Beam.GetValueOrDefault(c.Suspender);
        var isGap = before is not null && c.Report.FromNs > before.ToNs;
        if (isGap)
            Lost(turn, suspender, new BeamSpan(before!.ToNs, c.Report.FromNs), "not watched");
        foreach (var span in c.Report.Lost)
            Lost(turn, suspender, span, c.Report.Reading);
        if (c.Report.IsGood && OpenLoss(turn, suspender) is not null)
            turn.Emit(new ScanEvent.BeamRestored(turn.AtNs, suspender.Name, c.Report.FromNs));
        var watch = before is null
            ? new BeamWatch(c.Report.FromNs, c.Report.ToNs, c.Report.IsUp, c.Report.Reading)
            : before with { ToNs = Math.Max(before.ToNs, c.Report.ToNs), IsUp = c.Report.IsUp, Reading = c.Report.Reading };
        watch = watch with { NextLossNs = turn.AtNs + (long?)(c.Report.LossInNs * turn.Setup.WallPerPlan) };
        turn.Work = turn.Work with { Beam = turn.Work.Beam.SetItem(c.Suspender, watch) };
        var awaitsLoss = AwaitsLoss(turn, suspender, watch);
        if (!watch.IsUp)
            HoldWhile(turn, suspender.Hold, c.Report.Reading, $"{suspender.Name} lost");
        else if (!awaitsLoss)
            Release(turn, suspender.Hold);
        if (turn.Work.Lost.Count > 0 || turn.Step is ScanStep.Adopting or ScanStep.MakingSafe or ScanStep.Ended
            || (turn.Step is ScanStep.Held && turn.Work.MadeSafe))
            return;
        foreach (var take in turn.State.OpenTakes.Where(t => t.Triggered is not null && !turn.Work.Collects.ContainsKey(t.Number)))
            CollectFinal(turn, take);
    }

    private static BeamLoss? OpenLoss(Turn turn, Suspender suspender) =>
        turn.State.BeamLosses.FirstOrDefault(l => l.Suspender == suspender.Name && l.ToNs is null);

    private static void Lost(Turn turn, Suspender suspender, BeamSpan span, string reading)
    {
        // What is over before anything was exposed concerns no frame.
        if (span.ToNs is not null && turn.State.OpenTakes.Count == 0 && OpenLoss(turn, suspender) is null)
            return;
        // A signal with a record tells a successor again what its predecessor journaled.
        if (span.ToNs is long end && end <= turn.State.BeamToldTo.GetValueOrDefault(suspender.Name) && OpenLoss(turn, suspender) is null)
            return;
        if (OpenLoss(turn, suspender) is null)
            turn.Emit(new ScanEvent.BeamLost(turn.AtNs, suspender.Name, span.FromNs, reading));
        if (span.ToNs is long restored)
            turn.Emit(new ScanEvent.BeamRestored(turn.AtNs, suspender.Name, restored));
    }

    /// <summary>What is known of the beam, narrowed by every suspender's guard.</summary>
    private static BeamQuery QueryOf(Turn turn)
    {
        var (from, to) = (long.MinValue, long.MaxValue);
        var lost = new List<BeamSpan>();
        foreach (var suspender in turn.Setup.Suspenders)
        {
            if (!turn.Work.Beam.TryGetValue(suspender.Name, out var watch))
                return new BeamQuery(0, 0, []);
            (from, to) = (Math.Max(from, watch.FromNs), Math.Min(to, watch.ToNs - suspender.GuardNs));
            lost.AddRange(turn.State.BeamLosses
                .Where(l => l.Suspender == suspender.Name)
                .Select(l => new BeamSpan(l.FromNs - suspender.GuardNs, l.ToNs + suspender.GuardNs)));
        }
        return new BeamQuery(from, to, lost.ToEquatableArray());
    }

    /// <summary>Asks for the beam at the frames that every recorder has; true when there is something to ask.</summary>
    private static bool JudgeExposures(Turn turn, Collect collect, TakeState take, long end)
    {
        if (turn.Setup.Suspenders.Count == 0 && turn.Setup.CapturedLimits.Count == 0)
            return false;
        string Session(RecorderPosition p) => SessionOf(turn.State, p);
        var verdict = FrameLedger.Reconcile(take, end, collect.Holdings, Session, turn.Setup.MayLack);
        var extents = verdict.Good.Ranges
            .SelectMany(r => FrameLedger.ExtentsOf(take, r, collect.Holdings, Session))
            .Where(e => e.Recorder == turn.Setup.Box)
            .OrderBy(e => e.Frame)
            .ToEquatableArray();
        if (extents.Count == 0)
            return false;
        var segments = turn.State.Segments
            .Where(s => s.Segment.Recorder == turn.Setup.Box && extents.Any(e => e.Segment == s.Segment.Number))
            .ToEquatableArray();
        turn.Work = turn.Work with { Collects = turn.Work.Collects.SetItem(collect.Take, collect with { End = end }) };
        var live = turn.State.SegmentOf(turn.Setup.Box);
        var filled = IsLive(turn, turn.Setup.Box, live.Session) ? live.Segment.Number : 0;
        turn.Do(new ScanEffect.JudgeExposures(take.Number, collect.Final, turn.Setup.Box, extents, segments, filled, QueryOf(turn))
        {
            Limits = turn.Setup.CapturedLimits,
        });
        return true;
    }

    private static void ExposuresJudged(Turn turn, ScanCommand.ExposuresJudged c)
    {
        if (!turn.Work.Collects.TryGetValue(c.Take, out var collect) || collect.Final != c.Final || collect.End is not long end)
            return;
        if (c.Outcome is not Outcome<BeamVerdict>.Completed { Value: var verdict })
        {
            turn.Work = turn.Work with { Collects = turn.Work.Collects.Remove(c.Take) };
            Trouble(turn, turn.Setup.Box, c.Outcome.Problem!);
            return;
        }
        if (turn.State.Ending is not null && verdict.ClearTo < end)
        {
            // A scan that ends does not wait for word of the beam.
            Settle(turn, collect, end, RangeSet.Of(verdict.Lost).Add(new FrameRange(verdict.ClearTo, end)), verdict.Why);
            return;
        }
        Settle(turn, collect, Math.Min(end, verdict.ClearTo), RangeSet.Of(verdict.Lost), verdict.Why);
        if (verdict.ClearTo >= end || turn.State.OpenTakes.All(t => t.Number != c.Take || t.Triggered is null))
            return;
        foreach (var suspender in turn.Setup.Suspenders)
            turn.Do(new ScanEffect.ReadBeam(suspender.Name, verdict.LastNs + suspender.GuardNs));
    }
}
