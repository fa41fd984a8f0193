using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Triggering;

/// <summary>The rates of a scan's detectors; one that is not named takes a frame for each of the scan.</summary>
public sealed record DetectorRates
{
    /// <summary>All at the scan's own rate.</summary>
    public static readonly DetectorRates AllBase = new([]);

    public DetectorRates(EquatableArray<RatedDetector> rated)
    {
        Rated = rated.Where(r => !r.Rate.IsBase).ToEquatableArray();
        Group = Rated.Aggregate(1L, (group, r) => Math.Min(long.MaxValue / DetectorRate.Most, Common(group, r.Rate.Divide)));
    }

    /// <summary>Detectors at another rate than the scan's.</summary>
    public EquatableArray<RatedDetector> Rated { get; }

    /// <summary>Frames of the scan after which all detectors are in step again: takes, rewinds and commits begin and end there.</summary>
    public long Group { get; }

    public DetectorRate Of(string detector) => Rated.FirstOrDefault(r => r.Detector == detector)?.Rate ?? DetectorRate.Base;

    /// <summary>The last boundary of groups at or before this frame.</summary>
    public long Floor(long frame) => frame / Group * Group;

    /// <summary>Whole groups that lie in the set.</summary>
    public RangeSet Inwards(RangeSet frames) => Group == 1
        ? frames
        : RangeSet.Of(frames.Ranges.Select(r => new FrameRange(Floor(r.First + Group - 1), Floor(r.End))));

    /// <summary>All groups that the set touches.</summary>
    public RangeSet Outwards(RangeSet frames) => Group == 1
        ? frames
        : RangeSet.Of(frames.Ranges.Select(r => new FrameRange(Floor(r.First), Floor(r.End + Group - 1))));

    private static long Common(long a, long b)
    {
        var (x, y) = (a, b);
        while (y != 0)
            (x, y) = (y, x % y);
        return a / x * b;
    }
}
