using Flyscan.Scanning.Specs;

namespace Flyscan.Scanning.Paths;

/// <summary>Two axes on an Archimedean spiral: φ = √(4πi), radius in proportion to φ.</summary>
internal sealed class SpiralSource : FrameSource
{
    private readonly double _yCentre;
    private readonly double _xCentre;
    private readonly double _yScale;
    private readonly double _xScale;
    private readonly bool _gapAtStart;

    public SpiralSource(Spiral spiral, bool bounds)
        : base(Count(spiral), [spiral.YAxis, spiral.XAxis], bounds)
    {
        var diameter = 2 * Math.Sqrt(4 * Math.PI * Length);
        _yCentre = spiral.YCentre;
        _xCentre = spiral.XCentre;
        _yScale = spiral.YDiameter / diameter;
        _xScale = spiral.XDiameter / diameter;
        _gapAtStart = Jumps(this, Length - 1, this, 0);
    }

    public override void Positions(int axis, Edge edge, long start, Span<double> into)
    {
        var index = start + (!HasBounds || edge == Edge.Midpoint ? 0.5 : edge == Edge.Lower ? 0 : 1);
        for (var i = 0; i < into.Length; i++)
        {
            var phi = Math.Sqrt(4 * Math.PI * (index + i));
            into[i] = axis == 0 ? _yCentre + _yScale * phi * Math.Cos(phi) : _xCentre + _xScale * phi * Math.Sin(phi);
        }
    }

    public override void Gaps(long start, Span<bool> into)
    {
        into.Fill(!HasBounds);
        if (start == 0)
            into[0] = _gapAtStart;
    }

    // One frame for each square of the step in the area.
    private static long Count(Spiral spiral) =>
        (long)(Math.PI * spiral.XDiameter * spiral.YDiameter / 4 / (spiral.XStep * spiral.XStep)) + 1;

    /// <summary>In the first frame less than 3.6 radii per φ, from then on at most 2π √(1 + 1/4π).</summary>
    public override double WidestFrame(int axis) => HasBounds ? 6.6 * Math.Abs(axis == 0 ? _yScale : _xScale) : 0;

    /// <summary>The box that the spiral stays inside.</summary>
    public override (double Low, double High) RangeOf(int axis)
    {
        var (centre, scale) = axis == 0 ? (_yCentre, _yScale) : (_xCentre, _xScale);
        var radius = Math.Abs(scale) * Math.Sqrt(4 * Math.PI * Length);
        return (centre - radius, centre + radius);
    }
}
