using Akka.Actor;

namespace Flyscan.Engine.Simulation;

/// <summary>Carries messages between nodes, and between groups of one node, with latency and faults. Each link keeps its order.</summary>
public sealed class SimulatedNetwork
{
    private readonly SimulationRun _run;
    private readonly Life _outside;
    private readonly Dictionary<(string From, string To), Link> _links = [];
    private readonly Dictionary<(string From, string To), (long LatencyNs, long JitterNs)> _latencies = [];
    private readonly List<(Fault.Partition Fault, long UntilNs)> _partitions = [];
    private int _armed;

    internal SimulatedNetwork(SimulationRun run, Life outside) => (_run, _outside) = (run, outside);

    /// <summary>Sets the latency of one link; the run's options give the others'. Ends of links are <c>node</c> or
    /// <c>node/group</c>.</summary>
    public void SetLatency(string from, string to, long latencyNs, long jitterNs) => _latencies[(from, to)] = (latencyNs, jitterNs);

    /// <summary>Cuts the ends off from each other from now on, both ways; each is a node or a group.</summary>
    public void Partition(string a, string b, long forNs = long.MaxValue) =>
        Cut(new Fault.Partition(a, b, _run.NowNs, forNs));

    /// <summary>Ends every partition now.</summary>
    public void Heal()
    {
        for (var i = 0; i < _partitions.Count; i++)
            _partitions[i] = (_partitions[i].Fault, Math.Min(_partitions[i].UntilNs, _run.NowNs));
        _run.Trace.Add("heal", "", "all partitions");
    }

    /// <summary>Whether nothing passes between the two at this moment.</summary>
    public bool IsCut(string from, string to) => CutUntilNs(from, to) is not null;

    internal void Begin(Fault.Partition fault)
    {
        _run.Decisions.Apply(fault);
        Cut(fault);
    }

    private void Cut(Fault.Partition fault)
    {
        var nowNs = _run.NowNs;
        _run.Trace.Add("cut", $"{fault.A}|{fault.B}", $"for {fault.ForNs} ns");
        _partitions.RemoveAll(p => p.UntilNs <= nowNs);
        _partitions.Add((fault, fault.ForNs > long.MaxValue - nowNs ? long.MaxValue : nowNs + fault.ForNs));
        foreach (var node in _run.Nodes)
        {
            if (node.Life is { } life)
                life.Watches.CheckLater();
        }
    }

    internal bool DivertBetweenSystems(ActorCell from, ActorCell to, object message, IActorRef? sender)
    {
        if (LifeOf(from) is not { } life)
            return false;
        Send(life, GroupOf(life, from), to.Self.Path, message, sender);
        return true;
    }

    internal bool DivertBetweenGroups(Life life, string? from, string? to, ActorCell cell, object message, IActorRef? sender)
    {
        if (from == to || from == ActorNote.Engine || to == ActorNote.Engine)
            return false;
        var link = LinkFor(End(life.Name, from), End(life.Name, to));
        link.Send(SimulationTrace.Show, message, 0, isControl: false, () =>
        {
            if (life.IsAlive)
                cell.Mailbox.Accept(message, sender);
        });
        return true;
    }

    /// <summary>Sends a message to another node's actor, in its serialised form.</summary>
    internal void Send(Life from, string? group, ActorPath to, object message, IActorRef? sender)
    {
        if (!from.IsAlive)
            return;
        var name = to.Address.System;
        Parcel parcel;
        string? senderPath;
        try
        {
            parcel = Parcel.Pack(from, message);
            senderPath = sender is null ? null : from.Export(sender);
        }
        catch (Exception cause)
        {
            throw _run.Problem($"{message.GetType()} cannot cross from {from.Name} to {name}: {cause.Message}", cause);
        }

        var path = to.ToSerializationFormat();
        var node = _run.FindNode(name);
        var link = LinkFor(End(from.Name, group), End(name, node?.GroupOf(to.ToStringWithoutAddress())));
        link.Send(SimulationTrace.Show, message, parcel.Hash, isControl: false, () => Deliver(node, path, parcel, senderPath));
    }

    /// <summary>Sends what keeps remote watches right: it is never lost, but waits while the way is cut.</summary>
    internal void Control(Life from, string to, string what, Action<Life> deliver)
    {
        if (!from.IsAlive)
            return;
        var node = _run.FindNode(to);
        LinkFor(from.Name, to).Send(static text => (string)text, what, StableHash.Of(what), isControl: true, () =>
        {
            if (node?.Life is { System: not null } life)
                deliver(life);
        });
    }

    internal void NodeEnded(Life ended)
    {
        foreach (var node in _run.Nodes)
        {
            if (node.Life is { } life)
                life.Watches.CheckLater();
        }
    }

    internal bool CanReach(Life from, string to, int life) =>
        !IsCut(from.Name, to) && _run.FindNode(to)?.Life is { } there && there.Number == life;

    internal void CrashWhoIsDue()
    {
        for (var i = 0; _armed > 0 && i < _run.Nodes.Count; i++)
        {
            var node = _run.Nodes[i];
            if (node.CrashDue is not { } due || node.Deliveries < due.At)
                continue;
            Disarm(node);
            Crash(node, due.Fault);
        }
    }

    /// <summary>The node crashes after that many more deliveries.</summary>
    internal void Arm(SimulatedNode node, Fault.Crash fault)
    {
        Disarm(node);
        node.CrashDue = (node.Deliveries + fault.AfterDeliveries, fault);
        _armed++;
    }

    internal void Disarm(SimulatedNode node)
    {
        if (node.CrashDue is not null)
            _armed--;
        node.CrashDue = null;
    }

    internal void Crash(SimulatedNode node, Fault.Crash fault)
    {
        if (!node.IsUp)
            return;
        _run.Decisions.Apply(fault);
        node.Crash();
        if (fault.DownNs < long.MaxValue)
            _outside.At(_run.NowNs + fault.DownNs, "restart", () =>
            {
                if (!node.IsUp)
                    node.Start();
            });
    }

    internal long? CutUntilNs(string from, string to)
    {
        long? until = null;
        foreach (var (fault, untilNs) in _partitions)
        {
            var between = (IsOf(from, fault.A) && IsOf(to, fault.B)) || (IsOf(from, fault.B) && IsOf(to, fault.A));
            if (between && untilNs > _run.NowNs)
                until = Math.Max(until ?? 0, untilNs);
        }

        return until;
    }

    internal (long LatencyNs, long JitterNs) LatencyOf(string from, string to) =>
        _latencies.TryGetValue((from, to), out var set) ? set : (_run.Options.LatencyNs, _run.Options.JitterNs);

    private void Deliver(SimulatedNode? node, string path, Parcel parcel, string? senderPath)
    {
        if (node?.Life is not { System: not null } life)
        {
            _run.Trace.Add("dropped", node?.Name ?? "", $"to {path}: the node is down");
            return;
        }

        object message;
        try
        {
            message = parcel.Open(life);
        }
        catch (Exception cause)
        {
            throw _run.Problem($"{node.Name} cannot read {parcel} that was sent to {path}: {cause.Message}", cause);
        }

        var sender = senderPath is null ? null : life.Import(senderPath);
        _run.Enter(life);
        if (life.Import(path) is LocalActorRef local)
            local.Cell.Mailbox.Accept(message, sender);
        else
            life.Import(path).Tell(message, sender);
    }

    private Link LinkFor(string from, string to)
    {
        if (!_links.TryGetValue((from, to), out var link))
            _links.Add((from, to), link = new Link(_run, _outside, from, to));
        return link;
    }

    private static Life? LifeOf(ActorCell cell) => (cell.System.Surroundings?.Context as LifeContext)?.Life;

    private static string? GroupOf(Life life, ActorCell cell) => life.Node!.GroupOf(cell.Self.Path.ToStringWithoutAddress());

    private static string End(string node, string? group) => group is null ? node : $"{node}/{group}";

    private static bool IsOf(string end, string whole) =>
        end == whole || (end.StartsWith(whole, StringComparison.Ordinal) && end[whole.Length] == '/');
}
