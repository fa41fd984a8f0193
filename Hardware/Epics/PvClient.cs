using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>A client of one transport: pumps datagrams, circuits and wake-ups through the protocol, and tells who waits.</summary>
/// <remarks>One lock guards all state. Everything a user hears is told without it, in the order in which it happened. A transport gives
/// what its protocol says: searches, circuits, channels.</remarks>
public abstract partial class PvClient : IPvClient
{
    private const long ConnectWithinNs = 5_000_000_000;
    private const long RetryNs = 1_000_000_000;
    private const int LongestName = 500;

    private readonly object _gate = new();
    private readonly CaSurroundings _around;
    private readonly NameSearch _search;
    private readonly List<IPEndPoint> _searched;
    private readonly List<IPEndPoint> _nameServers;
    private readonly IDatagramPort _port;
    private readonly Dictionary<uint, PvChannel> _channels = [];
    private readonly Dictionary<IPEndPoint, Circuit> _circuits = [];
    private readonly HashSet<PvChannel.Waiter> _waiters = [];
    private readonly Queue<Delivery> _deliveries = new();
    private long _waiterNs = long.MaxValue;
    private uint _nextCid = 1;
    private int _batches;
    private int _delivering;
    private IDisposable? _wake;
    private long _wakeNs = long.MaxValue;
    private bool _isDisposed;

    private protected PvClient(PvTransportSettings settings, int searchPort, CaSurroundings around, NameSearch search)
    {
        (_around, _search) = (around, search);
        _searched = EpicsAddresses.Searched(settings, searchPort);
        _nameServers = [.. settings.NameServers.Select(n => EpicsAddresses.Resolve(n, settings.ServerPort))];
        _port = around.Datagrams.Open(IPAddress.Any, 0);
        search.AnswerPort = _port.Port;
        _port.Start(Heard);
    }

    /// <summary>Raised for what nobody asked and somebody should know: two servers that have the same record, of which the first is
    /// used; a subscription that cannot be had.</summary>
    public event Action<string>? Warned;

    /// <summary>Circuits that are open or being opened.</summary>
    public int Circuits => Locked(() => _circuits.Count);

    public IPvChannel Open(string name)
    {
        if (name.Length == 0 || EpicsText.Bytes(name).Length > LongestName)
            throw new ArgumentException($"The name of a process variable has 1 to {LongestName} bytes: '{name}'.", nameof(name));
        PvChannel channel;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed, this);
            channel = NewChannel(_nextCid++, name);
            _channels[channel.Cid] = channel;
            foreach (var server in _nameServers)
                NameServer(server);
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
        GC.SuppressFinalize(this);
        return ValueTask.CompletedTask;
    }

    /// <summary>A datagram came; calls <see cref="Found(PvFound, IPAddress)"/> for each answer to a search in it. Under the lock.</summary>
    private protected abstract void Read(ReadOnlyMemory<byte> datagram, IPAddress from);

    private protected abstract PvChannel NewChannel(uint cid, string name);

    private protected abstract PvCircuit NewCircuit(long nowNs);

    internal T Locked<T>(Func<T> read)
    {
        lock (_gate)
            return read();
    }

    internal bool TryTake(PvMonitor monitor, out PvReading? reading)
    {
        lock (_gate)
            return monitor.TryDequeue(out reading);
    }

    internal Task<Outcome<PvChannelInfo>> WaitAsync(PvChannel channel, long withinNs, CancellationToken cancel)
    {
        PvChannel.Waiter waiter;
        lock (_gate)
        {
            if (channel.Info is { } info)
                return Task.FromResult<Outcome<PvChannelInfo>>(new Outcome<PvChannelInfo>.Completed(info));
            if (channel.State == PvState.Closed)
                return Task.FromResult<Outcome<PvChannelInfo>>(new Outcome<PvChannelInfo>.Refused($"{channel.Name} was closed"));
            var now = NowNs;
            waiter = new PvChannel.Waiter(channel, withinNs, withinNs > long.MaxValue - now ? long.MaxValue : now + withinNs);
            channel.Waiters.RemoveAll(w => w.Done.Task.IsCompleted);
            channel.Waiters.Add(waiter);
            _waiters.Add(waiter);
            _waiterNs = Math.Min(_waiterNs, waiter.DeadlineNs);
            Schedule();
        }
        if (cancel.CanBeCanceled)
            cancel.UnsafeRegister(
                static state => ((PvChannel.Waiter)state!).Done.TrySetResult(new Outcome<PvChannelInfo>.Cancelled()), waiter);
        return waiter.Done.Task;
    }

    /// <summary>Sends a request; the task ends with its answer.</summary>
    internal Task<Outcome<T>> BeginAsync<T>(PvRequest request, PvTask<T> task, CancellationToken cancel)
    {
        task.CancelOn(cancel);
        return Begin(request, task.Task) is { } reason
            ? Task.FromResult<Outcome<T>>(new Outcome<T>.Refused(reason))
            : task.Task;
    }

    /// <summary>Sends a write that nobody waits for.</summary>
    internal Outcome<Nothing> Put(PvRequest write) => Begin(write, null) is { } reason
        ? new Outcome<Nothing>.Refused(reason)
        : new Outcome<Nothing>.Completed(Nothing.Value);

    internal IPvMonitor Begin(PvMonitor monitor)
    {
        lock (_gate)
        {
            var channel = monitor.Channel;
            channel.Monitors.Add(monitor);
            if (channel.State == PvState.Connected)
            {
                channel.Circuit!.Core.Subscribe(monitor);
                Flush(channel.Circuit);
            }
        }
        return monitor;
    }

    internal void End(PvMonitor monitor)
    {
        lock (_gate)
        {
            monitor.IsDisposed = true;
            var channel = monitor.Channel;
            if (!channel.Monitors.Remove(monitor) || channel.State != PvState.Connected)
                return;
            channel.Circuit!.Core.Unsubscribe(monitor);
            Flush(channel.Circuit);
        }
    }

    internal void Forget(PvRequest request)
    {
        bool isTold;
        lock (_gate)
        {
            if (request.Channel.Circuit is not { } circuit)
                return;
            circuit.Core.Forget(request);
            isTold = Follow(circuit);
        }
        if (isTold)
            Deliver();
    }

    internal void Close(PvChannel channel)
    {
        lock (_gate)
        {
            Remove(channel);
            Schedule();
        }
        Deliver();
    }

    private long NowNs => _around.Clock.NowNs;

    /// <summary>Why a request was not sent; null when it was, or is cancelled already.</summary>
    private string? Begin(PvRequest request, Task? task)
    {
        bool isTold;
        lock (_gate)
        {
            var channel = request.Channel;
            if (Unusable(channel) is { } unusable)
                return $"{request.Doing}: {unusable}";
            if (task is { IsCompleted: true })
                return null;
            if (request.Begin(channel.Circuit!.Core, NowNs) is { } refused)
                return $"{request.Doing}: {refused}";
            isTold = Follow(channel.Circuit);
        }
        if (isTold)
            Deliver();
        return null;
    }

    /// <summary>What follows a request: true when somebody has to be told of something at once, and nobody is telling.</summary>
    private bool Follow(Circuit circuit)
    {
        Drain(circuit);
        Flush(circuit);
        Schedule();
        return _deliveries.Count > 0 && _delivering != Environment.CurrentManagedThreadId;
    }

    private static string? Unusable(PvChannel channel) => channel.State switch
    {
        PvState.Connected => null,
        PvState.Searching => "it is not connected: no server has said that it has it",
        PvState.Connecting => "it is not connected: its server was found, and has not answered yet",
        PvState.Lost => "the connection was lost and is searched for again",
        _ => "the channel was closed",
    };

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

    private sealed class OpenBatch(PvClient client) : IDisposable
    {
        private PvClient? _client = client;

        public void Dispose() => Interlocked.Exchange(ref _client, null)?.EndBatch();
    }
}
