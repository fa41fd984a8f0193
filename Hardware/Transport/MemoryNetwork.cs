using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>Connections inside one process, delivered in order through whatever runs actions in order: a simulated world's thread, a
/// test's queue.</summary>
/// <param name="post">Runs the action later, after all posted before; never inside the call.</param>
public sealed class MemoryNetwork(Action<Action> post) : IConnector
{
    private readonly object _gate = new();
    private readonly Dictionary<int, Action<IConnection>> _listeners = [];
    private readonly List<MemoryConnection> _open = [];
    private readonly Dictionary<int, List<Action>> _held = [];

    /// <summary>Fault: bytes are delivered in pieces of at most this many.</summary>
    public int LargestSegment { get; set; } = int.MaxValue;

    /// <summary>Fault: nobody answers at any port.</summary>
    public bool Refusing { get; set; }

    /// <summary>Fault: bytes are accepted and lost, and the peer hears nothing of it.</summary>
    public bool Silent { get; set; }

    /// <summary>Fault: from now on nothing arrives on the port's connections; what is sent waits.</summary>
    public void Hold(int port)
    {
        lock (_gate)
            _held.TryAdd(port, []);
    }

    /// <summary>What waited at the port arrives, in order, after all that is on its way.</summary>
    public void Release(int port) => post(() =>
    {
        List<Action>? waiting;
        lock (_gate)
            _held.Remove(port, out waiting);
        waiting?.ForEach(deliver => deliver());
    });

    /// <summary>From now on <paramref name="accepted"/> is given the server's end of each connection made to the port.</summary>
    public void Listen(int port, Action<IConnection> accepted)
    {
        lock (_gate)
            _listeners[port] = accepted;
    }

    public Task<IConnection> ConnectAsync(string host, int port, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        Action<IConnection>? accepted;
        lock (_gate)
            accepted = Refusing ? null : _listeners.GetValueOrDefault(port);
        if (accepted is null)
            return Task.FromException<IConnection>(new IOException($"Cannot connect to {host}:{port}: connection refused."));
        var (client, server) = Pair(port);
        post(() => accepted(server));
        return Task.FromResult<IConnection>(client);
    }

    /// <summary>Fault: cuts every connection, or those of one port; both ends are told.</summary>
    public void Cut(int? port = null)
    {
        MemoryConnection[] cut;
        lock (_gate)
            cut = [.. _open.Where(c => port is null || c.Port == port)];
        foreach (var connection in cut)
            connection.Close(new IOException("Connection lost: cut."));
    }

    /// <summary>The two ends of one connection.</summary>
    public (IConnection Client, IConnection Server) Pair() => Pair(0);

    private (MemoryConnection Client, MemoryConnection Server) Pair(int port)
    {
        var client = new MemoryConnection(this, port);
        var server = new MemoryConnection(this, port) { Peer = client };
        client.Peer = server;
        lock (_gate)
            _open.AddRange([client, server]);
        return (client, server);
    }

    /// <summary>True when the port is held; then it waits.</summary>
    private bool Keep(int port, Action deliver)
    {
        lock (_gate)
        {
            if (!_held.TryGetValue(port, out var waiting))
                return false;
            waiting.Add(deliver);
            return true;
        }
    }

    private void Forget(MemoryConnection connection)
    {
        lock (_gate)
            _open.Remove(connection);
    }

    private sealed class MemoryConnection(MemoryNetwork network, int port) : IConnection
    {
        private readonly object _gate = new();
        private readonly Queue<byte[]> _early = new();
        private Action<ReadOnlyMemory<byte>>? _received;
        private Action<Exception?>? _closed;
        private bool _isClosed;
        private bool _reported;
        private Exception? _cause;

        public int Port => port;

        public MemoryConnection? Peer { get; set; }

        public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed)
        {
            lock (_gate)
            {
                if (_received is not null)
                    throw new InvalidOperationException("A connection is started once.");
                (_received, _closed) = (received, closed);
            }
            network.Post(Drain);
        }

        public void Send(ReadOnlySpan<byte> bytes)
        {
            lock (_gate)
                if (_isClosed)
                    return;
            if (network.Silent)
                return;
            while (!bytes.IsEmpty)
            {
                var piece = bytes[..Math.Min(bytes.Length, network.LargestSegment)].ToArray();
                bytes = bytes[piece.Length..];
                network.Post(() => Peer!.Arrive(piece));
            }
        }

        public void Dispose()
        {
            Close(null);
            network.Post(() => Peer!.Close(null));
        }

        public void Close(Exception? cause)
        {
            lock (_gate)
            {
                if (_isClosed)
                    return;
                (_isClosed, _cause) = (true, cause);
            }
            network.Forget(this);
            network.Post(Drain);
        }

        private void Arrive(byte[] bytes)
        {
            if (!network.Keep(Port, () => Deliver(bytes)))
                Deliver(bytes);
        }

        private void Deliver(byte[] bytes)
        {
            lock (_gate)
            {
                if (_isClosed)
                    return;
                _early.Enqueue(bytes);
            }
            Drain();
        }

        private void Drain()
        {
            while (true)
            {
                byte[]? bytes;
                Action<Exception?>? closed = null;
                lock (_gate)
                {
                    if (_received is null)
                        return;
                    if (!_early.TryDequeue(out bytes))
                    {
                        if (!_isClosed || _reported)
                            return;
                        (_reported, closed) = (true, _closed);
                    }
                }
                if (bytes is not null)
                    _received(bytes);
                closed?.Invoke(_cause);
            }
        }
    }

    private void Post(Action action) => post(action);
}
