namespace Flyscan.Scanning.Planning;

/// <summary>A frame's duration in whole ticks of the trigger box, so that motion and triggers never drift apart in a window.</summary>
internal static class FrameDuration
{
    /// <summary>Nanoseconds, rounded to the nearest tick, at least one.</summary>
    public static long ToNs(double seconds, long tickNs)
    {
        var ticks = Math.Round(seconds * 1e9 / tickNs, MidpointRounding.AwayFromZero);
        return ticks >= 1 ? (long)Math.Min(ticks * tickNs, long.MaxValue / 4) : tickNs;
    }

    /// <summary>A delay after a frame: at least as long, in whole ticks; 0 for none.</summary>
    public static long DwellNs(double seconds, long tickNs) =>
        // What a decimal number of seconds loses in binary is not worth a tick.
        seconds <= 0 ? 0 : (long)Math.Min(Math.Max(1, Math.Ceiling(seconds * 1e9 / tickNs - 1e-6)) * tickNs, long.MaxValue / 8.0);
}
