namespace Flyscan.Engine.Simulation;

/// <summary>The virtual clock as a time provider; its timers end with the node's life.</summary>
internal sealed class SimulatedTime(Life life) : TimeProvider
{
    public override long TimestampFrequency => 1_000_000_000;

    public override TimeZoneInfo LocalTimeZone => TimeZoneInfo.Utc;

    public override long GetTimestamp() => life.Run.NowNs;

    public override DateTimeOffset GetUtcNow() => life.Run.UtcNow;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new Timer(life, () => callback(state));
        timer.Change(dueTime, period);
        return timer;
    }

    private sealed class Timer(Life life, Action callback) : ITimer
    {
        private CallbackEvent? _next;
        private TimeSpan _period;
        private bool _isDisposed;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            life.Run.RequireThread("a timer was set");
            if (_isDisposed)
                return false;
            _next?.Cancel();
            _period = period;
            _next = dueTime == Timeout.InfiniteTimeSpan ? null : Set(SimulationRun.After(life.Run.NowNs, dueTime));
            return true;
        }

        public void Dispose()
        {
            _isDisposed = true;
            _next?.Cancel();
        }

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }

        private CallbackEvent Set(long dueNs) => life.At(dueNs, "timer", () =>
        {
            _next = _period > TimeSpan.Zero ? Set(SimulationRun.After(dueNs, _period)) : null;
            callback();
        });
    }
}
