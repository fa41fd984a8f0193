namespace Flyscan.Scanning.Paths;

/// <summary>Which position of a frame: where it begins, its middle, where it ends.</summary>
internal enum Edge
{
    Lower,
    Midpoint,
    Upper,
}

/// <summary>The frames of one dimension, computed on demand at any index, in forward order.</summary>
internal abstract class FrameSource(long length, IReadOnlyList<string> axes, bool hasBounds)
{
    private const double LastBit = 1.0 / (1L << 52);

    public long Length { get; } = length;

    public IReadOnlyList<string> Axes { get; } = axes;

    /// <summary>Whether lower and upper differ from the midpoint.</summary>
    public bool HasBounds { get; } = hasBounds;

    /// <summary>Whether <see cref="Durations"/> answers.</summary>
    public virtual bool HasDurations => false;

    /// <summary>Fills in the positions of one axis for the frames from start on.</summary>
    public abstract void Positions(int axis, Edge edge, long start, Span<double> into);

    /// <summary>Fills in the positions of one axis for the frames from start downwards.</summary>
    public virtual void PositionsDown(int axis, Edge edge, long start, Span<double> into)
    {
        Positions(axis, edge, start - into.Length + 1, into);
        into.Reverse();
    }

    /// <summary>Fills in whether there is a gap before each frame; frame 0 follows the last one.</summary>
    public abstract void Gaps(long start, Span<bool> into);

    /// <summary>Fills in seconds for each frame.</summary>
    public virtual void Durations(long start, Span<double> into) =>
        throw new InvalidOperationException("This dimension has no durations of its own.");

    /// <summary>Whether <see cref="Delays"/> answers.</summary>
    public virtual bool HasDelays => false;

    /// <summary>Fills in how many seconds the axes stand still after each frame.</summary>
    public virtual void Delays(long start, Span<double> into) =>
        throw new InvalidOperationException("This dimension has no delays of its own.");

    /// <summary>At least the longest way of an axis within one frame.</summary>
    public virtual double WidestFrame(int axis)
    {
        var widest = 0.0;
        Span<double> lower = stackalloc double[256];
        Span<double> upper = stackalloc double[256];
        for (long start = 0; start < Length && HasBounds; start += lower.Length)
        {
            var some = (int)Math.Min(lower.Length, Length - start);
            Positions(axis, Edge.Lower, start, lower[..some]);
            Positions(axis, Edge.Upper, start, upper[..some]);
            for (var i = 0; i < some; i++)
                widest = Math.Max(widest, Math.Abs(upper[i] - lower[i]));
        }
        return widest;
    }

    /// <summary>The lowest and highest position of an axis, bounds included.</summary>
    public abstract (double Low, double High) RangeOf(int axis);

    public double At(int axis, Edge edge, long index)
    {
        var value = 0.0;
        Positions(axis, edge, index, new Span<double>(ref value));
        return value;
    }

    public bool GapAt(long index)
    {
        var value = false;
        Gaps(index, new Span<bool>(ref value));
        return value;
    }

    /// <summary>Whether an axis must jump from the end of one frame to the begin of another.</summary>
    /// <remarks>
    /// Ends that differ by a millionth of the smaller frame, or by rounding, touch: two formulas for one place seldom agree
    /// in the last bit.
    /// </remarks>
    public static bool Jumps(FrameSource from, long end, FrameSource to, long begin)
    {
        for (var axis = 0; axis < from.Axes.Count; axis++)
        {
            var same = from.Axes[axis] == to.Axes[axis] ? axis : to.AxisIndex(from.Axes[axis]);
            var upper = from.At(axis, Edge.Upper, end);
            var lower = to.At(same, Edge.Lower, begin);
            var width = Math.Min(
                Math.Abs(upper - from.At(axis, Edge.Lower, end)), Math.Abs(to.At(same, Edge.Upper, begin) - lower));
            var rounding = 4 * LastBit * Math.Max(Math.Abs(upper), Math.Abs(lower));
            if (Math.Abs(upper - lower) > Math.Max(1e-6 * width, rounding))
                return true;
        }
        return false;
    }

    public int AxisIndex(string axis)
    {
        for (var i = 0; i < Axes.Count; i++)
        {
            if (Axes[i] == axis)
                return i;
        }
        throw new ArgumentException($"There is no axis '{axis}'.", nameof(axis));
    }
}
