namespace Flyscan.Actors.Devices;

/// <summary>The wall clock in the journal's unit.</summary>
public static class WallTime
{
    /// <summary>Nanoseconds since 1970-01-01 UTC.</summary>
    public static long NowNs(this TimeProvider time) => (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
}
