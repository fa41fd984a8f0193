namespace Flyscan.Scanning.Paths;

/// <summary>A dimension without axes: repeats, or the one frame of a lone duration.</summary>
internal sealed class RepeatSource(long length, bool gap) : FrameSource(length, [], false)
{
    public override void Positions(int axis, Edge edge, long start, Span<double> into) => throw NoAxes();

    public override void Gaps(long start, Span<bool> into) => into.Fill(gap);

    public override (double Low, double High) RangeOf(int axis) => throw NoAxes();

    public override double WidestFrame(int axis) => throw NoAxes();

    private static InvalidOperationException NoAxes() => new("A repeat has no axes.");
}
