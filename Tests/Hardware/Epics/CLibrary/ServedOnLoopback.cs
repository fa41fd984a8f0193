using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Time;
using Flyscan.Tests.Hardware.Simulation;

namespace Flyscan.Tests.Hardware.Epics.CLibrary;

/// <summary>Our server on the loopback interface, its records on a clock that moves only by hand.</summary>
internal sealed class ServedOnLoopback : IDisposable
{
    private readonly ConnectionListener _listener;
    private readonly List<CaHeader> _heard = [];

    public ServedOnLoopback(int port = 0, ManualTime? time = null)
    {
        Time = time ?? new ManualTime();
        // Servers' clocks begin in 1990.
        if (time is null)
            Time.Advance(TimeSpan.FromDays(20_000));
        Server = new CaServer(new WallClock(Time), Time);
        _listener = ConnectionListener.Listen("127.0.0.1", port, c => Server.Accept(new Overheard(c, this)), ownThreads: true);
        Server.ListenForSearches(new UdpPorts().Open(IPAddress.Loopback, Port), (ushort)Port);
    }

    public ManualTime Time { get; }

    public CaServer Server { get; }

    public int Port => _listener.Port;

    /// <summary>How many requests of a kind clients have made.</summary>
    public int Heard(ushort command)
    {
        lock (_heard)
            return _heard.Count(h => h.Command == command);
    }

    /// <summary>Our own client of this server.</summary>
    public static CaClient OwnClient(int port) => new(
        new CaSettings { Addresses = [$"127.0.0.1:{port}"] },
        new CaSurroundings(new SystemClock(), new TcpConnector(), new UdpPorts(), TimeProvider.System));

    /// <summary>A field of a record of its own.</summary>
    public ServedPv Serve(string name, ushort native, PvValue value, int most = 1, PvMetadata? metadata = null)
    {
        var record = new ServedRecord(name, most > 1 ? "waveform" : "ao");
        var pv = record.Add("VAL", native, value, most);
        pv.Metadata = metadata ?? new PvMetadata(value, default);
        pv.Post(value, Server.StampNs);
        Server.Add(record);
        return pv;
    }

    /// <summary>Waits for what other processes bring about.</summary>
    public static async Task UntilAsync(Func<bool> holds, string what)
    {
        for (var tries = 0; tries < 3000; tries++)
        {
            if (holds())
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(10), TimeProvider.System);
        }
        throw new TimeoutException(what);
    }

    public void Dispose()
    {
        _listener.Dispose();
        Server.Dispose();
    }

    /// <summary>A connection of which the heads of requests are kept.</summary>
    private sealed class Overheard(IConnection connection, ServedOnLoopback owner) : IConnection
    {
        private readonly MessageStream<CaHeader> _stream = new(1 << 26);

        public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed) => connection.Start(
            bytes =>
            {
                var rest = bytes;
                while (_stream.TryTake(ref rest, out var header, out _))
                    lock (owner._heard)
                        owner._heard.Add(header);
                received(bytes);
            },
            closed);

        public void Send(ReadOnlySpan<byte> bytes) => connection.Send(bytes);

        public void Dispose() => connection.Dispose();
    }
}
