namespace Flyscan.Engine.Simulation;

/// <summary>One way between two ends: in order, as a connection is, so that what is late holds up what follows.</summary>
internal sealed class Link(SimulationRun run, Life outside, string from, string to)
{
    private readonly SimulatedLane _lane = new(outside);
    private readonly string _name = $"{from}>{to}";
    private long _sent;
    private long _lastDueNs;

    /// <summary>Sends something; what it meets on its way is decided here, by its number on this link.</summary>
    internal void Send(Func<object, string> show, object message, ulong hash, bool isControl, Action deliver)
    {
        run.RequireThread("a message was sent to another node");
        var number = _sent++;
        var (latencyNs, jitterNs) = run.Network.LatencyOf(from, to);
        var dueNs = run.NowNs + latencyNs + run.Decisions.Draw(_name, number).Below(jitterNs);
        if (isControl)
        {
            if (run.Network.CutUntilNs(from, to) is { } healsNs)
                dueNs = healsNs == long.MaxValue ? long.MaxValue : healsNs + latencyNs;
            Carry(Math.Max(dueNs, run.NowNs), number, show, message, hash, isControl, deliver);
            return;
        }

        var fate = run.Decisions.ForMessage(from, to, number);
        run.Trace.Add("send", _name, StableHash.Join(hash, (ulong)number), () => $"#{number} {show(message)}");
        if (fate.IsLost || run.Network.IsCut(from, to))
        {
            run.Trace.Add("lost", _name, $"#{number}");
            return;
        }

        Carry(dueNs + fate.DelayNs, number, show, message, hash, isControl, deliver);
        if (fate.AgainAfterNs is { } againNs)
            ArriveAt(_lastDueNs + againNs, number, show, message, hash, isControl, deliver);
    }

    private void Carry(
        long dueNs, long number, Func<object, string> show, object message, ulong hash, bool isControl, Action deliver)
    {
        if (dueNs == long.MaxValue)
            return;
        _lastDueNs = Math.Max(_lastDueNs, dueNs);
        ArriveAt(_lastDueNs, number, show, message, hash, isControl, deliver);
    }

    private void ArriveAt(
        long dueNs, long number, Func<object, string> show, object message, ulong hash, bool isControl, Action deliver) =>
        _lane.At(dueNs, () =>
        {
            if (!isControl && run.Network.IsCut(from, to))
            {
                run.Trace.Add("lost", _name, $"#{number}, cut on its way");
                return;
            }

            var kind = isControl ? "control" : "arrive";
            run.Trace.Add(kind, _name, StableHash.Join(hash, (ulong)number), () => $"#{number} {show(message)}");
            deliver();
        });
}
