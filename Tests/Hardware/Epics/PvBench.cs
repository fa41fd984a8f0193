using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Simulation;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>A client and a server in memory, on a clock that moves only by hand.</summary>
internal abstract class PvBench : IAsyncDisposable
{
    public const long Second = 1_000_000_000;

    private readonly Queue<Action> _posted = new();
    private QueueContext? _context;

    protected PvBench(Func<CaSurroundings, PvClient> client)
    {
        // Servers' clocks begin in 1990.
        Time.Advance(TimeSpan.FromDays(20_000));
        Network = new MemoryNetwork(Post);
        Datagrams = new MemoryDatagrams(Post);
        Clock = new WallClock(Time);
        StartServer();
        Client = client(Around);
    }

    public ManualTime Time { get; } = new();

    public WallClock Clock { get; }

    public MemoryNetwork Network { get; }

    public MemoryDatagrams Datagrams { get; }

    /// <summary>The present server's records.</summary>
    public CaServer Records { get; private set; } = null!;

    public PvClient Client { get; }

    /// <summary>What another client of this bench is given.</summary>
    public CaSurroundings Around => new(Clock, Network, Datagrams, Time);

    /// <summary>TCP port of the server.</summary>
    protected abstract int ServerPort { get; }

    /// <summary>A new server at the same address, without the records of the old one.</summary>
    public void StartServer()
    {
        Records = new CaServer(Clock, Time);
        Listen();
    }

    /// <summary>The server dies: its connections are cut, and nobody answers any more.</summary>
    public void KillServer()
    {
        CloseServer();
        Network.Listen(ServerPort, connection => connection.Dispose());
        Run();
    }

    /// <summary>A record with one or more fields.</summary>
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

    /// <summary>Everything that is due now.</summary>
    public void Run()
    {
        var outside = SynchronizationContext.Current;
        if (_context is not null)
            SynchronizationContext.SetSynchronizationContext(_context);
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
        SynchronizationContext.SetSynchronizationContext(outside);
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

    /// <summary>What is called next goes on in this bench's own queue, on this thread: however slow the machine, time passes only when
    /// nothing is left to do.</summary>
    /// <remarks>A method that awaits forgets it when it returns, so that whoever calls a driver enters first.</remarks>
    public void Enter() => SynchronizationContext.SetSynchronizationContext(_context ??= new QueueContext(Post));

    /// <summary>Runs until the task has ended; fails when it needs more beam time than given.</summary>
    public async Task<T> EndAsync<T>(Task<T> task, double seconds = 60)
    {
        for (var passed = 0.0; _context is not null && !task.IsCompleted && passed < seconds; passed += 0.01)
        {
            Run();
            if (!task.IsCompleted)
                Pass(10_000_000);
        }
        for (var passed = 0.0; _context is null && !task.IsCompleted && passed < seconds; passed += 0.01)
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

    /// <summary>What waits to be taken.</summary>
    public static List<PvReading> Taken(IPvMonitor monitor)
    {
        var taken = new List<PvReading>();
        while (monitor.TryTake(out var reading))
            taken.Add(reading!);
        return taken;
    }

    public async ValueTask DisposeAsync()
    {
        await Client.DisposeAsync();
        CloseServer();
    }

    /// <summary>Serves the present records.</summary>
    protected abstract void Listen();

    /// <summary>Ends the server and its records.</summary>
    protected abstract void CloseServer();

    /// <summary>Posts may come while others run.</summary>
    private void Post(Action action)
    {
        lock (_posted)
            _posted.Enqueue(action);
    }

    private sealed class QueueContext(Action<Action> post) : SynchronizationContext
    {
        public override void Post(SendOrPostCallback d, object? state) => post(() => d(state));

        public override void Send(SendOrPostCallback d, object? state) => d(state);
    }
}
