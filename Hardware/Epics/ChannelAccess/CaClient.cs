using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>What a client is given from outside. Time: the wall clock, for when readings came.</summary>
public sealed record CaSurroundings(IClock Clock, IConnector Connector, IDatagramPorts Datagrams, TimeProvider Time);

/// <summary>A Channel Access client: pumps datagrams, circuits and wake-ups through the protocol, and tells who waits.</summary>
/// <remarks>One lock guards all state. Everything a user hears is told without it, in the order in which it happened.</remarks>
public sealed partial class CaClient : IPvClient
{
    private const long ConnectWithinNs = 5_000_000_000;
    private const long RetryNs = 1_000_000_000;
    private const int LongestName = 500;

    private readonly object _gate = new();
    private readonly CaSettings _settings;
    private readonly CaSurroundings _around;
    private readonly CaCircuitSettings _circuitSettings;
    private readonly CaSearch _search;
    private readonly CaBuffer _datagram = new();
    private readonly List<IPEndPoint> _searched;
    private readonly List<IPEndPoint> _nameServers;
    private readonly IDatagramPort _port;
    private readonly Dictionary<uint, CaChannel> _channels = [];
    private readonly Dictionary<IPEndPoint, Circuit> _circuits = [];
    private readonly HashSet<CaChannel.Waiter> _waiters = [];
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
    public CaClient(CaSettings settings, CaSurroundings around)
    {
        (_settings, _around) = (settings, around);
        _circuitSettings = new CaCircuitSettings(
            settings.User, settings.Host, (ushort)settings.Priority, settings.EchoAfterNs, settings.EchoWithinNs, settings.LargestMessage);
        _search = new CaSearch(new SearchPace { LongestNs = settings.LongestSearchNs });
        _searched = CaAddresses.Searched(settings);
        _nameServers = [.. settings.NameServers.Select(n => CaAddresses.Resolve(n, settings.ServerPort))];
        _port = around.Datagrams.Open(IPAddress.Any, 0);
        _port.Start(Heard);
    }

    /// <summary>Raised when two servers say that they have the same record; the first one is used.</summary>
    public event Action<string>? Warned;

    /// <summary>Circuits that are open or being opened.</summary>
    public int Circuits => Locked(() => _circuits.Count);

    public IPvChannel Open(string name)
    {
        if (name.Length == 0 || EpicsText.Bytes(name).Length > LongestName)
            throw new ArgumentException($"The name of a process variable has 1 to {LongestName} bytes: '{name}'.", nameof(name));
        CaChannel channel;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            channel = new CaChannel(this, _nextCid++, name);
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

    internal bool TryTake(CaMonitor monitor, out PvReading? reading)
    {
        lock (_gate)
            return monitor.TryDequeue(out reading);
    }

    internal Task<Outcome<PvChannelInfo>> WaitAsync(CaChannel channel, long withinNs, CancellationToken cancel)
    {
        CaChannel.Waiter waiter;
        lock (_gate)
        {
            if (channel.Info is { } info)
                return Task.FromResult<Outcome<PvChannelInfo>>(new Outcome<PvChannelInfo>.Completed(info));
            if (channel.State == PvState.Closed)
                return Task.FromResult<Outcome<PvChannelInfo>>(new Outcome<PvChannelInfo>.Refused($"{channel.Name} was closed"));
            var now = NowNs;
            waiter = new CaChannel.Waiter(channel, withinNs, withinNs > long.MaxValue - now ? long.MaxValue : now + withinNs);
            channel.Waiters.RemoveAll(w => w.Done.Task.IsCompleted);
            channel.Waiters.Add(waiter);
            _waiters.Add(waiter);
            _waiterNs = Math.Min(_waiterNs, waiter.DeadlineNs);
            Schedule();
        }
        if (cancel.CanBeCanceled)
            cancel.UnsafeRegister(
                static state => ((CaChannel.Waiter)state!).Done.TrySetResult(new Outcome<PvChannelInfo>.Cancelled()), waiter);
        return waiter.Done.Task;
    }

    internal Task<Outcome<T>> ReadAsync<T>(CaTaskRequest<T> request, bool asText, DbrForm form, CancellationToken cancel)
    {
        var channel = (CaChannel)request.Link;
        request.CancelOn(cancel);
        lock (_gate)
        {
            if ((Unusable(channel) ?? (channel.CanRead ? null : "the server denies read access")) is { } reason)
                return Refused<T>($"reading {channel.Name}: {reason}");
            var core = channel.Circuit!.Core;
            var kind = asText && channel.Type != Dbr.Char ? Dbr.String : channel.Type;
            core.Read(request, Dbr.Of(kind, form), form == DbrForm.Control ? 1 : core.CountFor(channel), NowNs);
            Flush(channel.Circuit);
            Schedule();
        }
        return request.Task;
    }

    internal Task<Outcome<Nothing>> PutAsync(CaWrite request, PvValue value, CancellationToken cancel)
    {
        var channel = (CaChannel)request.Link;
        request.CancelOn(cancel);
        lock (_gate)
        {
            if (Unwritable(channel, value, out var put) is { } reason)
                return Refused<Nothing>($"writing {channel.Name}: {reason}");
            channel.Circuit!.Core.WriteNotify(request, put.Type, put.Count, put.Data, NowNs);
            Flush(channel.Circuit);
            Schedule();
        }
        return request.Task;
    }

    internal Outcome<Nothing> Put(CaChannel channel, PvValue value)
    {
        lock (_gate)
        {
            if (Unwritable(channel, value, out var put) is { } reason)
                return new Outcome<Nothing>.Refused($"writing {channel.Name}: {reason}");
            channel.Circuit!.Core.Write(channel, put.Type, put.Count, put.Data);
            Flush(channel.Circuit);
        }
        return new Outcome<Nothing>.Completed(Nothing.Value);
    }

    internal IPvMonitor Begin(CaMonitor monitor)
    {
        lock (_gate)
        {
            var channel = (CaChannel)monitor.Link;
            channel.Subscriptions.Add(monitor);
            if (channel.State == PvState.Connected)
            {
                channel.Circuit!.Core.Subscribe(monitor);
                Flush(channel.Circuit);
            }
        }
        return monitor;
    }

    internal void End(CaMonitor monitor)
    {
        lock (_gate)
        {
            monitor.IsDisposed = true;
            var channel = (CaChannel)monitor.Link;
            if (!channel.Subscriptions.Remove(monitor) || channel.State != PvState.Connected)
                return;
            channel.Circuit!.Core.Unsubscribe(monitor);
            Flush(channel.Circuit);
        }
    }

    internal void Forget(CaRequest request)
    {
        lock (_gate)
            ((CaChannel)request.Link).Circuit?.Core.Forget(request);
    }

    internal void Close(CaChannel channel)
    {
        lock (_gate)
        {
            Remove(channel);
            Schedule();
        }
        Deliver();
    }

    private long NowNs => _around.Clock.NowNs;

    private static Task<Outcome<T>> Refused<T>(string reason) => Task.FromResult<Outcome<T>>(new Outcome<T>.Refused(reason));

    private static string? Unusable(CaChannel channel) => channel.State switch
    {
        PvState.Connected => null,
        PvState.Searching => "it is not connected: no server has said that it has it",
        PvState.Connecting => "it is not connected: its server was found, and has not answered yet",
        PvState.Lost => "the connection was lost and is searched for again",
        _ => "the channel was closed",
    };

    private static string? Unwritable(CaChannel channel, PvValue value, out (ushort Type, uint Count, byte[] Data) put)
    {
        put = default;
        if (Unusable(channel) is { } reason)
            return reason;
        if (!channel.CanWrite)
            return "the server denies write access";
        if (DbrWriter.ForPut(value, channel.Type, (int)Math.Min(channel.Count, int.MaxValue)) is not { } known)
            return $"the value cannot be written to {Dbr.FieldNameOf(channel.Type)} of {channel.Count} elements: "
                + "too long, empty or out of range";
        put = known;
        return null;
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

    private sealed class OpenBatch(CaClient client) : IDisposable
    {
        private CaClient? _client = client;

        public void Dispose() => Interlocked.Exchange(ref _client, null)?.EndBatch();
    }
}
