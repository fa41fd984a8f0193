using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>The passes of the fastest dimension, where all of them are alike but for the places of slower axes.</summary>
/// <remarks>
/// A line's frames follow from the fastest dimension alone, forwards or (snaked) backwards; slower axes stand still on it. So one line
/// of each kind is gone through frame by frame, and of all others only the way from one to the next. That needs a gap between lines,
/// the same durations on each, and no slower dimension that flies.
/// </remarks>
internal sealed class LineKinds
{
    private readonly PlanContext _context;
    private readonly bool _snaked;
    private readonly LinePiece?[] _kinds = new LinePiece?[2];

    private LineKinds(PlanContext context)
    {
        _context = context;
        Length = context.Path.Dimensions[^1].Length;
        _snaked = context.Path.Dimensions[^1].Snaked;
    }

    /// <summary>Frames of a line.</summary>
    public long Length { get; }

    /// <summary>Null where lines are not alike.</summary>
    public static LineKinds? Of(PlanContext context, DurationSurvey durations)
    {
        var (path, boundary) = (context.Path, context.Boundary);
        var slower = path.Dimensions.Take(path.Dimensions.Count - 1);
        var shutterCuts = context.Limits.Shutter is ShutterMode.PerWindow or ShutterMode.PerFrame;
        var line = path.Dimensions[^1];
        if (boundary.Motion is null || boundary.Dimensions < 2 || !durations.SameInEveryLine || shutterCuts
            || context.Limits.Box.EqualFramesOnly || boundary.Motion.Controller.ConstantVelocityOnly
            || slower.Any(d => d.HasBounds) || line.Length >= boundary.Length || !path.GapBefore(line.Length))
            return null;
        return new LineKinds(context);
    }

    /// <summary>What a whole line is like; the first of its kind is checked against the limits.</summary>
    public LinePiece At(long line) =>
        _kinds[_snaked ? line & 1 : 0] ??= LinePiece.Of(new FrameRange(line * Length, (line + 1) * Length), _context, _context.Check);

    /// <summary>Kinds met so far.</summary>
    public IEnumerable<LinePiece> Met => _kinds.OfType<LinePiece>();
}
