namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What PCAP has accumulated since the last trigger, while its gate was high.</summary>
internal sealed class CaptureGate(long enabledNs, IReadOnlyList<EncoderCount> positions)
{
    private readonly Dictionary<EncoderCount, Accumulated> _sums = positions.Distinct().ToDictionary(p => p, _ => new Accumulated());
    private long? _since;

    /// <summary>Ticks with the gate high.</summary>
    public long Ticks { get; private set; }

    /// <summary>Ticks since enable at which the gate first rose in this sample; -1: it did not.</summary>
    public long StartTicks { get; private set; } = -1;

    public long EndTicks { get; private set; } = -1;

    public long TriggerTicks { get; private set; }

    public long TriggerNs { get; private set; }

    public Accumulated Of(EncoderCount position) => _sums[position];

    public void Open(long nowNs)
    {
        _since ??= nowNs;
    }

    public void Close(long nowNs)
    {
        Accumulate(nowNs);
        _since = null;
    }

    /// <summary>Ends the sample here; a gate that is high is split.</summary>
    public void Trigger(long nowNs)
    {
        Accumulate(nowNs);
        TriggerNs = nowNs;
        TriggerTicks = TicksAt(nowNs);
    }

    /// <summary>Begins the next sample.</summary>
    public void Reset()
    {
        (Ticks, StartTicks, EndTicks) = (0, -1, -1);
        foreach (var sum in _sums.Values)
            sum.Reset();
    }

    private long TicksAt(long timeNs) => (timeNs - enabledNs) / PandASimulator.TickNs;

    private void Accumulate(long nowNs)
    {
        if (_since is not { } from || from >= nowNs)
            return;
        var ticks = TicksAt(nowNs) - TicksAt(from);
        if (StartTicks < 0)
            StartTicks = TicksAt(from);
        EndTicks = TicksAt(nowNs);
        Ticks += ticks;
        foreach (var (position, sum) in _sums)
            sum.Add(position, from, nowNs, ticks);
        _since = nowNs;
    }

    /// <summary>Of one position.</summary>
    internal sealed class Accumulated
    {
        public long Diff { get; private set; }

        public long Sum { get; private set; }

        public int Min { get; private set; } = int.MaxValue;

        public int Max { get; private set; } = int.MinValue;

        public void Reset() => (Diff, Sum, Min, Max) = (0, 0, int.MaxValue, int.MinValue);

        public void Add(EncoderCount position, long fromNs, long toNs, long ticks)
        {
            Diff += unchecked(position.At(toNs) - position.At(fromNs));
            Sum += (long)Math.Round(position.Mean(fromNs, toNs) * ticks);
            var (least, greatest) = position.Range(fromNs, toNs);
            (Min, Max) = (Math.Min(Min, least), Math.Max(Max, greatest));
        }
    }
}
