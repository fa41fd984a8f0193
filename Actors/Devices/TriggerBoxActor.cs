using System.Diagnostics;
using Akka.Actor;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Devices;

/// <summary>The box that times exposures and captures samples: a recorder that is also told what to trigger.</summary>
public sealed class TriggerBoxActor(
    ITriggerBox box, ISegmentSalvage salvage, ProgrammeShelf programmes, double timeScale, TimeProvider time)
    : RecorderActor(box, salvage, time)
{
    public static Props Props(
        ITriggerBox box, ISegmentSalvage salvage, ProgrammeShelf programmes, double timeScale, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new TriggerBoxActor(box, salvage, programmes, timeScale, time));

    protected override void Carry(DeviceOrder order)
    {
        switch (order.Effect)
        {
            case ScanEffect.OrderBox e:
                Run(c => OrderAsync(order.Uid, e, c), (at, o) => new ScanCommand.BoxAnswered(at, e.Take, e.Order, o));
                break;
            case ScanEffect.ReadEncoders e:
                Run(c => ReadEncodersAsync(e.Axes, c), (at, o) => new ScanCommand.EncodersRead(at, e.Take, o));
                break;
            case ScanEffect.MatchFrames e:
                Run(c => MatchAsync(order.Run, e, c), (at, o) => new ScanCommand.FramesMatched(at, e.Take, e.Recorder, e.Final, o));
                break;
            case ScanEffect.JudgeExposures e:
                Run(c => JudgeAsync(order.Run, e, c), (at, o) => new ScanCommand.ExposuresJudged(at, e.Take, e.Final, o));
                break;
            default:
                base.Carry(order);
                break;
        }
    }

    private async Task<Outcome<EquatableArray<SegmentRun>>> MatchAsync(
        RunParameters run, ScanEffect.MatchFrames e, CancellationToken cancel)
    {
        if (e.Counter is { } counter)
            return await CountAsync(run, e, counter, cancel);
        var triggers = new List<StampedTrigger>();
        foreach (var samples in e.Triggers)
        {
            var read = samples.Segment == e.LiveSegment
                ? await box.ExposureStartsAsync(samples.Position, samples.Count, cancel)
                : await Salvage.ExposureStartsAsync(run.RunFolder, SegmentOf(e, e.Box, samples), samples.Position, samples.Count, cancel);
            if (read is not Outcome<EquatableArray<long>>.Completed { Value: var starts })
                return read.As<EquatableArray<SegmentRun>>();
            triggers.AddRange(starts.Select((at, i) => new StampedTrigger(samples.FirstTrigger + i, at)));
        }
        var frames = new List<StampedFrame>();
        foreach (var rows in e.Rows)
        {
            var read = await Salvage.ExposureStartsAsync(
                run.RunFolder, SegmentOf(e, e.Recorder, rows), rows.Position, rows.Count, cancel);
            if (read is not Outcome<EquatableArray<long>>.Completed { Value: var starts })
                return read.As<EquatableArray<SegmentRun>>();
            frames.AddRange(starts.Select((at, i) => new StampedFrame(rows.Segment, rows.Position + i, at)));
        }
        return new Outcome<EquatableArray<SegmentRun>>.Completed(StampMatch.Of(triggers, frames, e.Rows[0].Session, e.ToleranceNs));
    }

    /// <summary>Which triggers frames are of, by how many exposures the box had counted with each trigger.</summary>
    private async Task<Outcome<EquatableArray<SegmentRun>>> CountAsync(
        RunParameters run, ScanEffect.MatchFrames e, string counter, CancellationToken cancel)
    {
        List<CountedTrigger> counts = e.CountBefore is long before ? [new CountedTrigger(-1, before)] : [];
        foreach (var samples in e.Triggers)
        {
            var read = samples.Segment == e.LiveSegment
                ? await box.CapturedAsync(counter, samples.Position, samples.Count, cancel)
                : await Salvage.CapturedAsync(
                    run.RunFolder, SegmentOf(e, e.Box, samples), counter, samples.Position, samples.Count, cancel);
            if (read is not Outcome<EquatableArray<double>>.Completed { Value: var values })
                return read.As<EquatableArray<SegmentRun>>();
            counts.AddRange(values.Select((count, i) => new CountedTrigger(samples.FirstTrigger + i, (long)count)));
        }
        var frames = e.Rows.SelectMany(r => Enumerable.Range(0, (int)r.Count).Select(i => (r.Segment, r.Position + i))).ToList();
        return new Outcome<EquatableArray<SegmentRun>>.Completed(
            ExposureCount.Of([.. counts.OrderBy(c => c.Number)], e.Count, frames, e.Rows[0].Session));
    }

    private static SegmentState SegmentOf(ScanEffect.MatchFrames e, string recorder, SegmentRun run) =>
        e.Segments.First(s => s.Segment.Recorder == recorder && s.Segment.Number == run.Segment);

    private async Task<Outcome<BeamVerdict>> JudgeAsync(RunParameters run, ScanEffect.JudgeExposures e, CancellationToken cancel)
    {
        var dim = await DimAsync(run, e, cancel);
        if (dim is not Outcome<(RangeSet Frames, string? Why)>.Completed { Value: var (lost, why) })
            return dim.As<BeamVerdict>();
        long last = 0;
        foreach (var extent in e.Query.IsOfNoSignal ? [] : e.Extents)
        {
            var segment = e.Segments.First(s => s.Segment.Number == extent.Segment);
            var read = extent.Segment == e.LiveSegment
                ? await box.ExposureStartsAsync(extent.Position, extent.Count, cancel)
                : await Salvage.ExposureStartsAsync(run.RunFolder, segment, extent.Position, extent.Count, cancel);
            if (read is not Outcome<EquatableArray<long>>.Completed { Value: var starts })
                return read.As<BeamVerdict>();
            var verdict = e.Query.Judge(new FrameRange(extent.Frame, extent.Frame + extent.Count), starts.AsSpan(), run.Exposures);
            lost = lost.Union(verdict.Lost);
            last = verdict.LastNs;
            if (verdict.ClearTo < extent.Frame + extent.Count)
                return new Outcome<BeamVerdict>.Completed(new BeamVerdict(verdict.ClearTo, lost.Ranges, last) { Why = why });
        }
        return new Outcome<BeamVerdict>.Completed(new BeamVerdict(long.MaxValue, lost.Ranges, last) { Why = why });
    }

    /// <summary>Frames whose own captured values are outside what suspenders allow.</summary>
    private async Task<Outcome<(RangeSet Frames, string? Why)>> DimAsync(
        RunParameters run, ScanEffect.JudgeExposures e, CancellationToken cancel)
    {
        var (dim, why) = (RangeSet.Empty, (string?)null);
        foreach (var limit in e.Limits)
        {
            foreach (var extent in e.Extents)
            {
                var segment = e.Segments.First(s => s.Segment.Number == extent.Segment);
                var read = extent.Segment == e.LiveSegment
                    ? await box.CapturedAsync(limit.Column, extent.Position, extent.Count, cancel)
                    : await Salvage.CapturedAsync(run.RunFolder, segment, limit.Column, extent.Position, extent.Count, cancel);
                if (read is not Outcome<EquatableArray<double>>.Completed { Value: var values })
                    return read.As<(RangeSet, string?)>();
                var frames = new FrameRange(extent.Frame, extent.Frame + extent.Count);
                if (limit.Outside(frames, values.AsSpan()) is { IsEmpty: false } outside)
                    (dim, why) = (dim.Union(outside.Ranges), why ?? limit.Describe(frames, values.AsSpan()));
            }
        }
        return new Outcome<(RangeSet Frames, string? Why)>.Completed((dim, why));
    }

    private Task<Outcome<BoxStatus>> OrderAsync(string uid, ScanEffect.OrderBox e, CancellationToken cancel)
    {
        var mark = Marks.Of(uid, e.Take);
        return e.Order switch
        {
            BoxOrder.Load => box.LoadAsync(mark, programmes.Compile(uid, e.Frames).Triggers, cancel),
            BoxOrder.Enable => box.EnableAsync(mark, cancel),
            BoxOrder.Await => box.WaitDoneAsync(mark, (long)(e.ExpectedNs * timeScale), cancel),
            BoxOrder.Halt => box.HaltAsync(cancel),
            BoxOrder.Query => box.GetBoxStatusAsync(cancel),
            _ => throw new UnreachableException(),
        };
    }

    private async Task<Outcome<EquatableArray<AxisPosition>>> ReadEncodersAsync(EquatableArray<string> axes, CancellationToken cancel)
    {
        var asked = axes.Select(axis => (Axis: axis, Reading: box.ReadEncoderAsync(axis, cancel))).ToList();
        var positions = new List<AxisPosition>(asked.Count);
        foreach (var (axis, reading) in asked)
        {
            var outcome = await reading;
            if (outcome is not Outcome<double>.Completed { Value: var position })
                return outcome.As<EquatableArray<AxisPosition>>();
            positions.Add(new AxisPosition(axis, position));
        }
        return new Outcome<EquatableArray<AxisPosition>>.Completed(positions.ToEquatableArray());
    }
}
