using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>One channel of a <see cref="CaClient"/>.</summary>
internal sealed class CaChannel(CaClient client, uint cid, string name) : CaLink(cid, name), IPvChannel
{
    public CaClient Client => client;

    /// <summary>The circuit it is on; null while searched for.</summary>
    public CaClient.Circuit? Circuit { get; set; }

    public List<Waiter> Waiters { get; } = [];

    PvState IPvChannel.State => State;

    public PvChannelInfo? Info { get; set; }

    public event Action<PvState>? Changed;

    public event Action<string>? WriteRefused;

    public Task<Outcome<PvChannelInfo>> ConnectAsync(long withinNs, CancellationToken cancel) => client.WaitAsync(this, withinNs, cancel);

    public Task<Outcome<PvReading>> GetAsync(long withinNs, CancellationToken cancel, PvAs form = PvAs.Native) =>
        client.ReadAsync(new CaRead(this, Name, withinNs), form == PvAs.Text, DbrForm.Time, cancel);

    public Task<Outcome<PvMetadata>> GetMetadataAsync(long withinNs, CancellationToken cancel) =>
        client.ReadAsync(new CaReadMetadata(this, Name, withinNs), false, DbrForm.Control, cancel);

    public Outcome<Nothing> Put(PvValue value) => client.Put(this, value);

    public Task<Outcome<Nothing>> PutAndWaitAsync(PvValue value, long withinNs, CancellationToken cancel) =>
        client.PutAsync(new CaWrite(this, $"writing {Name}", withinNs), value, cancel);

    public IPvMonitor Monitor(PvMonitorOptions options, Action<IPvMonitor> ready) => client.Begin(new CaMonitor(this, options, ready));

    public void TellChanged(PvState state) => Changed?.Invoke(state);

    public void TellRefused(string reason) => WriteRefused?.Invoke(reason);

    public void Dispose() => client.Close(this);

    /// <summary>Somebody who waits for the connection.</summary>
    internal sealed class Waiter(CaChannel channel, long withinNs, long deadlineNs)
    {
        public CaChannel Channel => channel;

        public long DeadlineNs => deadlineNs;

        public TaskCompletionSource<Outcome<PvChannelInfo>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void TimeOut() => Done.TrySetResult(new Outcome<PvChannelInfo>.TimedOut(
            $"connecting {channel.Name} ({(channel.State == PvState.Connecting ? "found, but the server does not answer"
                : "no server has said that it has it; is the name right, and the search list?")})", withinNs));
    }
}
