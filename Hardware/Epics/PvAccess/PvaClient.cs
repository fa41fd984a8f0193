using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>A pvAccess client: pumps datagrams, circuits and wake-ups through the protocol, and tells who waits.</summary>
/// <remarks>One lock guards all state. Everything a user hears is told without it, in the order in which it happened.</remarks>
public sealed partial class PvaClient : IPvClient
{
    private const long ConnectWithinNs = 5_000_000_000;
    private const long RetryNs = 1_000_000_000;
    private const int LongestName = 500;

    private readonly object _gate = new();
    private readonly CaSurroundings _around;
    private readonly PvaCircuitSettings _circuitSettings;
    private readonly PvaSearch _search;
    private readonly PvaWriter _datagram = new(isServer: false);
    private readonly List<IPEndPoint> _searched;
    private readonly HashSet<IPAddress> _broadcasts;
    private readonly List<IPEndPoint> _nameServers;
    private readonly IDatagramPort _port;
    private readonly PvaContext _noTypes = new(new PvaTypeCache(), static _ => null);
    private readonly Dictionary<uint, PvaChannel> _channels = [];
    private readonly Dictionary<IPEndPoint, Circuit> _circuits = [];
    private readonly HashSet<PvaChannel.Waiter> _waiters = [];
    private readonly Queue<Delivery> _deliveries = new();
    private long _waiterNs = long.MaxValue;
    private uint _nextCid = 1;
    private int _batches;
    private int _delivering;
    private IDisposable? _wake;
    private long _wakeNs = long.MaxValue;
    private bool _isDisposed;

    /// <summary>Opens the search socket; nothing is sent before a channel is opened.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> for an address that means nothing, <see cref="IOException"/> when no socket
    /// can be opened.</remarks>
    public PvaClient(PvaSettings settings, CaSurroundings around)
    {
        _around = around;
        _circuitSettings = new PvaCircuitSettings(
            settings.User, settings.Host, settings.EchoAfterNs, settings.EchoWithinNs, settings.LargestMessage);
        _search = new PvaSearch(new SearchPace { LongestNs = settings.LongestSearchNs });
        _searched = CaAddresses.Searched(
            settings.Addresses, settings.AutoAddresses, settings.NameServers.Count > 0, settings.SearchPort);
        _broadcasts = [IPAddress.Broadcast, .. CaAddresses.Broadcasts().Where(a => !IPAddress.IsLoopback(a))];
        _nameServers = [.. settings.NameServers.Select(n => CaAddresses.Resolve(n, settings.ServerPort))];
        _port = around.Datagrams.Open(IPAddress.Any, 0);
        _port.Start(Heard);
    }

    /// <summary>Raised for what nobody asked and somebody should know: two servers with one name, a subscription that cannot be had.
    /// </summary>
    public event Action<string>? Warned;

    /// <summary>Circuits that are open or being opened.</summary>
    public int Circuits => Locked(() => _circuits.Count);

    public IPvChannel Open(string name)
    {
        if (name.Length == 0 || EpicsText.Bytes(name).Length > LongestName)
            throw new ArgumentException($"The name of a process variable has 1 to {LongestName} bytes: '{name}'.", nameof(name));
        PvaChannel channel;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            channel = new PvaChannel(this, _nextCid++, name);
            _channels[channel.Cid] = channel;
            foreach (var server in _nameServers)
                CircuitTo(server).IsNameServer = true;
            _search.Add(channel.Cid, name, NowNs, eager: false);
            if (_batches == 0)
                SendSearches();
            Schedule();
        }
        return channel;
    }

    public IDisposable Batch()
    {
        lock (_gate)
            _batches++;
        return new OpenBatch(this);
    }

    public ValueTask DisposeAsync()
    {
        lock (_gate)
        {
            if (_isDisposed)
                return ValueTask.CompletedTask;
            _isDisposed = true;
            foreach (var circuit in _circuits.Values.ToList())
            {
                circuit.Core.Break("the client was closed");
                Drain(circuit);
            }
            foreach (var channel in _channels.Values.ToList())
                Remove(channel);
            _wake?.Dispose();
            _port.Dispose();
        }
        Deliver();
        return ValueTask.CompletedTask;
    }

    internal T Locked<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }

    internal bool TryTake(PvaMonitor monitor, out PvReading? reading)
    {
        lock (_gate)
            return monitor.TryDequeue(out reading);
    }

    internal Task<Outcome<PvChannelInfo>> WaitAsync(PvaChannel channel, long withinNs, CancellationToken cancel)
    {
        PvaChannel.Waiter waiter;
        lock (_gate)
        {
            if (channel.Info is { } info)
                return Task.FromResult<Outcome<PvChannelInfo>>(new Outcome<PvChannelInfo>.Completed(info));
            if (channel.State == PvState.Closed)
                return Task.FromResult<Outcome<PvChannelInfo>>(new Outcome<PvChannelInfo>.Refused($"{channel.Name} was closed"));
            var now = NowNs;
            waiter = new PvaChannel.Waiter(channel, withinNs, withinNs > long.MaxValue - now ? long.MaxValue : now + withinNs);
            channel.Waiters.RemoveAll(w => w.Done.Task.IsCompleted);
            channel.Waiters.Add(waiter);
            _waiters.Add(waiter);
            _waiterNs = Math.Min(_waiterNs, waiter.DeadlineNs);
            Schedule();
        }
        if (cancel.CanBeCanceled)
            cancel.UnsafeRegister(
                static state => ((PvaChannel.Waiter)state!).Done.TrySetResult(new Outcome<PvChannelInfo>.Cancelled()), waiter);
        return waiter.Done.Task;
    }

    internal Task<Outcome<T>> ReadAsync<T>(PvaRead<T> request, CancellationToken cancel) => BeginAsync(
        request, $"reading {request.Link.Name}", () => request.Start(cancel), (core, now) => core.Read(request, now));

    internal Task<Outcome<T>> CallAsync<T>(PvaRead<T> request, PvaValue.Structure argument, CancellationToken cancel) => BeginAsync(
        request, request.What, () => request.Start(cancel), (core, now) => core.Call(request, argument, now));

    internal Task<Outcome<Nothing>> PutAsync(PvaWrite request, CancellationToken cancel) => BeginAsync(
        request, request.What, () => request.Start(cancel), (core, now) => core.Write(request, now), Unwritable(request));

    internal Outcome<Nothing> Put(PvaWrite request)
    {
        bool isTold;
        lock (_gate)
        {
            var channel = (PvaChannel)request.Link;
            if ((Unusable(channel) ?? Unwritable(request)) is { } reason)
                return new Outcome<Nothing>.Refused($"{request.What}: {reason}");
            channel.Circuit!.Core.Write(request, NowNs);
            isTold = Follow(channel.Circuit);
        }
        if (isTold)
            Deliver();
        return new Outcome<Nothing>.Completed(Nothing.Value);
    }

    internal IPvMonitor Begin(PvaMonitor monitor)
    {
        lock (_gate)
        {
            var channel = (PvaChannel)monitor.Link;
            channel.Subscriptions.Add(monitor);
            if (channel.State == PvState.Connected)
            {
                channel.Circuit!.Core.Subscribe(monitor);
                Flush(channel.Circuit);
            }
        }
        return monitor;
    }

    internal void End(PvaMonitor monitor)
    {
        lock (_gate)
        {
            monitor.IsDisposed = true;
            var channel = (PvaChannel)monitor.Link;
            if (!channel.Subscriptions.Remove(monitor) || channel.State != PvState.Connected)
                return;
            channel.Circuit!.Core.Unsubscribe(monitor);
            Flush(channel.Circuit);
        }
    }

    internal void Forget(PvaRequest request)
    {
        bool isTold;
        lock (_gate)
        {
            if (((PvaChannel)request.Link).Circuit is not { } circuit)
                return;
            circuit.Core.Forget(request);
            isTold = Follow(circuit);
        }
        if (isTold)
            Deliver();
    }

    internal void Close(PvaChannel channel)
    {
        lock (_gate)
        {
            Remove(channel);
            Schedule();
        }
        Deliver();
    }

    private long NowNs => _around.Clock.NowNs;

    private Task<Outcome<T>> BeginAsync<T>(
        PvaRequest request, string what, Func<Task<Outcome<T>>> start, Action<PvaCircuit, long> begin, string? refusal = null)
    {
        var task = start();
        bool isTold;
        lock (_gate)
        {
            var channel = (PvaChannel)request.Link;
            if ((Unusable(channel) ?? refusal) is { } reason)
                return Task.FromResult<Outcome<T>>(new Outcome<T>.Refused($"{what}: {reason}"));
            if (task.IsCompleted)
                return task;
            begin(channel.Circuit!.Core, NowNs);
            isTold = Follow(channel.Circuit);
        }
        if (isTold)
            Deliver();
        return task;
    }

    /// <summary>What follows a request: true when somebody has to be told of something at once, and nobody is telling.</summary>
    private bool Follow(Circuit circuit)
    {
        Drain(circuit);
        Flush(circuit);
        Schedule();
        return _deliveries.Count > 0 && _delivering != Environment.CurrentManagedThreadId;
    }

    private static string? Unusable(PvaChannel channel) => channel.State switch
    {
        PvState.Connected => null,
        PvState.Searching => "it is not connected: no server has said that it has it",
        PvState.Connecting => "it is not connected: its server was found, and has not answered yet",
        PvState.Lost => "the connection was lost and is searched for again",
        _ => "the channel was closed",
    };

    /// <summary>What can be said of a value before it is sent; choices are only known to the server.</summary>
    private static string? Unwritable(PvaWrite request)
    {
        if (request.Link.Type is not { } type || PvaPut.NeedsChoices(request.Value, type))
            return null;
        var unknown = PvaValue.Default(type);
        return PvaPut.For(request.Value, unknown) is null ? PvaCircuit.Unfit(request.Value, unknown) : null;
    }

    private void EndBatch()
    {
        lock (_gate)
        {
            if (--_batches > 0 || _isDisposed)
                return;
            SendSearches();
            foreach (var circuit in _circuits.Values)
                Flush(circuit);
            Schedule();
        }
    }

    private sealed class OpenBatch(PvaClient client) : IDisposable
    {
        private PvaClient? _client = client;

        public void Dispose() => Interlocked.Exchange(ref _client, null)?.EndBatch();
    }
}
