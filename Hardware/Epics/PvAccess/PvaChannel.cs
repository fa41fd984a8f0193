using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>One channel of a <see cref="PvaClient"/>.</summary>
internal sealed class PvaChannel(PvaClient client, uint cid, string name) : PvaLink(cid, name), IPvChannel
{
    public PvaClient Client => client;

    /// <summary>The circuit it is on; null while searched for.</summary>
    public PvaClient.Circuit? Circuit { get; set; }

    public List<Waiter> Waiters { get; } = [];

    PvState IPvChannel.State => State;

    public PvChannelInfo? Info { get; set; }

    public event Action<PvState>? Changed;

    public event Action<string>? WriteRefused;

    public Task<Outcome<PvChannelInfo>> ConnectAsync(long withinNs, CancellationToken cancel) => client.WaitAsync(this, withinNs, cancel);

    public Task<Outcome<PvReading>> GetAsync(long withinNs, CancellationToken cancel, PvAs form = PvAs.Native) => client.ReadAsync(
        new PvaRead<PvReading>(this, Name, withinNs, form == PvAs.Native ? AsItIs : AsText), cancel);

    public Task<Outcome<PvMetadata>> GetMetadataAsync(long withinNs, CancellationToken cancel) => client.ReadAsync(
        new PvaRead<PvMetadata>(
            this, Name, withinNs, static (answer, _) => new Outcome<PvMetadata>.Completed(PvaNormative.MetadataOf(answer.Value!))),
        cancel);

    /// <summary>Reads the structure as it is.</summary>
    public Task<Outcome<PvaValue.Structure>> GetStructureAsync(long withinNs, CancellationToken cancel) => client.ReadAsync(
        new PvaRead<PvaValue.Structure>(
            this, Name, withinNs, static (answer, _) => new Outcome<PvaValue.Structure>.Completed(answer.Value!)),
        cancel);

    /// <summary>Calls a channel that is a service; null for a result without a value.</summary>
    public Task<Outcome<PvaValue.Structure?>> CallAsync(PvaValue.Structure argument, long withinNs, CancellationToken cancel) =>
        client.CallAsync(
            new PvaRead<PvaValue.Structure?>(
                this, $"calling {Name}", withinNs, static (answer, _) => new Outcome<PvaValue.Structure?>.Completed(answer.Value)),
            argument, cancel);

    public Outcome<Nothing> Put(PvValue value) => client.Put(new PvaWrite(this, long.MaxValue, value, waits: false));

    public Task<Outcome<Nothing>> PutAndWaitAsync(PvValue value, long withinNs, CancellationToken cancel) =>
        client.PutAsync(new PvaWrite(this, withinNs, value, waits: true), cancel);

    public IPvMonitor Monitor(PvMonitorOptions options, Action<IPvMonitor> ready) => client.Begin(new PvaMonitor(this, options, ready));

    public void TellChanged(PvState state) => Changed?.Invoke(state);

    public void TellRefused(string reason) => WriteRefused?.Invoke(reason);

    public void Dispose() => client.Close(this);

    private static readonly Func<PvaAnswer, long, Outcome<PvReading>> AsItIs = static (answer, receivedNs) =>
        new Outcome<PvReading>.Completed(PvaNormative.Reading(answer.Value!, PvAs.Native, receivedNs));

    private static readonly Func<PvaAnswer, long, Outcome<PvReading>> AsText = static (answer, receivedNs) =>
        new Outcome<PvReading>.Completed(PvaNormative.Reading(answer.Value!, PvAs.Text, receivedNs));

    /// <summary>Somebody who waits for the connection.</summary>
    internal sealed class Waiter(PvaChannel channel, long withinNs, long deadlineNs)
    {
        public PvaChannel Channel => channel;

        public long DeadlineNs => deadlineNs;

        public TaskCompletionSource<Outcome<PvChannelInfo>> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public void TimeOut() => Done.TrySetResult(new Outcome<PvChannelInfo>.TimedOut(
            $"connecting {channel.Name} ({(channel.State == PvState.Connecting ? "found, but the server does not answer"
                : "no server has said that it has it; is the name right, and the search list?")})", withinNs));
    }
}

/// <summary>A subscription in the hands of whoever follows it.</summary>
internal sealed class PvaMonitor(PvaChannel channel, PvMonitorOptions options, Action<IPvMonitor> ready)
    : PvaSubscription(channel, options), IPvMonitor
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
