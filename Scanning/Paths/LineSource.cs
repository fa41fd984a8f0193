using System.Numerics;

namespace Flyscan.Scanning.Paths;

/// <summary>One axis on an even line: position = index × step + first, indices i, i + ½ and i + 1.</summary>
/// <remarks>
/// A step of 0 holds the axis. Multiplied and added apart, never fused, so that results agree with scanspec to the last bit.
/// </remarks>
internal sealed class LineSource(string axis, long length, double first, double step, bool bounds)
    : FrameSource(length, [axis], bounds)
{
    private readonly bool _gapInside = !bounds && step != 0;
    private readonly bool _gapAtStart = bounds
        ? length * step + first != first
        : (length - 0.5) * step + first != 0.5 * step + first;

    public static LineSource FromMidpoints(string axis, double start, double step, long length, bool bounds) =>
        new(axis, length, start - step / 2, step, bounds);

    public override void Positions(int axis, Edge edge, long start, Span<double> into) => Ramp(start + Offset(edge), 1, into);

    public override void PositionsDown(int axis, Edge edge, long start, Span<double> into) => Ramp(start + Offset(edge), -1, into);

    public override void Gaps(long start, Span<bool> into)
    {
        into.Fill(_gapInside);
        if (start == 0)
            into[0] = _gapAtStart;
    }

    public override double WidestFrame(int axis) => HasBounds ? Math.Abs(step) : 0;

    public override (double Low, double High) RangeOf(int axis)
    {
        var begin = At(0, Edge.Lower, 0);
        var end = At(0, Edge.Upper, Length - 1);
        return (Math.Min(begin, end), Math.Max(begin, end));
    }

    private double Offset(Edge edge) => !HasBounds || edge == Edge.Midpoint ? 0.5 : edge == Edge.Lower ? 0 : 1;

    private void Ramp(double index, double direction, Span<double> into)
    {
        if (step == 0)
        {
            into.Fill(first);
            return;
        }
        var i = 0;
        if (into.Length >= 2 * Vector<double>.Count)
        {
            var indices = new Vector<double>(index) + Vector.CreateSequence(0.0, direction);
            var advance = new Vector<double>(direction * Vector<double>.Count);
            var steps = new Vector<double>(step);
            var firsts = new Vector<double>(first);
            for (; i <= into.Length - Vector<double>.Count; i += Vector<double>.Count)
            {
                (indices * steps + firsts).CopyTo(into[i..]);
                indices += advance;
            }
        }
        for (; i < into.Length; i++)
            into[i] = (index + direction * i) * step + first;
    }
}
