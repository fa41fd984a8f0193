using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>Inner scans that have the same frames, each kind gone through once.</summary>
/// <remarks>
/// Inner frames do not depend on the outer point but in two ways: a snaked inner dimension turns round with every pass, so that even
/// and odd inner scans differ; and durations may come from a slower dimension.
/// </remarks>
internal sealed class InnerClasses
{
    private readonly ScanPath _path;
    private readonly InnerBoundary _boundary;
    private readonly bool _snaked;
    private readonly bool _ownDurations;
    private readonly long _tickNs;
    private readonly SortedDictionary<(long Parity, long DurationNs), InnerAnalysis> _known = [];

    public InnerClasses(PlanContext context, DurationSurvey durations)
    {
        var (path, boundary) = (context.Path, context.Boundary);
        (_path, _boundary, _tickNs) = (path, boundary, context.Limits.Box.TickNs);
        _snaked = path.Dimensions.TakeLast(boundary.Dimensions).Any(d => d.Snaked);
        _ownDurations = !durations.SameInEveryInnerScan;
        Lines = LineKinds.Of(context, durations);
        var count = path.Length / boundary.Length;
        for (long outer = 0; outer < (_ownDurations ? count : Math.Min(count, _snaked ? 2 : 1)); outer++)
        {
            var key = KeyOf(outer);
            if (_known.ContainsKey(key))
                continue;
            var first = outer * boundary.Length;
            _known.Add(key, InnerAnalysis.Of(new FrameRange(first, first + boundary.Length), context, Lines));
        }
    }

    /// <summary>Null where inner scans are not made of lines that are alike.</summary>
    public LineKinds? Lines { get; }

    /// <summary>Every kind, in a fixed order.</summary>
    public IEnumerable<InnerAnalysis> All => _known.Values;

    /// <summary>What the inner scan at an outer point is like.</summary>
    public InnerAnalysis At(long outer) => _known[KeyOf(outer)];

    private (long Parity, long DurationNs) KeyOf(long outer) =>
        (_snaked ? outer & 1 : 0, _ownDurations ? FrameDuration.ToNs(_path.DurationOf(outer * _boundary.Length), _tickNs) : 0);
}
