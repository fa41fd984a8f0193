namespace Flyscan.Scanning.Specs;

/// <summary>Evenly spaced frames whose first and last midpoints are Start and Stop.</summary>
/// <remarks>With one frame, Stop − Start is the width of that frame and Start its midpoint.</remarks>
public sealed record Linspace(string Axis, double Start, double Stop, long Num = 1) : Spec
{
    /// <summary>The line whose outermost bounds, instead of midpoints, are given.</summary>
    public static Linspace Bounded(string axis, double lower, double upper, long num = 1)
    {
        var half = (upper - lower) / num / 2;
        return new Linspace(axis, lower + half, num == 1 ? upper + half : upper - half, num);
    }
}
