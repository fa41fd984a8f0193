using Flyscan.Scanning.Specs;

namespace Flyscan.Scanning.Paths;

/// <summary>The frames of a spec in scan order, computed on demand from any index.</summary>
/// <remarks>
/// <b>Shapes</b> Dimensions nest slow to fast, and frame k is step k of the fastest. A snaked dimension runs backwards
/// on every odd pass of all passes so far, lower and upper changing places. Frame 0 always begins with a gap.
/// </remarks>
public sealed class ScanPath
{
    private readonly LayerStack _stack;

    private ScanPath(LayerStack stack)
    {
        _stack = stack;
        Dimensions = [.. stack.Layers.Select(l => new PathDimension(l.Length, l.Source.Axes, l.Snaked, l.Source.HasBounds, l.HasDuration))];
    }

    /// <summary>How many frames.</summary>
    public long Length => _stack.Length;

    /// <summary>The axes, slow to fast.</summary>
    public IReadOnlyList<string> Axes => _stack.Axes;

    /// <summary>The dimensions, slow to fast.</summary>
    public IReadOnlyList<PathDimension> Dimensions { get; }

    /// <summary>Whether the spec gives frames a duration.</summary>
    public bool HasDurations => _stack.HasDurations;

    /// <summary>Whether the axes stand still after some frame, as the spec says.</summary>
    public bool HasDelays => _stack.HasDelays;

    /// <summary>The path of a spec.</summary>
    /// <remarks><b>Errors</b> <see cref="SpecException"/> where the spec describes no path.</remarks>
    public static ScanPath Of(Spec spec)
    {
        ArgumentNullException.ThrowIfNull(spec);
        SpecChecks.Check(spec, "spec");
        return new ScanPath(new LayerStack(PathBuilder.Build(spec, new Place("spec", Bounds: false, Nested: false)), "spec"));
    }

    /// <summary>Fills the block with frames from start on: as many as it holds, fewer at the end of the path or of the limit.</summary>
    public void Read(long start, FrameBlock block, int limit = int.MaxValue)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start, Length);
        ArgumentOutOfRangeException.ThrowIfNegative(limit);
        if (block.Midpoint.Length != Axes.Count)
            throw new ArgumentException($"The block has {block.Midpoint.Length} axes, the path {Axes.Count}.", nameof(block));
        var count = (int)Math.Min(Math.Min(block.Capacity, limit), Length - start);
        block.Count = count;
        if (count == 0)
            return;
        for (var axis = 0; axis < Axes.Count; axis++)
            ReadAxis(axis, start, count, block);
        _stack.Durations(start, block.DurationSeconds.AsSpan(0, count));
        _stack.Gaps(start, block.Gap.AsSpan(0, count));
        block.Gap[0] |= start == 0;
        ReadDelays(start, count, block);
    }

    /// <summary>Where an axis is in the middle of a frame.</summary>
    public double MidpointOf(int axis, long frame) => At(axis, Edge.Midpoint, frame);

    /// <summary>Where an axis is when a frame begins.</summary>
    public double LowerOf(int axis, long frame) => At(axis, Edge.Lower, frame);

    /// <summary>Where an axis is when a frame ends.</summary>
    public double UpperOf(int axis, long frame) => At(axis, Edge.Upper, frame);

    /// <summary>Whether the axes must jump between the frame before and this one.</summary>
    public bool GapBefore(long frame)
    {
        Check(frame);
        var gap = false;
        _stack.Gaps(frame, new Span<bool>(ref gap));
        return gap || frame == 0 || DelayOf(frame - 1) > 0;
    }

    /// <summary>How many seconds the axes stand still after a frame.</summary>
    public double DelayOf(long frame)
    {
        Check(frame);
        var seconds = 0.0;
        if (HasDelays)
            _stack.Delays(frame, new Span<double>(ref seconds));
        return seconds;
    }

    /// <summary>At least the longest delay after any frame, in seconds.</summary>
    public double LongestDelay() => _stack.LongestDelay();

    /// <summary>The duration of a frame in seconds; NaN where the spec gives none.</summary>
    public double DurationOf(long frame)
    {
        Check(frame);
        var seconds = 0.0;
        _stack.Durations(frame, new Span<double>(ref seconds));
        return seconds;
    }

    /// <summary>The lowest and highest position that an axis takes in any frame, bounds included.</summary>
    /// <remarks>Found without expanding the path. Exact but for a spiral, where it is the box that the spiral stays inside.</remarks>
    public (double Low, double High) RangeOf(int axis)
    {
        CheckAxis(axis);
        return _stack.RangeOf(axis);
    }

    /// <summary>As <see cref="RangeOf"/>, with the way that the axis needs on both sides to reach its velocity, and to stop.</summary>
    /// <remarks>
    /// Found without expanding the path. Never too narrow: the widest frame is taken to be as short as the shortest.
    /// <b>Units</b> acceleration: position per second squared. <b>Errors</b> <see cref="InvalidOperationException"/> where an axis
    /// moves through frames and frames have no duration.
    /// </remarks>
    public (double Low, double High) RangeWithRunUp(int axis, double acceleration)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(acceleration);
        var (low, high) = RangeOf(axis);
        var widest = _stack.WidestFrame(axis);
        if (widest == 0)
            return (low, high);
        var shortest = _stack.ShortestDuration();
        if (!(shortest > 0))
            throw new InvalidOperationException("Frames have no duration, so that axes have no velocity to run up to.");
        var velocity = widest / shortest;
        var way = velocity * velocity / (2 * acceleration);
        return (low - way, high + way);
    }

    /// <summary>The place of a frame in each dimension, slow to fast, as if nothing were snaked: its index in the dataset.</summary>
    public long[] Unravel(long frame)
    {
        Check(frame);
        var places = new long[Dimensions.Count];
        var rest = frame;
        for (var d = places.Length - 1; d >= 0; d--)
        {
            var (passes, step) = Math.DivRem(rest, Dimensions[d].Length);
            places[d] = Turned(d, passes, step);
            rest = passes;
        }
        return places;
    }

    /// <summary>The place of a frame in the dataset, flattened in C order.</summary>
    public long IndexInShape(long frame)
    {
        Check(frame);
        long flat = 0, scale = 1, rest = frame;
        for (var d = Dimensions.Count - 1; d >= 0; d--)
        {
            var (passes, step) = Math.DivRem(rest, Dimensions[d].Length);
            flat += Turned(d, passes, step) * scale;
            scale *= Dimensions[d].Length;
            rest = passes;
        }
        return flat;
    }

    /// <summary>The frame at a flattened place in the dataset; the inverse of <see cref="IndexInShape"/>.</summary>
    public long FrameAtShapeIndex(long flat)
    {
        Check(flat);
        long frame = 0, rest = flat, inner = Length;
        for (var d = 0; d < Dimensions.Count; d++)
        {
            inner /= Dimensions[d].Length;
            (var place, rest) = Math.DivRem(rest, inner);
            frame = frame * Dimensions[d].Length + Turned(d, frame, place);
        }
        return frame;
    }

    private long Turned(int dimension, long passes, long step) =>
        Dimensions[dimension].Snaked && (passes & 1) == 1 ? Dimensions[dimension].Length - 1 - step : step;

    private void ReadDelays(long start, int count, FrameBlock block)
    {
        var delays = block.DelaySeconds.AsSpan();
        if (!HasDelays)
        {
            if (block.HoldsDelays)
                delays.Clear();
            block.HoldsDelays = false;
            return;
        }
        block.HoldsDelays = true;
        _stack.Delays(start, delays[..count]);
        block.Gap[0] |= start > 0 && DelayOf(start - 1) > 0;
        for (var i = 1; i < count; i++)
            block.Gap[i] |= delays[i - 1] > 0;
    }

    private void ReadAxis(int axis, long start, int count, FrameBlock block)
    {
        var midpoints = block.Midpoint[axis].AsSpan(0, count);
        var lower = block.Lower[axis].AsSpan(0, count);
        var upper = block.Upper[axis].AsSpan(0, count);
        _stack.Positions(axis, Edge.Midpoint, start, midpoints);
        if (_stack.IsStill(axis))
        {
            midpoints.CopyTo(lower);
            midpoints.CopyTo(upper);
            return;
        }
        _stack.Positions(axis, Edge.Lower, start, lower);
        _stack.Positions(axis, Edge.Upper, start, upper);
    }

    private double At(int axis, Edge edge, long frame)
    {
        CheckAxis(axis);
        Check(frame);
        var value = 0.0;
        _stack.Positions(axis, edge, frame, new Span<double>(ref value));
        return value;
    }

    private void CheckAxis(int axis)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(axis);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(axis, Axes.Count);
    }

    private void Check(long frame)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(frame);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(frame, Length);
    }
}
