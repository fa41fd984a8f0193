namespace Flyscan.Hardware.Epics;

public abstract partial class PvClient
{
    /// <summary>Nanoseconds since 1970.</summary>
    private long StampNs => (_around.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private void Tell(PvChannel channel) => _deliveries.Enqueue(new Delivery { Channel = channel, State = channel.State });

    /// <summary>Tells users what happened. One thread at a time, so that the order stays; what they ask for meanwhile goes out
    /// together.</summary>
    private void Deliver()
    {
        while (true)
        {
            Delivery delivery;
            lock (_gate)
            {
                var me = Environment.CurrentManagedThreadId;
                if (_delivering != 0 && _delivering != me)
                    return;
                if (!_deliveries.TryDequeue(out delivery))
                {
                    if (_delivering == 0)
                        return;
                    _delivering = 0;
                    foreach (var circuit in _circuits.Values)
                        Flush(circuit);
                    return;
                }
                _delivering = me;
            }
            delivery.Tell(this);
        }
    }

    private readonly record struct Delivery
    {
        public PvRequest? Request { get; init; }

        public PvMonitor? Monitor { get; init; }

        public PvChannel? Channel { get; init; }

        public PvState State { get; init; }

        public string? Text { get; init; }

        public void Tell(PvClient client)
        {
            if (Request is not null)
                Request.Complete(client.StampNs);
            else if (Monitor is not null)
                Monitor.Tell();
            else if (Channel is null)
                client.Warned?.Invoke(Text!);
            else if (Text is not null)
                Channel.TellRefused(Text);
            else
                Channel.TellChanged(State);
        }
    }
}
