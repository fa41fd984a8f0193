using Flyscan.Hardware.Contracts;

namespace Flyscan.Host.Time;

/// <summary>The process's clock and ids: the one place of Host where time and chance come in.</summary>
public sealed class SystemClock : IClock
{
    private readonly TimeProvider _time = TimeProvider.System;

    public long NowNs => (long)(_time.GetTimestamp() * (1e9 / _time.TimestampFrequency));

    public long? UnixNowNs => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    public IDisposable WakeAt(long timeNs, Action wake)
    {
        var wait = Math.Max(0, timeNs - NowNs);
        return new OneShot(_time, TimeSpan.FromTicks((wait + 99) / 100), wake);
    }

    /// <summary>A new run's uid.</summary>
    public static string NewUid()
    {
#pragma warning disable RS0030 // ids are made here and nowhere else
        return Guid.NewGuid().ToString();
#pragma warning restore RS0030
    }

    private sealed class OneShot : IDisposable
    {
        private readonly ITimer _timer;
        private Action? _wake;

        public OneShot(TimeProvider time, TimeSpan due, Action wake)
        {
            _wake = wake;
            _timer = time.CreateTimer(_ => Interlocked.Exchange(ref _wake, null)?.Invoke(), null,
                Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(due, Timeout.InfiniteTimeSpan);
        }

        public void Dispose()
        {
            Interlocked.Exchange(ref _wake, null);
            _timer.Dispose();
        }
    }
}
