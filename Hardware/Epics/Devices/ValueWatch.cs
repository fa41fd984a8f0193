namespace Flyscan.Hardware.Epics;

/// <summary>Follows a channel's readings and lets one wait until they are as wanted.</summary>
internal sealed class ValueWatch : IDisposable
{
    private const int Capacity = 256;

    private readonly object _gate = new();
    private readonly IPvMonitor _monitor;
    private readonly Action<PvReading> _seen;
    private readonly List<(Func<PvReading, bool> IsWanted, TaskCompletionSource<bool> Done)> _waiting = [];
    private PvReading? _last;

    /// <param name="seen">Called for each reading, in order, before anybody who waits is told.</param>
    /// <param name="textual">An enumeration by its choice's text.</param>
    public ValueWatch(IPvChannel channel, Action<PvReading>? seen = null, bool textual = false)
    {
        _seen = seen ?? (_ => { });
        _monitor = channel.Monitor(
            new PvMonitorOptions { Capacity = Capacity, Form = textual ? PvAs.Text : PvAs.Native }, Take);
    }

    /// <summary>The newest reading; null before the first.</summary>
    public PvReading? Last
    {
        get
        {
            lock (_gate)
                return _last;
        }
    }

    public long Dropped => _monitor.Dropped;

    /// <summary>Completes with the first reading from now on that is wanted; the present one counts where asked for.</summary>
    public Task<bool> WaitAsync(Func<PvReading, bool> isWanted, bool presentCounts)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (presentCounts && _last is { } last && isWanted(last))
                done.TrySetResult(true);
            else
                _waiting.Add((isWanted, done));
        }
        return done.Task;
    }

    /// <summary>Nobody waits any more.</summary>
    public void Forget(Task<bool> waiting)
    {
        lock (_gate)
            _waiting.RemoveAll(w => w.Done.Task == waiting);
    }

    public void Dispose() => _monitor.Dispose();

    private void Take(IPvMonitor monitor)
    {
        lock (_gate)
        {
            while (monitor.TryTake(out var reading))
            {
                _last = reading!;
                _seen(reading!);
                _waiting.RemoveAll(w => w.IsWanted(reading!) && w.Done.TrySetResult(true));
            }
        }
    }
}
