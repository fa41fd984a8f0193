using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>A condition on a signal that must hold while frames are exposed.</summary>
/// <remarks>It holds from Floor to Ceiling, both included. After a loss it is restored at Resume or above (still not above Ceiling),
/// and the scan goes on once that has lasted SettleNs. <b>Units</b> Floor, Resume, Ceiling: the signal's; GuardNs: nanoseconds around a
/// loss that count as lost, at least the bound of the clocks' difference plus the signal's update period; LatencyNs: how late the signal's
/// record may be; PeriodNs: wall nanoseconds between periodic reads.</remarks>
/// <param name="Signal">The device that reads it.</param>
public sealed record Suspender(
    string Name, string Signal, double Floor, double Resume, double Ceiling, long SettleNs, long GuardNs, long LatencyNs, long PeriodNs)
{
    /// <summary>Its signal counts down the seconds to a loss that lasts so long, as a top-up; 0: it does not.</summary>
    /// <remarks><b>Units</b> nanoseconds.</remarks>
    public long ExpectedLossNs { get; init; }

    /// <summary>The hold that it sets.</summary>
    public string Hold => HoldPrefix + Name;

    internal const string HoldPrefix = "beam ";

    internal bool IsGood(double value) => value >= Floor && value <= Ceiling;

    internal bool IsRestored(double value) => value >= Resume && value <= Ceiling;
}

/// <summary>A stretch of a signal's own time; ToNs null while it lasts.</summary>
/// <remarks><b>Units</b> nanoseconds since 1970 by the signal's time stamps. Half open.</remarks>
public sealed record BeamSpan(long FromNs, long? ToNs);

/// <summary>What a suspender knows of [FromNs, ToNs): the losses in it, those that began before it and ended in it included.</summary>
/// <remarks>FromNs = ToNs: nothing is known, as when the signal is disconnected. IsUp: the condition holds and has settled, so that a
/// scan may go on.</remarks>
/// <param name="Reading">The signal as last read, or why it was not, for people.</param>
public sealed record BeamReport(long FromNs, long ToNs, EquatableArray<BeamSpan> Lost, bool IsGood, bool IsUp, string Reading)
{
    /// <summary>Where the signal counts down to a loss: when it comes.</summary>
    /// <remarks><b>Units</b> nanoseconds from the reading.</remarks>
    public long? LossInNs { get; init; }
}

/// <summary>A time in which frames are not committed, as the journal tells it.</summary>
public sealed record BeamLoss(string Suspender, long FromNs, long? ToNs);

/// <summary>What is known of the beam when exposures are judged.</summary>
/// <remarks>Frames exposed outside [FromNs, ToNs) are not judged good: before it nobody watched, after it nobody knows yet. Guards are
/// in it.</remarks>
public sealed record BeamQuery(long FromNs, long ToNs, EquatableArray<BeamSpan> Lost)
{
    /// <summary>Nothing that is asked: there is no signal to judge by.</summary>
    public bool IsOfNoSignal => FromNs == long.MinValue && ToNs == long.MaxValue && Lost.Count == 0;

    /// <summary>Judges the exposures of consecutive frames by their start times.</summary>
    /// <remarks><b>Shapes</b> startsNs: one per frame, ascending.</remarks>
    public BeamVerdict Judge(FrameRange frames, ReadOnlySpan<long> startsNs, long exposureNs) =>
        Judge(frames, startsNs, new ExposureTimes(exposureNs));

    /// <inheritdoc cref="Judge(FrameRange, ReadOnlySpan{long}, long)"/>
    public BeamVerdict Judge(FrameRange frames, ReadOnlySpan<long> startsNs, ExposureTimes exposures)
    {
        var lost = RangeSet.Empty;
        var lastNs = startsNs.Length == 0 ? 0 : startsNs[^1] + exposures.Of(frames.First + startsNs.Length - 1);
        for (var i = 0; i < startsNs.Length; i++)
        {
            var (from, to) = (startsNs[i], startsNs[i] + exposures.Of(frames.First + i));
            if (to > ToNs)
                return new BeamVerdict(frames.First + i, lost.Ranges, lastNs);
            if (from < FromNs || Overlaps(from, to))
                lost = lost.Add(new FrameRange(frames.First + i, frames.First + i + 1));
        }
        return new BeamVerdict(frames.End, lost.Ranges, lastNs);
    }

    private bool Overlaps(long from, long to)
    {
        foreach (var span in Lost)
        {
            if (from < (span.ToNs ?? long.MaxValue) && to > span.FromNs)
                return true;
        }
        return false;
    }
}

/// <summary>How long some detector is exposed from each frame's start on: for ExposureNs; where one takes a frame for a Group of the
/// scan's, over all of FrameNs but in the last frame of each group.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
public readonly record struct ExposureTimes(long ExposureNs, long Group = 1, long FrameNs = 0)
{
    public long Of(long frame) => (frame + 1) % Group == 0 ? ExposureNs : FrameNs;
}

/// <summary>Exposures judged: those of frames before ClearTo are decided; Lost are those in bad beam among them.</summary>
/// <remarks><b>Units</b> LastNs: end of the last exposure asked for, nanoseconds since 1970 by the box's clock.</remarks>
public sealed record BeamVerdict(long ClearTo, EquatableArray<FrameRange> Lost, long LastNs)
{
    /// <summary>For people, where frames are lost by what was captured with them.</summary>
    public string? Why { get; init; }
}
