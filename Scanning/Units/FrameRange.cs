namespace Flyscan.Scanning.Units;

/// <summary>Frames First, First+1, … End-1 of a scan, in scan order.</summary>
public readonly record struct FrameRange(long First, long End)
{
    /// <summary>How many frames.</summary>
    public long Count => Math.Max(0, End - First);

    public bool IsEmpty => End <= First;

    public bool Contains(long frame) => frame >= First && frame < End;

    /// <summary>The frames in both; empty where they do not meet.</summary>
    public FrameRange Intersect(FrameRange other) => new(Math.Max(First, other.First), Math.Min(End, other.End));

    public override string ToString() => $"[{First}, {End})";
}
