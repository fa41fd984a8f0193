namespace Flyscan.Actors.Devices;

/// <summary>The wall clock in the journal's unit.</summary>
public static class WallTime
{
    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    public static long NowNs(this TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    /// <summary>Time that no setting of a clock changes, for what is waited for; it begins anywhere.</summary>
    /// <remarks><b>Units</b> nanoseconds.</remarks>
    public static long ElapsedNs(this TimeProvider time) => time.GetElapsedTime(0).Ticks * 100;
}
