using Akka.Actor;
using Akka.Dispatch;
using Flyscan.Engine.Time;

namespace Flyscan.Engine.Simulation;

/// <summary>One life of a node, from its start to its crash: whatever it began ends with it.</summary>
internal sealed class Life
{
    private readonly Dictionary<string, IInternalActorRef> _exported = new(StringComparer.Ordinal);
    private int _sweepAt = 256;

    internal Life(SimulationRun run, string name, int number, SimulatedNode? node)
    {
        (Run, Name, Number, Node) = (run, name, number, node);
        Context = new LifeContext(this);
        Time = new SimulatedTime(this);
        Watches = new RemoteWatches(this);
    }

    internal SimulationRun Run { get; }

    internal string Name { get; }

    /// <summary>Counts the lives of the node from 1.</summary>
    internal int Number { get; }

    /// <summary>Null for the scenario itself and the network.</summary>
    internal SimulatedNode? Node { get; }

    internal bool IsAlive { get; private set; } = true;

    internal LifeContext Context { get; }

    internal SimulatedTime Time { get; }

    internal RemoteWatches Watches { get; }

    internal ActorSystemImpl? System { get; set; }

    internal void End()
    {
        IsAlive = false;
        System?.Clockwork.Dispose();
    }

    internal CallbackEvent At(long timeNs, string kind, Action action)
    {
        var item = new CallbackEvent(this, kind, action);
        Run.Schedule(item, timeNs);
        return item;
    }

    /// <summary>The text by which others can find the actor.</summary>
    internal string Export(IActorRef actor)
    {
        var path = actor.Path.ToSerializationFormat();
        if (actor is LocalActorRef or RemoteActorRef or Nobody or DeadLetterActorRef || actor is not IInternalActorRef special)
            return path;
        if (_exported.Count >= _sweepAt)
        {
            foreach (var ended in _exported.Where(e => e.Value.IsTerminated).Select(e => e.Key).ToArray())
                _exported.Remove(ended);
            _sweepAt = Math.Max(256, _exported.Count * 2);
        }

        _exported[path] = special;
        return path;
    }

    /// <summary>The reference that stands for that text here.</summary>
    internal IActorRef Import(string text)
    {
        var path = ActorPath.Parse(text);
        if (path.Address.System != Name)
            return path.Equals(((IActorRef)ActorRefs.Nobody).Path) ? ActorRefs.Nobody : new RemoteActorRef(this, path);
        return _exported.TryGetValue(text, out var special) ? special : System!.Resolve(path);
    }
}

/// <summary>Brings continuations back to the life they began in, as things to run in their turn.</summary>
internal sealed class LifeContext(Life life) : DeterministicContext
{
    internal Life Life { get; } = life;

    public override void Post(SendOrPostCallback d, object? state)
    {
        Life.Run.RequireThread("a continuation was posted");
        Life.Run.MakeReady(d, state, Life);
    }

    public override void Send(SendOrPostCallback d, object? state)
    {
        Life.Run.RequireThread("a continuation was sent");
        d(state);
    }

    public override SynchronizationContext CreateCopy() => this;
}

/// <summary>The virtual clock as the engine reads it.</summary>
internal sealed class SimulatedClock(Life life) : IEngineClock
{
    private CallbackEvent? _alarm;

    public TimeSpan Elapsed => TimeSpan.FromTicks(life.Run.NowNs / 100);

    public DateTimeOffset Now => life.Run.UtcNow;

    public Action? Alarm { private get; set; }

    public void SetAlarm(TimeSpan delay)
    {
        life.Run.RequireThread("a timer was set");
        _alarm?.Cancel();
        _alarm = life.At(SimulationRun.After(life.Run.NowNs, delay), "timers", () => Alarm?.Invoke());
    }

    public void Dispose() => _alarm?.Cancel();
}

/// <summary>What the run keeps with each mailbox.</summary>
internal sealed record ActorNote(ulong Hash, string? Group)
{
    /// <summary>The group of the engine's own actors, such as the journal: they are near everyone.</summary>
    internal const string Engine = "/system";
}

/// <summary>Puts mailboxes among the runnable things, a message at a time, and sees what they process.</summary>
internal sealed class SimulatedDispatcher(Life life) : IDispatcher, IMailboxObserver
{
    private readonly SimulationRun _run = life.Run;

    public int Throughput => 1;

    public void Execute(Mailbox mailbox)
    {
        if (life.IsAlive)
            _run.MakeReady(mailbox, null, life);
    }

    public void Await(Task task)
    {
        while (!task.IsCompleted && _run.Step())
        {
        }

        if (!task.IsCompleted)
            throw _run.Problem($"{life.Name} waits at its start for what does not come without the passing of time");
        task.Wait();
    }

    public void Posting() => _run.RequireThread("an actor was sent a message");

    public bool Diverts(ActorCell to, object message, IActorRef? sender)
    {
        if (ActorCell.Current is not { } from)
            return false;
        if (!ReferenceEquals(from.System, to.System))
            return _run.Network.DivertBetweenSystems(from, to, message, sender);
        return life.Node!.HasGroups && _run.Network.DivertBetweenGroups(life, NoteOf(from).Group, NoteOf(to).Group, to, message, sender);
    }

    public void Receiving(ActorCell cell, object message, IActorRef? sender)
    {
        var from = sender is LocalActorRef local ? NoteOf(local.Cell).Hash : sender is null ? 0UL : 1UL;
        _run.Trace.Delivered(NoteOf(cell), from, message);
        if (_run.Trace.Records)
            _run.Trace.Line("deliver", life.Name, Text(cell, message, sender));
        life.Node!.CountDelivery();
    }

    private static string Text(ActorCell cell, object message, IActorRef? sender)
    {
        var from = sender is null ? "" : $" from {(sender is LocalActorRef ? sender.Path.ToStringWithoutAddress() : sender.Path)}";
        return $"{cell.Self.Path.ToStringWithoutAddress()} <- {SimulationTrace.Show(message)}{from}";
    }

    private ActorNote NoteOf(ActorCell cell) => (ActorNote)(cell.Mailbox.Note ??= MakeNote(cell));

    private ActorNote MakeNote(ActorCell cell)
    {
        var path = cell.Self.Path.ToStringWithoutAddress();
        return new ActorNote(StableHash.Join(StableHash.Of(cell.System.Name), StableHash.Of(path)), GroupOf(cell, path));
    }

    private static string? GroupOf(ActorCell cell, string path) => path.StartsWith(ActorNote.Engine, StringComparison.Ordinal)
        ? ActorNote.Engine
        : (cell.System.Surroundings?.Context as LifeContext)?.Life.Node?.GroupOf(path);
}
