namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>A subscription in the hands of whoever follows it.</summary>
internal sealed class CaMonitor(CaChannel channel, PvMonitorOptions options, Action<IPvMonitor> ready)
    : CaSubscription(channel, options), IPvMonitor
{
    public IPvChannel Channel => channel;

    long IPvMonitor.Dropped => channel.Client.Locked(() => Dropped);

    public bool IsDisposed { get; set; }

    public bool TryTake(out PvReading? reading) => channel.Client.TryTake(this, out reading);

    /// <summary>Called without any lock.</summary>
    public void Tell()
    {
        if (!IsDisposed)
            ready(this);
    }

    public void Dispose() => channel.Client.End(this);
}
