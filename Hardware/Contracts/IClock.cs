namespace Flyscan.Hardware.Contracts;

/// <summary>The one source of time for drivers: monotonic now and one-shot wake-ups.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
public interface IClock
{
    long NowNs { get; }

    /// <summary>Calls <paramref name="wake"/> once, at or after the given time; disposing the result before that prevents it.</summary>
    IDisposable WakeAt(long timeNs, Action wake);
}
