namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What PCAP has accumulated since the last trigger, while its gate was high.</summary>
internal sealed class CaptureGate : IDisposable
{
    private readonly long _enabledTick;
    private readonly Dictionary<CountSource, CountAccumulator> _sums = [];
    private long? _since;

    public CaptureGate(long enabledTick, IEnumerable<PosOutField> positions, BoxEngine engine)
    {
        _enabledTick = enabledTick;
        foreach (var position in positions)
            _sums.TryAdd(position.Source, new CountAccumulator(position.Source, engine)
            {
                WithSquares = position.Capture.Contains("StdDev"),
                WithRange = position.Capture.Contains("Min") || position.Capture.Contains("Max"),
            });
    }

    /// <summary>Ticks with the gate high.</summary>
    public long Ticks { get; private set; }

    /// <summary>Ticks since enable at which the gate first rose in this sample; -1: it did not.</summary>
    public long StartTicks { get; private set; } = -1;

    public long EndTicks { get; private set; } = -1;

    public long TriggerTicks { get; private set; }

    public long TriggerTick => TriggerTicks + _enabledTick;

    public CountAccumulator Of(CountSource position) => _sums[position];

    public void Set(bool high, long tick)
    {
        if (high && _since is null)
            Open(tick);
        else if (!high && _since is not null)
            Close(tick);
    }

    /// <summary>Ends the sample here; a gate that is high is split.</summary>
    public void Trigger(long tick)
    {
        TriggerTicks = tick - _enabledTick;
        if (_since is null)
            return;
        Accumulate(tick);
        foreach (var sum in _sums.Values)
            sum.Take(tick);
    }

    /// <summary>Begins the next sample.</summary>
    public void Reset(long tick)
    {
        (Ticks, StartTicks, EndTicks) = (0, _since is null ? -1 : tick - _enabledTick, -1);
        foreach (var sum in _sums.Values)
            sum.Reset(tick);
    }

    public void Dispose()
    {
        foreach (var sum in _sums.Values)
            sum.Dispose();
    }

    private void Open(long tick)
    {
        _since = tick;
        if (StartTicks < 0)
            StartTicks = tick - _enabledTick;
        foreach (var sum in _sums.Values)
            sum.Open(tick);
    }

    private void Close(long tick)
    {
        Accumulate(tick);
        foreach (var sum in _sums.Values)
            sum.Close(tick);
        _since = null;
    }

    private void Accumulate(long tick)
    {
        EndTicks = tick - _enabledTick;
        Ticks += tick - _since!.Value;
        _since = tick;
    }
}
