namespace Flyscan.Engine.Simulation;

/// <summary>What a message meets on its way.</summary>
internal readonly record struct MessageFate(bool IsLost, long DelayNs, long? AgainAfterNs);

/// <summary>What becomes of a journal's write.</summary>
internal readonly record struct WriteFate(bool Fails, long DelayNs);

/// <summary>Decides each fault: as the list says, or else as the seed and the profile do, and keeps what happened.</summary>
/// <remarks>Each decision is drawn from the seed and its own place alone, so that taking one fault away leaves the others.</remarks>
internal sealed class FaultDecisions
{
    private readonly SimulationRun _run;
    private readonly FaultProfile? _profile;
    private readonly HashSet<Fault>? _script;
    private readonly Dictionary<(string, string, long), Fault.Duplicate> _duplicates = [];
    private readonly Dictionary<(string, string, long), Fault.Delay> _delays = [];
    private readonly Dictionary<(string, long), Fault.DelayWrite> _slowWrites = [];
    private readonly IReadOnlyList<Fault> _given;
    private readonly List<Fault> _applied = [];

    internal FaultDecisions(SimulationRun run, SimulationOptions options)
    {
        _run = run;
        _given = options.Faults ?? [];
        _profile = options.Faults is null ? options.Profile : null;
        _script = options.Faults is null ? null : [.. _given];
        foreach (var fault in _given)
            Index(fault);
    }

    internal IReadOnlyList<Fault> Applied => _applied;

    internal SimulationGenerator Draw(string what, long number) =>
        new(SimulationGenerator.Mix(SimulationGenerator.Mix(_run.Options.Seed ^ StableHash.Of(what)) + (ulong)number));

    internal void Apply(Fault fault)
    {
        _applied.Add(fault);
        _run.Trace.Add("fault", "", fault.ToString());
    }

    /// <summary>Sets what comes at a time of its own.</summary>
    internal void Begin()
    {
        foreach (var fault in _profile is null ? _given : Timed(_profile))
        {
            switch (fault)
            {
                case Fault.Partition partition:
                    _run.ScheduleFault(partition.AtNs, () => _run.Network.Begin(partition));
                    break;
                case Fault.Crash crash:
                    _run.ScheduleFault(crash.AtNs, () => Crash(crash));
                    break;
            }
        }
    }

    internal MessageFate ForMessage(string from, string to, long number)
    {
        if (_script is not null)
        {
            var lose = new Fault.Lose(from, to, number);
            var isLost = _script.Contains(lose);
            if (isLost)
                Apply(lose);
            return isLost ? new MessageFate(true, 0, null) : Fate(
                _delays.GetValueOrDefault((from, to, number)), _duplicates.GetValueOrDefault((from, to, number)));
        }

        if (_profile is not { } profile || profile is { LossPerMillion: 0, DelayPerMillion: 0, DuplicationPerMillion: 0 })
            return default;
        var draw = Draw($"fate:{from}>{to}", number);
        if (draw.Happens(profile.LossPerMillion))
        {
            Apply(new Fault.Lose(from, to, number));
            return new MessageFate(true, 0, null);
        }

        var delay = draw.Happens(profile.DelayPerMillion) ? new Fault.Delay(from, to, number, draw.Below(profile.LongestDelayNs)) : null;
        var again = draw.Happens(profile.DuplicationPerMillion)
            ? new Fault.Duplicate(from, to, number, draw.Below(profile.LongestDelayNs))
            : null;
        return Fate(delay, again);
    }

    internal WriteFate ForWrite(string node, long number)
    {
        if (_script is not null)
            return Fate(_script.Contains(new Fault.FailWrite(node, number)), _slowWrites.GetValueOrDefault((node, number)), node, number);
        if (_profile is not { } profile)
            return default;
        var draw = Draw("write:" + node, number);
        var fails = draw.Happens(profile.WriteFailurePerMillion);
        var delay = draw.Happens(profile.WriteDelayPerMillion)
            ? new Fault.DelayWrite(node, number, draw.Below(profile.LongestWriteDelayNs))
            : null;
        return Fate(fails, delay, node, number);
    }

    private MessageFate Fate(Fault.Delay? delay, Fault.Duplicate? again)
    {
        if (delay is not null)
            Apply(delay);
        if (again is not null)
            Apply(again);
        return new MessageFate(false, delay?.ByNs ?? 0, again?.AfterNs);
    }

    private WriteFate Fate(bool fails, Fault.DelayWrite? delay, string node, long number)
    {
        if (fails)
            Apply(new Fault.FailWrite(node, number));
        if (delay is not null)
            Apply(delay);
        return new WriteFate(fails, delay?.ByNs ?? 0);
    }

    private void Crash(Fault.Crash fault)
    {
        if (_run.FindNode(fault.Node) is not { IsUp: true } node)
            return;
        if (fault.AfterDeliveries <= 0)
            _run.Network.Crash(node, fault);
        else
            _run.Network.Arm(node, fault);
    }

    private List<Fault> Timed(FaultProfile profile)
    {
        var draw = SimulationGenerator.For(_run.Options.Seed, "timed faults");
        var faults = new List<Fault>();
        var mortal = _run.Nodes.Where(n => n.MayCrash).ToArray();
        for (var i = 0; i < profile.Crashes && mortal.Length > 0; i++)
            faults.Add(new Fault.Crash(
                mortal[draw.Below(mortal.Length)].Name,
                draw.Below(profile.HorizonNs),
                draw.Below(profile.MostDeliveriesToCrash + 1),
                draw.Below(profile.LongestDownNs)));
        for (var i = 0; i < profile.Partitions && _run.Nodes.Count > 1; i++)
        {
            var a = draw.Below(_run.Nodes.Count);
            var b = (a + 1 + draw.Below(_run.Nodes.Count - 1)) % _run.Nodes.Count;
            faults.Add(new Fault.Partition(
                _run.Nodes[a].Name, _run.Nodes[b].Name, draw.Below(profile.HorizonNs), draw.Below(profile.LongestPartitionNs)));
        }

        return faults;
    }

    private void Index(Fault fault)
    {
        switch (fault)
        {
            case Fault.Duplicate duplicate:
                _duplicates[(duplicate.From, duplicate.To, duplicate.Message)] = duplicate;
                break;
            case Fault.Delay delay:
                _delays[(delay.From, delay.To, delay.Message)] = delay;
                break;
            case Fault.DelayWrite slow:
                _slowWrites[(slow.Node, slow.Write)] = slow;
                break;
        }
    }
}
