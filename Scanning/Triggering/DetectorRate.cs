using System.Globalization;

namespace Flyscan.Scanning.Triggering;

/// <summary>How often a detector takes a frame: <paramref name="Multiple"/> times in every <paramref name="Divide"/> frames of the scan.
/// One of both is 1.</summary>
public readonly record struct DetectorRate(int Multiple, int Divide)
{
    /// <summary>Most of either.</summary>
    public const int Most = 1000;

    /// <summary>Once a frame.</summary>
    public bool IsBase => Multiple == Divide;

    /// <summary>Once a frame, as a detector does that nothing is said of.</summary>
    public static DetectorRate Base { get; } = new(1, 1);

    /// <summary>Frames that it takes while the scan takes some whole groups of <see cref="Divide"/>.</summary>
    public long Of(long frames) => frames / Divide * Multiple;

    /// <summary>Frames that it has begun when the scan has begun so many, groups that are cut short included.</summary>
    public long Begun(long frames) => (frames + Divide - 1) / Divide * Multiple;

    /// <summary>First frame of the scan that begins with this one of its own, or after it; both counted from one take's start.</summary>
    public long FrameFrom(long own) => (own + Multiple - 1) / Multiple * Divide;

    /// <summary>Whole frames of the scan in so many of its own, counted from one take's start.</summary>
    public long FramesIn(long own) => own / Multiple * Divide;

    /// <summary>Reads <c>3</c> or <c>1/4</c>.</summary>
    public static bool TryParse(string text, out DetectorRate rate)
    {
        rate = default;
        var parts = text.Split('/');
        if (parts.Length > 2 || !Whole(parts[0], out var multiple) || !Whole(parts.Length == 2 ? parts[1] : "1", out var divide)
            || (multiple != 1 && divide != 1))
            return false;
        rate = new DetectorRate(multiple, divide);
        return true;
    }

    public override string ToString() => Divide == 1
        ? Multiple.ToString(CultureInfo.InvariantCulture)
        : string.Create(CultureInfo.InvariantCulture, $"{Multiple}/{Divide}");

    private static bool Whole(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value) && value is >= 1 and <= Most;
}

/// <summary>A detector of a request and its rate.</summary>
public sealed record RatedDetector(string Detector, DetectorRate Rate);

/// <summary>A further output of the box for one detector: on every <c>Rate.Divide</c>-th frame of each window, from its first on,
/// <c>Rate.Multiple</c> pulses, the first as that frame's own begins.</summary>
/// <remarks><b>Units</b> nanoseconds; PeriodNs from one pulse's start to the next's.</remarks>
public sealed record FurtherOutput(string Detector, DetectorRate Rate, long ExposureNs, long PeriodNs);
