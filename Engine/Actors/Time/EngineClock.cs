#pragma warning disable RS0030 // The one place of the engine that reads a clock; everything else asks the system's scheduler.
namespace Flyscan.Engine.Time;

/// <summary>What the engine knows of time: a monotonic reading, the date, and one alarm.</summary>
internal interface IEngineClock : IDisposable
{
    /// <summary>Time since some fixed moment; never goes back.</summary>
    TimeSpan Elapsed { get; }

    DateTimeOffset Now { get; }

    /// <summary>Calls <see cref="Alarm"/> once after <paramref name="delay"/>; replaces the one set before.</summary>
    void SetAlarm(TimeSpan delay);

    /// <summary>What to call when the alarm goes off.</summary>
    Action? Alarm { set; }
}

/// <summary>The machine's clock.</summary>
internal sealed class TimeProviderClock : IEngineClock
{
    private readonly TimeProvider _time;
    private readonly long _start;
    private readonly ITimer _timer;

    internal TimeProviderClock(TimeProvider time)
    {
        _time = time;
        _start = time.GetTimestamp();
        _timer = time.CreateTimer(_ => Alarm?.Invoke(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    public Action? Alarm { private get; set; }

    public TimeSpan Elapsed => _time.GetElapsedTime(_start);

    public DateTimeOffset Now => _time.GetUtcNow();

    /// <summary>The date for log events, which know no system.</summary>
    internal static DateTime UtcNow => TimeProvider.System.GetUtcNow().UtcDateTime;

    public void SetAlarm(TimeSpan delay)
    {
        // The timer counts whole milliseconds and rounds down: rounding up here keeps it from waking early.
        var milliseconds = Math.Min(Math.Ceiling(delay.TotalMilliseconds), int.MaxValue);
        _timer.Change(TimeSpan.FromMilliseconds(Math.Max(0, milliseconds)), Timeout.InfiniteTimeSpan);
    }

    public void Dispose() => _timer.Dispose();
}
