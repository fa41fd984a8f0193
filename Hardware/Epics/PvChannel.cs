using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>One channel of a client. Guarded by the client's lock.</summary>
/// <param name="client">Whose it is; a circuit does not ask for it.</param>
/// <param name="cid">The client's number of it.</param>
/// <param name="name">Of the process variable.</param>
internal abstract class PvChannel(PvClient client, uint cid, string name) : IPvChannel
{
    public PvClient Client => client;

    public uint Cid => cid;

    public string Name => name;

    public PvState State { get; set; } = PvState.Searching;

    /// <summary>The server's number of it.</summary>
    public uint Sid { get; set; }

    public PvChannelInfo? Info { get; set; }

    /// <summary>The circuit it is on; null while searched for.</summary>
    public PvClient.Circuit? Circuit { get; set; }

    public List<Waiter> Waiters { get; } = [];

    public List<PvMonitor> Monitors { get; } = [];

    public event Action<PvState>? Changed;

    public event Action<string>? WriteRefused;

    /// <summary>What is known of it now that it is connected.</summary>
    public abstract PvChannelInfo InfoOf(string server);

    /// <summary>Forgets what a circuit said of it.</summary>
    public abstract void Reset();

    public Task<Outcome<PvChannelInfo>> ConnectAsync(long withinNs, CancellationToken cancel) => client.WaitAsync(this, withinNs, cancel);

    public abstract Task<Outcome<PvReading>> GetAsync(long withinNs, CancellationToken cancel, PvAs form = PvAs.Native);

    public abstract Task<Outcome<PvMetadata>> GetMetadataAsync(long withinNs, CancellationToken cancel);

    public abstract Outcome<Nothing> Put(PvValue value);

    public abstract Task<Outcome<Nothing>> PutAndWaitAsync(PvValue value, long withinNs, CancellationToken cancel);

    public abstract IPvMonitor Monitor(PvMonitorOptions options, Action<IPvMonitor> ready);

    public void TellChanged(PvState state) => Changed?.Invoke(state);

    public void TellRefused(string reason) => WriteRefused?.Invoke(reason);

    public void Dispose() => client.Close(this);

    /// <summary>Somebody who waits for the connection.</summary>
    internal sealed class Waiter(PvChannel channel, long withinNs, long deadlineNs)
    {
        public PvChannel Channel => channel;

        public long DeadlineNs => deadlineNs;

        public TaskCompletionSource<Outcome<PvChannelInfo>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void TimeOut() => Done.TrySetResult(new Outcome<PvChannelInfo>.TimedOut(
            $"connecting {channel.Name} ({(channel.State == PvState.Connecting ? "found, but the server does not answer"
                : "no server has said that it has it; is the name right, and the search list?")})", withinNs));
    }
}
