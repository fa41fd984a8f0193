using System.Net;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>Datagrams inside one process, delivered through whatever runs actions in order.</summary>
/// <param name="post">Runs the action later, after all posted before; never inside the call.</param>
public sealed class MemoryDatagrams(Action<Action> post) : IDatagramPorts
{
    private readonly object _gate = new();
    private readonly Dictionary<int, MemoryPort> _ports = [];
    private int _nextPort = 40_000;

    /// <summary>Fault: datagrams for which this says yes are lost.</summary>
    public Func<int, bool> Loses { get; set; } = _ => false;

    /// <summary>Datagrams sent so far.</summary>
    public int Sent { get; private set; }

    public IDatagramPort Open(IPAddress address, int port)
    {
        lock (_gate)
        {
            var number = port == 0 ? _nextPort++ : port;
            if (_ports.ContainsKey(number))
                throw new IOException($"Cannot open UDP {address}:{port}: in use.");
            return _ports[number] = new MemoryPort(this, number);
        }
    }

    private void Send(byte[] bytes, int from, int to)
    {
        MemoryPort? receiver;
        lock (_gate)
        {
            if (Loses(Sent++))
                return;
            receiver = _ports.GetValueOrDefault(to);
        }
        if (receiver is not null)
            post(() => receiver.Deliver(bytes, new IPEndPoint(IPAddress.Loopback, from)));
    }

    private void Close(int port)
    {
        lock (_gate)
            _ports.Remove(port);
    }

    private sealed class MemoryPort(MemoryDatagrams network, int port) : IDatagramPort
    {
        private Action<ReadOnlyMemory<byte>, IPEndPoint>? _received;

        public int Port => port;

        public void Start(Action<ReadOnlyMemory<byte>, IPEndPoint> received) => _received = received;

        public void Send(ReadOnlySpan<byte> bytes, IPEndPoint to) => network.Send(bytes.ToArray(), port, to.Port);

        public void Deliver(byte[] bytes, IPEndPoint from) => _received?.Invoke(bytes, from);

        public void Dispose()
        {
            _received = null;
            network.Close(port);
        }
    }
}
