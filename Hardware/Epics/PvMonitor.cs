namespace Flyscan.Hardware.Epics;

/// <summary>A subscription: what it asks for and what came, at most so many readings, the newest.</summary>
internal abstract class PvMonitor(PvChannel channel, PvMonitorOptions options, Action<IPvMonitor> ready) : IPvMonitor
{
    private readonly Queue<PvReading> _waiting = new();
    private long _dropped;

    public PvChannel Channel => channel;

    public PvAs Form => options.Form;

    IPvChannel IPvMonitor.Channel => channel;

    long IPvMonitor.Dropped => channel.Client.Locked(() => _dropped);

    public bool IsDisposed { get; set; }

    protected PvMonitorOptions Options => options;

    /// <summary>The server has joined readings.</summary>
    public void Overrun() => _dropped++;

    /// <summary>Keeps a reading; true when there was none before.</summary>
    public bool Offer(PvReading reading)
    {
        var first = _waiting.Count == 0;
        if (_waiting.Count >= Math.Max(1, options.Capacity))
        {
            _waiting.Dequeue();
            _dropped++;
        }
        _waiting.Enqueue(reading);
        return first;
    }

    public bool TryDequeue(out PvReading? reading) => _waiting.TryDequeue(out reading);

    public bool TryTake(out PvReading? reading) => channel.Client.TryTake(this, out reading);

    /// <summary>Called without any lock.</summary>
    public void Tell()
    {
        if (!IsDisposed)
            ready(this);
    }

    public void Dispose() => channel.Client.End(this);
}
