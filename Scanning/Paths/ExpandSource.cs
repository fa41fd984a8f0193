namespace Flyscan.Scanning.Paths;

/// <summary>A single frame repeated to a length.</summary>
internal sealed class ExpandSource(FrameSource frame, long length) : FrameSource(length, frame.Axes, frame.HasBounds)
{
    private readonly bool _gap = frame.GapAt(0);

    public override bool HasDurations => frame.HasDurations;

    public override void Positions(int axis, Edge edge, long start, Span<double> into) => into.Fill(frame.At(axis, edge, 0));

    public override void Gaps(long start, Span<bool> into) => into.Fill(_gap);

    public override void Durations(long start, Span<double> into)
    {
        frame.Durations(0, into[..1]);
        into.Fill(into[0]);
    }

    public override bool HasDelays => frame.HasDelays;

    public override void Delays(long start, Span<double> into)
    {
        frame.Delays(0, into[..1]);
        into.Fill(into[0]);
    }

    public override double WidestFrame(int axis) => frame.WidestFrame(axis);

    public override (double Low, double High) RangeOf(int axis) => frame.RangeOf(axis);
}
