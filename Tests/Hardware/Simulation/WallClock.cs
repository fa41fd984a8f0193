using Flyscan.Hardware.Contracts;

namespace Flyscan.Tests.Hardware.Simulation;

/// <summary>The drivers' clock on a time provider, as a host has it.</summary>
internal sealed class WallClock(TimeProvider time) : IClock
{
    public long NowNs => (long)(time.GetElapsedTime(0).Ticks * 100.0);

    public IDisposable WakeAt(long timeNs, Action wake)
    {
        var due = TimeSpan.FromTicks(Math.Max(0, (timeNs - NowNs) / 100));
        return time.CreateTimer(_ => wake(), null, due, Timeout.InfiniteTimeSpan);
    }
}
