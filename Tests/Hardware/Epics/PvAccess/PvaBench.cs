using System.Net;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Epics.PvAccess.Server;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Simulation;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>A client and a server in memory, on a clock that moves only by hand.</summary>
internal sealed class PvaBench : IAsyncDisposable
{
    public const int Port = 5075;
    public const int SearchPort = 5076;
    public const long Second = 1_000_000_000;

    private readonly Queue<Action> _posted = new();
    private IDisposable? _serverPort;

    public PvaBench(PvaSettings? settings = null)
    {
        // Servers' clocks begin in 1990.
        Time.Advance(TimeSpan.FromDays(20_000));
        Network = new MemoryNetwork(Post);
        Datagrams = new MemoryDatagrams(Post);
        Clock = new WallClock(Time);
        StartServer();
        Client = new PvaClient(settings ?? new PvaSettings(), new CaSurroundings(Clock, Network, Datagrams, Time));
    }

    public ManualTime Time { get; } = new();

    public WallClock Clock { get; }

    public MemoryNetwork Network { get; }

    public MemoryDatagrams Datagrams { get; }

    public CaServer Records { get; private set; } = null!;

    public PvaServer Server { get; private set; } = null!;

    public PvaClient Client { get; }

    /// <summary>A record with one or more fields, as QSRV would serve it.</summary>
    public ServedRecord Serve(string name, double value, params (string Field, ushort Kind, PvValue Value, int Most)[] more)
    {
        var record = new ServedRecord(name, "ao");
        var pv = record.Add("VAL", Dbr.Double, new PvValue.Number(value));
        pv.Metadata = new PvMetadata(pv.Value, default) { Units = "mm", Precision = 3, Control = new PvRange(-90, 90) };
        pv.Post(pv.Value, Records.StampNs);
        foreach (var (field, kind, content, most) in more)
            record.Add(field, kind, content, most);
        Records.Add(record);
        return record;
    }

    /// <summary>A structure of one's own.</summary>
    public PvaServed Serve(string name, PvaValue.Structure value)
    {
        var served = new PvaServed(name, value);
        Server.Add(served);
        return served;
    }

    /// <summary>A new server at the same address, without the records of the old one.</summary>
    public void StartServer()
    {
        Records = new CaServer(Clock, Time);
        Server = new PvaServer(Records);
        Network.Listen(Port, Server.Accept);
        var port = Datagrams.Open(IPAddress.Loopback, SearchPort);
        _serverPort = port;
        Server.ListenForSearches(port, Port, IPAddress.Any);
    }

    /// <summary>The server dies: its connections are cut, and nobody answers any more.</summary>
    public void KillServer()
    {
        Server.Dispose();
        Records.Dispose();
        _serverPort!.Dispose();
        Network.Listen(Port, connection => connection.Dispose());
        Run();
    }

    /// <summary>Everything that is due now.</summary>
    public void Run()
    {
        for (var idle = 0; idle < 3;)
        {
            Action? next;
            lock (_posted)
                _posted.TryDequeue(out next);
            if (next is null)
            {
                idle++;
                continue;
            }
            idle = 0;
            next();
        }
    }

    /// <summary>Time passes in small steps.</summary>
    public void Pass(long ns, long stepNs = 10_000_000)
    {
        for (var passed = 0L; passed < ns; passed += stepNs)
        {
            Time.Advance(TimeSpan.FromTicks(stepNs / 100));
            Run();
        }
    }

    /// <summary>Runs until the task has ended; fails when it needs more beam time than given.</summary>
    public async Task<T> EndAsync<T>(Task<T> task, double seconds = 60)
    {
        for (var passed = 0.0; !task.IsCompleted && passed < seconds; passed += 0.01)
        {
            Run();
            // Continuations of drivers run on the thread pool: they need a moment of it before time goes on.
            for (var i = 0; i < 100 && !task.IsCompleted; i++)
            {
                await Task.Yield();
                Run();
            }
            if (!task.IsCompleted)
                Pass(10_000_000);
        }
        Assert.True(task.IsCompleted, $"not ended after {seconds} s");
        return await task;
    }

    public T Value<T>(Task<Outcome<T>> task)
    {
        Run();
        Assert.True(task.IsCompleted, "no answer");
        var outcome = task.GetAwaiter().GetResult();
        return Assert.IsType<Outcome<T>.Completed>(outcome).Value;
    }

    public IPvChannel Connected(string name)
    {
        var channel = Client.Open(name);
        Value(channel.ConnectAsync(Second, CancellationToken.None));
        return channel;
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        Server.Dispose();
        Records.Dispose();
    }

    private void Post(Action action)
    {
        lock (_posted)
            _posted.Enqueue(action);
    }
}
