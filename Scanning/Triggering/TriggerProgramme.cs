using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Triggering;

/// <summary>What the trigger box does in one take, in terms of no particular box: windows in order, each timed by hardware.</summary>
public sealed record TriggerProgramme(EquatableArray<TriggerWindow> Windows)
{
    /// <summary>Outputs besides the one that shows the frames: detectors at rates of their own.</summary>
    public EquatableArray<FurtherOutput> Outputs { get; init; }

    /// <summary>The detector that begins the frames, where it is not the box: a gate is open for it through each window, and the box
    /// follows its pulses. Trains say what is expected then.</summary>
    public string? FramesBy { get; init; }

    /// <summary>Frames in all windows.</summary>
    public long Frames => Windows.Sum(w => w.Frames);
}

/// <summary>One window: wait for the controller's live output to fall and rise again where <paramref name="WaitForLive"/>, then for the
/// compare position where given, then emit the pulses back to back.</summary>
/// <param name="FirstFrame">Scan index of its first frame.</param>
public sealed record TriggerWindow(long FirstFrame, bool WaitForLive, PositionCompare? Compare, EquatableArray<PulseTrain> Trains)
{
    /// <summary>Before anything else, outputs low this long: a delay after the frame before, where no motion keeps it.</summary>
    /// <remarks><b>Units</b> nanoseconds.</remarks>
    public long DwellNs { get; init; }

    /// <summary>Wait this long after the last of those, outputs low, before the first pulse.</summary>
    /// <remarks><b>Units</b> nanoseconds. Puts exposures into the middle of their frames.</remarks>
    public long DelayNs { get; init; }

    /// <summary>How long the last pulse's period lasts beyond the end of its frame.</summary>
    public long TailNs { get; init; }

    public long Frames => Trains.Sum(t => (long)t.Count);

    /// <summary>From the start of the first frame to the end of the last.</summary>
    public long FramesNs => DelayNs + DurationNs - TailNs;

    /// <summary>Periods of all pulses.</summary>
    public long DurationNs => Trains.Sum(t => t.Count * t.PeriodNs);
}

/// <summary>Begin when the axis has reached <paramref name="Position"/> travelling in the given direction.</summary>
/// <remarks><b>Units</b> Position in axis units; the driver converts with the encoder's scale and offset, rounding.</remarks>
public sealed record PositionCompare(string Axis, double Position, bool Ascending);

/// <summary>Count equal frames: high for ExposureNs, then low for the rest of PeriodNs.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
public sealed record PulseTrain(int Count, long ExposureNs, long PeriodNs)
{
    /// <summary>One frame that begins as the window's axis reaches this position, not as the frame before has ended.</summary>
    /// <remarks><b>Units</b> axis units; PeriodNs is then what the plan expects.</remarks>
    public double? At { get; init; }
}
