using Akka.Actor;
using Akka.Configuration;
using Akka.Dispatch;

namespace Flyscan.Engine.Simulation;

/// <summary>What a node is made of.</summary>
public sealed record NodeOptions
{
    /// <summary>The actor system's configuration; null for a node without actors, such as a simulated device.</summary>
    public Config? Config { get; init; } = Config.Empty;

    /// <summary>What the node's process does when it starts, and again after each crash.</summary>
    public Action<SimulatedNode>? Boot { get; init; }

    /// <summary>Actors of one system that talk to others of it over the network: a name, and the paths below which they are.</summary>
    public IReadOnlyList<NodeGroup> Groups { get; init; } = [];

    /// <summary>Whether a profile's crashes may meet it.</summary>
    public bool MayCrash { get; init; } = true;
}

/// <summary>A named group: the actors at the path and below it, as <c>/user/devices</c>.</summary>
public sealed record NodeGroup(string Name, string Path);

/// <summary>One simulated process: an actor system, timers, continuations, and a disk that outlives its crashes.</summary>
public sealed class SimulatedNode
{
    private readonly NodeOptions _options;
    private readonly List<Action> _atCrash = [];
    private int _lives;
    private Life? _life;
    private Life _last;

    internal SimulatedNode(SimulationRun run, string name, NodeOptions options)
    {
        (Run, Name, _options) = (run, name, options);
        Disk = new SimulatedDisk(this);
        _last = new Life(run, name, 0, this);
    }

    public SimulationRun Run { get; }

    /// <summary>Also the name of its actor system: <c>akka://name/user/…</c> is where its actors are.</summary>
    public string Name { get; }

    public bool IsUp => _life is not null;

    /// <summary>How often it has been started.</summary>
    public int Lives => _lives;

    /// <summary>Its present actor system.</summary>
    /// <remarks><b>Errors</b> throws where the node is down or has no actors.</remarks>
    public ActorSystem System => Alive.System
        ?? throw new InvalidOperationException($"Node {Name} has no actor system: it was added without a configuration.");

    /// <summary>What is durable.</summary>
    public SimulatedDisk Disk { get; }

    /// <summary>The virtual clock; timers made with it end with the present life.</summary>
    public TimeProvider Time => Alive.Time;

    public long NowNs => Run.NowNs;

    /// <summary>Messages that its actors have processed in all its lives.</summary>
    public long Deliveries { get; private set; }

    internal bool HasGroups => _options.Groups.Count > 0;

    internal bool MayCrash => _options.MayCrash;

    internal Life? Life => _life;

    internal Life LastLife => _last;

    /// <summary>The delivery count at which it crashes, and for how long it is down then.</summary>
    internal (long At, Fault.Crash Fault)? CrashDue { get; set; }

    private Life Alive => _life ?? throw new InvalidOperationException($"Node {Name} is down.");

    /// <summary>Actions in order, in the present life.</summary>
    public SimulatedLane NewLane() => new(Alive);

    /// <summary>Runs the action at that time, unless the node has crashed; disposing the result prevents it.</summary>
    public IDisposable At(long timeNs, Action action) => Alive.At(timeNs, "timer", action);

    /// <summary>Runs the action soon, in no particular order with others, in the present life.</summary>
    public void Post(Action action) => Alive.Context.Post(static state => ((Action)state!)(), action);

    /// <summary>What the operating system does when this process dies, such as closing its connections; for the present life.</summary>
    public void OnCrash(Action action) => _atCrash.Add(action);

    /// <summary>A reference to an actor of another node, as one that came in a message; the path begins with /user.</summary>
    public IActorRef RefTo(SimulatedNode node, string path) => Alive.Import($"akka://{node.Name}{path}");

    /// <summary>The process dies at this moment: nothing of it goes on, nothing is told, only the disk stays.</summary>
    public void Crash()
    {
        if (_life is not { } life)
            return;
        Run.Trace.Add("crash", Name, $"life {life.Number}, after {Deliveries} deliveries");
        life.End();
        _life = null;
        Run.Network.Disarm(this);
        Disk.Crash();
        foreach (var action in _atCrash)
            action();
        _atCrash.Clear();
        Run.Network.NodeEnded(life);
    }

    /// <summary>Starts it again; a node that is up crashes first.</summary>
    public void Restart()
    {
        Crash();
        Start();
    }

    public override string ToString() => Name;

    internal void Start()
    {
        var life = new Life(Run, Name, ++_lives, this);
        (_life, _last) = (life, life);
        Run.Trace.Add("start", Name, $"life {life.Number}");
        var outer = SynchronizationContext.Current;
        Run.Enter(life);
        try
        {
            if (_options.Config is { } config)
                life.System = ActorSystemImpl.Start(
                    Name, config, new SimulatedClock(life), new SimulatedDispatcher(life), SurroundingsOf(life));
            _options.Boot?.Invoke(this);
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    internal void CountDelivery() => Deliveries++;

    internal string? GroupOf(string path)
    {
        foreach (var group in _options.Groups)
        {
            if (path == group.Path || path.StartsWith(group.Path + "/", StringComparison.Ordinal))
                return group.Name;
        }

        return null;
    }

    private SystemSurroundings SurroundingsOf(Life life) => new()
    {
        Context = life.Context,
        UidsAfter = (long)life.Number << 32,
        Remote = path => new RemoteActorRef(life, path),
        Journal = adapters => Props.Create<SimulatedJournal>(life, adapters),
        Snapshots = () => Props.Create<Akka.Persistence.SnapshotActor>(
            (Func<Akka.Persistence.ISnapshotBackend>)(() => new SimulatedSnapshots(life))),
    };
}
