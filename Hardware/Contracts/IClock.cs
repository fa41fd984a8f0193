namespace Flyscan.Hardware.Contracts;

/// <summary>The one source of time for drivers: monotonic now and one-shot wake-ups.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
public interface IClock
{
    long NowNs { get; }

    /// <summary>The moment by the calendar, nanoseconds since 1970; null for a clock that knows none.</summary>
    long? UnixNowNs => null;

    /// <summary>Calls <paramref name="wake"/> once, at or after the given time; disposing the result before that prevents it.</summary>
    IDisposable WakeAt(long timeNs, Action wake);
}
