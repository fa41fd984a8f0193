namespace Flyscan.Scanning.Paths;

/// <summary>Room for some frames of a path, owned and reused by the caller.</summary>
/// <remarks>
/// <b>Shapes</b> Lower, Midpoint, Upper: [axes][capacity]; Gap, DurationSeconds, DelaySeconds: [capacity]. Only the first Count frames
/// mean something.
/// </remarks>
public sealed class FrameBlock
{
    public FrameBlock(int axes, int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(axes);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(capacity);
        Capacity = capacity;
        Lower = Arrays(axes, capacity);
        Midpoint = Arrays(axes, capacity);
        Upper = Arrays(axes, capacity);
        Gap = new bool[capacity];
        DurationSeconds = new double[capacity];
        DelaySeconds = new double[capacity];
    }

    /// <summary>Most frames that one read fills.</summary>
    public int Capacity { get; }

    /// <summary>How many frames the last read filled.</summary>
    public int Count { get; internal set; }

    /// <summary>Where each axis is when a frame begins; the midpoint for an axis that stands still during frames.</summary>
    public double[][] Lower { get; }

    /// <summary>Where each axis is in the middle of a frame.</summary>
    public double[][] Midpoint { get; }

    /// <summary>Where each axis is when a frame ends; the midpoint for an axis that stands still during frames.</summary>
    public double[][] Upper { get; }

    /// <summary>Whether the axes must jump between the frame before and this one.</summary>
    public bool[] Gap { get; }

    /// <summary>Duration of each frame; NaN where the spec gives none.</summary>
    public double[] DurationSeconds { get; }

    /// <summary>How long the axes stand still after each frame; 0 where the spec says nothing.</summary>
    public double[] DelaySeconds { get; }

    // Paths without delays leave the array alone as long as it holds none.
    internal bool HoldsDelays { get; set; }

    private static double[][] Arrays(int axes, int capacity) => [.. Enumerable.Range(0, axes).Select(_ => new double[capacity])];
}
