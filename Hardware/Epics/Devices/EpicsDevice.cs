using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>What devices of process variables share: channels, waiting for them, waiting for time.</summary>
/// <remarks>A short loss of the connection is bridged: the channels come back by themselves. Only one that lasts longer than
/// reconnectWithinNs counts as a lost device.</remarks>
internal abstract class EpicsDevice : IDevice, IInspectable
{
    private const long ConnectWithinNs = 10_000_000_000;
    private const long InspectWithinNs = 5_000_000_000;
    private const int MostTries = 4;

    private readonly IPvClient _client;
    private readonly Dictionary<string, IPvChannel> _channels = [];
    private readonly long _reconnectWithinNs;
    private int _losses;
    private int _givenUp;

    protected EpicsDevice(string name, DeviceEnvironment environment, long reconnectWithinNs)
    {
        Name = name;
        Clock = environment.Clock;
        _client = environment.Pvs?.Invoke()
            ?? throw new InvalidOperationException($"Device {name} needs a client for process variables, and the environment has none.");
        _reconnectWithinNs = reconnectWithinNs;
    }

    public string Name { get; }

    public event Action<string>? Lost;

    protected IClock Clock { get; }

    public virtual async Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel)
    {
        var waiting = _channels.Values.Select(c => c.ConnectAsync(ConnectWithinNs, cancel)).ToList();
        foreach (var connecting in waiting)
        {
            var connected = await connecting;
            if (connected.Problem is not null)
                return connected.As<Nothing>();
        }
        return Done(Nothing.Value);
    }

    public abstract Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel);

    public async Task<EquatableArray<DeviceFact>> InspectAsync(CancellationToken cancel)
    {
        var asked = new List<(IPvChannel Channel, Task<Outcome<PvReading>>? Reading)>();
        using (_client.Batch())
            foreach (var channel in _channels.Values)
                asked.Add((channel, channel.State == PvState.Connected
                    ? channel.GetAsync(InspectWithinNs, cancel, channel.Info is { NativeType: "DBF_ENUM" } ? PvAs.Text : PvAs.Native)
                    : null));
        var facts = new List<DeviceFact>();
        foreach (var (channel, reading) in asked)
            facts.Add(reading is null
                ? new DeviceFact(channel.Name, null, $"not found ({channel.State.ToString().ToLowerInvariant()})")
                : FactOf(channel, await reading));
        return facts.ToEquatableArray();
    }

    public ValueTask DisposeAsync()
    {
        foreach (var channel in _channels.Values)
            channel.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>A channel that is opened with the device.</summary>
    protected IPvChannel Open(string name)
    {
        if (_channels.TryGetValue(name, out var known))
            return known;
        var channel = _channels[name] = _client.Open(name);
        channel.Changed += state =>
        {
            if (state == PvState.Lost)
                Interlocked.Increment(ref _losses);
        };
        return channel;
    }

    /// <summary>How often a channel was lost so far.</summary>
    protected int Losses => Volatile.Read(ref _losses);

    /// <summary>Whether a channel was lost since, or is.</summary>
    protected bool WasLost(int since) => Losses != since || _channels.Values.Any(c => c.State != PvState.Connected);

    /// <summary>A waveform of characters that holds one comes as a number: it is a text of one character, or an empty one.</summary>
    protected static PvReading Whole(IPvChannel channel, PvReading reading) =>
        reading.Value is PvValue.Integer one && channel.Info is { NativeType: "DBF_CHAR", Count: > 1 }
            ? reading with { Value = new PvValue.Array<byte>([(byte)one.Value]) }
            : reading;

    /// <summary>Requests made until the result is disposed go out together.</summary>
    protected IDisposable Batch() => _client.Batch();

    protected static Outcome<T> Done<T>(T value) => new Outcome<T>.Completed(value);

    /// <summary>Says something to the device once it can be reached, and again where the connection was lost meanwhile: only for what may
    /// be said twice.</summary>
    protected async Task<Outcome<T>> BridgedAsync<T>(Func<Task<Outcome<T>>> talk, CancellationToken cancel)
    {
        for (var tries = 1; ; tries++)
        {
            var reached = await ReachAsync(cancel);
            if (reached.Problem is not null)
                return reached.As<T>();
            var (losses, givenUp) = (Losses, Volatile.Read(ref _givenUp));
            var outcome = await talk();
            if (outcome is Outcome<T>.Completed or Outcome<T>.Cancelled || !WasLost(losses) || tries == MostTries
                || givenUp != Volatile.Read(ref _givenUp))
                return outcome;
        }
    }

    /// <summary>Waits until every channel is there again; a device that stays away is lost.</summary>
    protected async Task<Outcome<Nothing>> ReachAsync(CancellationToken cancel)
    {
        foreach (var channel in _channels.Values)
        {
            if (channel.State == PvState.Connected)
                continue;
            var connected = await channel.ConnectAsync(_reconnectWithinNs, cancel);
            if (connected is Outcome<PvChannelInfo>.TimedOut late)
            {
                var reason = $"{Name}: {channel.Name} was not found again within {_reconnectWithinNs / 1e9:0.###} s";
                Interlocked.Increment(ref _givenUp);
                Lost?.Invoke(reason);
                return new Outcome<Nothing>.TimedOut(reason, late.DeadlineNs);
            }
            if (connected.Problem is not null)
                return connected.As<Nothing>();
        }
        return Done(Nothing.Value);
    }

    /// <summary>Completes then; cancelling ends it early, without an exception.</summary>
    protected async Task WaitUntilAsync(long timeNs, CancellationToken cancel)
    {
        var done = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var wake = Clock.WakeAt(timeNs, () => done.TrySetResult(true));
        using var cancelled = cancel.Register(() => done.TrySetResult(false));
        await done.Task;
    }

    private static DeviceFact FactOf(IPvChannel channel, Outcome<PvReading> outcome) =>
        outcome is Outcome<PvReading>.Completed { Value: var read }
        ? new DeviceFact(
            channel.Name, Whole(channel, read).Value.AsText(),
            read.Alarm.Severity == PvSeverity.None ? null : $"{read.Alarm.StatusName} {read.Alarm.SeverityName}")
        : new DeviceFact(channel.Name, null, outcome.Problem);
}
