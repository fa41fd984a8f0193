using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Paths;

/// <summary>Frames with a duration each.</summary>
internal sealed class ListedDurationSource(FrameSource inner, EquatableArray<double> seconds) : WrappedSource(inner)
{
    public override bool HasDurations => true;

    public override void Durations(long start, Span<double> into) => seconds.AsSpan().Slice((int)start, into.Length).CopyTo(into);
}

/// <summary>Frames whose duration follows from where an axis is in their middle.</summary>
internal sealed class PositionDurationSource(FrameSource inner, int axis, double[] positions, double[] seconds) : WrappedSource(inner)
{
    public override bool HasDurations => true;

    public override void Durations(long start, Span<double> into)
    {
        Inner.Positions(axis, Edge.Midpoint, start, into);
        foreach (ref var value in into)
            value = SecondsAt(value);
    }

    private double SecondsAt(double position)
    {
        var found = Array.BinarySearch(positions, position);
        if (found >= 0)
            return seconds[found];
        var next = ~found;
        if (next == 0)
            return seconds[0];
        if (next == positions.Length)
            return seconds[^1];
        var part = (position - positions[next - 1]) / (positions[next] - positions[next - 1]);
        return seconds[next - 1] + part * (seconds[next] - seconds[next - 1]);
    }
}

/// <summary>Flown frames whose duration follows from their way and one velocity.</summary>
/// <param name="axis">Null: the straight line over all axes.</param>
internal sealed class VelocityDurationSource(FrameSource inner, int? axis, double velocity) : WrappedSource(inner)
{
    public override bool HasDurations => true;

    public override void Durations(long start, Span<double> into)
    {
        Span<double> lower = stackalloc double[128];
        Span<double> upper = stackalloc double[128];
        while (into.Length > 0)
        {
            var part = into[..Math.Min(lower.Length, into.Length)];
            part.Clear();
            for (var a = axis ?? 0; a < (axis is { } only ? only + 1 : Axes.Count); a++)
            {
                Inner.Positions(a, Edge.Lower, start, lower[..part.Length]);
                Inner.Positions(a, Edge.Upper, start, upper[..part.Length]);
                for (var i = 0; i < part.Length; i++)
                    part[i] += (upper[i] - lower[i]) * (upper[i] - lower[i]);
            }
            foreach (ref var way in part)
                way = Math.Sqrt(way) / velocity;
            start += part.Length;
            into = into[part.Length..];
        }
    }
}

/// <summary>Frames with a time to stand still after each, or after all alike.</summary>
internal sealed class DelaySource(FrameSource inner, EquatableArray<double> seconds) : WrappedSource(inner)
{
    public override bool HasDelays { get; } = inner.HasDelays || seconds.Any(s => s > 0);

    public override void Delays(long start, Span<double> into)
    {
        if (Inner.HasDelays)
            Inner.Delays(start, into);
        else
            into.Clear();
        for (var i = 0; i < into.Length; i++)
            into[i] += seconds[seconds.Count == 1 ? 0 : (int)(start + i)];
    }
}
