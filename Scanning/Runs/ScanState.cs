using System.Collections.Immutable;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>A scan as its journal tells it.</summary>
public sealed record ScanState
{
    public static readonly ScanState New = new();

    public string? Uid { get; init; }

    public long Frames { get; init; }

    public string PlanHash { get; init; } = "";

    public string RequestJson { get; init; } = "";

    public string BeamlineName { get; init; } = "";

    public string RunFolder { get; init; } = "";

    public DetectorRates Rates { get; init; } = DetectorRates.AllBase;

    public long Epoch { get; init; }

    /// <summary>Recorders as last staged.</summary>
    public ImmutableSortedDictionary<string, StagedDevice> Staged { get; init; } = ImmutableSortedDictionary<string, StagedDevice>.Empty;

    /// <summary>What devices were set to before the scan, as far as it is or was about to be changed.</summary>
    public ImmutableSortedDictionary<string, EquatableArray<SavedSetting>> ToPutBack { get; init; } =
        ImmutableSortedDictionary<string, EquatableArray<SavedSetting>>.Empty;

    public EquatableArray<SegmentState> Segments { get; init; }

    public RangeSet Committed { get; init; } = RangeSet.Empty;

    public RangeSet Skipped { get; init; } = RangeSet.Empty;

    /// <summary>Frames told as recorded and neither committed nor rejected, in the order in which they were told.</summary>
    public EquatableArray<RecordedFrames> Recorded { get; init; }

    /// <summary>Those of them that were found good: nothing is missing for their commit but the scan's end.</summary>
    public RangeSet Kept { get; init; } = RangeSet.Empty;

    /// <summary>Takes not yet reconciled to their end, oldest first.</summary>
    public EquatableArray<TakeState> OpenTakes { get; init; }

    /// <summary>Where recorders stood when each take since the oldest open one was armed.</summary>
    public EquatableArray<ArmedTake> Arms { get; init; }

    public int LastTake { get; init; }

    /// <summary>The take that is downloaded and perhaps armed, not yet handed over.</summary>
    public TakeState? NextTake { get; init; }

    /// <summary>End of the furthest frame that was ever triggered.</summary>
    public long HighWater { get; init; }

    public ImmutableSortedDictionary<string, string> Holds { get; init; } = ImmutableSortedDictionary<string, string>.Empty;

    /// <summary>Times of bad beam that frames not yet reconciled may have been exposed in, oldest first.</summary>
    public EquatableArray<BeamLoss> BeamLosses { get; init; }

    /// <summary>Up to when each suspender's losses are told, by its signal's time stamps.</summary>
    public ImmutableSortedDictionary<string, long> BeamToldTo { get; init; } = ImmutableSortedDictionary<string, long>.Empty;

    /// <summary>Why frames were last rejected.</summary>
    public string? LastRejection { get; init; }

    /// <summary>Rejected ranges, one entry for each time.</summary>
    public EquatableArray<FrameRange> Rejections { get; init; }

    /// <summary>In how many takes each device stalled since frames were last committed.</summary>
    public ImmutableSortedDictionary<string, int> Stalls { get; init; } = ImmutableSortedDictionary<string, int>.Empty;

    public long? OuterIndex { get; init; }

    public EquatableArray<AxisPosition> OuterPositions { get; init; }

    public int Rewinds { get; init; }

    /// <summary>Set when the end was decided before the last frame: why, and as what.</summary>
    public (ScanStatus Status, string Reason)? Ending { get; init; }

    public bool IsUnstaged { get; init; }

    public ScanStatus? Status { get; init; }

    public string? EndReason { get; init; }

    /// <summary>The take that hardware has, if any.</summary>
    public TakeState? InFlight => OpenTakes.FirstOrDefault(t => t.Triggered is null);

    /// <summary>The segment a recorder fills now.</summary>
    public SegmentState SegmentOf(string recorder) => Segments.Last(s => s.Segment.Recorder == recorder);

    /// <summary>The first frames that nobody has and nobody is getting; null when there are none.</summary>
    public FrameRange? NextWanted()
    {
        var claimed = OpenTakes.SelectMany(t => RangeSet.Of(t.Claimed).Subtract(t.Rejected.Ranges).Ranges);
        var wanted = RangeSet.Of(new FrameRange(0, Frames)).Subtract(Committed.Ranges).Subtract(Skipped.Ranges).Subtract(Kept.Ranges)
            .Subtract(claimed);
        return wanted.IsEmpty ? null : wanted.Ranges[0];
    }

    /// <summary>The frames after these, of the same take, are not decided yet: one more take may have to get both.</summary>
    public bool MayGrow(FrameRange wanted) => OpenTakes.Any(t =>
        t.Triggered is not null && t.SettledTo == wanted.End && t.SettledTo < t.Claimed.End && wanted.First >= t.Frames.First);

    /// <summary>How often the most exposed of these frames was rejected.</summary>
    public int RejectionsOf(FrameRange frames)
    {
        var hits = Rejections.Where(r => !r.Intersect(frames).IsEmpty).ToList();
        return hits.Count == 0 ? 0 : hits.Max(r => hits.Count(o => o.Contains(Math.Max(r.First, frames.First))));
    }
}

/// <summary>A segment and what fills it. FirstTrigger: first trigger of the recorder's session that it holds.</summary>
public sealed record SegmentState(Segment Segment, string Session, long FirstTrigger, long? ClockZeroNs = null);

/// <summary>A take that is not yet reconciled. Triggered: null while hardware has it.</summary>
public sealed record TakeState(
    int Number, FrameRange Frames, EquatableArray<RecorderPosition> Positions, bool Started, long? Triggered, long SettledTo,
    RangeSet Rejected)
{
    /// <summary>Frames before this one are told as recorded, where they are.</summary>
    public long ToldTo { get; init; }

    public DetectorRates Rates { get; init; } = DetectorRates.AllBase;

    /// <summary>Frames it has or may yet get: whole groups of them.</summary>
    public FrameRange Claimed => Triggered is long n ? new FrameRange(Frames.First, Rates.Floor(Frames.First + n)) : Frames;

    /// <summary>Frames of a group that was cut short: some detectors have them, none of them can be kept.</summary>
    public FrameRange CutShort => Triggered is long n ? new FrameRange(Claimed.End, Frames.First + n) : new FrameRange(0, 0);
}

/// <summary>Where recorders stood when a take was armed.</summary>
public sealed record ArmedTake(int Take, EquatableArray<RecorderPosition> Positions);

/// <summary>Provisional frames of a take, and where they stand.</summary>
public sealed record RecordedFrames(int Take, FrameRange Frames, EquatableArray<Extent> Extents)
{
    /// <summary>A part of them.</summary>
    internal RecordedFrames Part(FrameRange part, DetectorRates rates) =>
        part == Frames ? this : this with { Frames = part, Extents = FrameLedger.Part(Extents, part, rates) };
}
