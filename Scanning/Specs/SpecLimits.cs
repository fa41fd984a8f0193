namespace Flyscan.Scanning.Specs;

/// <summary>The largest specs that are accepted.</summary>
public static class SpecLimits
{
    /// <summary>Levels of specs inside specs.</summary>
    public const int Depth = 64;

    /// <summary>Size of a spec or request document, in bytes.</summary>
    public const int DocumentBytes = 4 << 20;

    /// <summary>Axes of one scan.</summary>
    public const int Axes = 64;

    /// <summary>Frames of one scan, and of each dimension: up to here a frame's index is exact as a floating-point number.</summary>
    public const long Frames = 1L << 51;

    /// <summary>Grid points that the mask of an ellipse or polygon is evaluated on.</summary>
    public const long MaskPoints = 1L << 27;

    /// <summary>Rows of one file of points.</summary>
    public const int PointRows = 1 << 22;

    /// <summary>Numbers that are kept of one file of points.</summary>
    public const int PointValues = 1 << 25;

    /// <summary>Longest duration of one frame, in seconds.</summary>
    public const double DurationSeconds = 1e6;
}
