namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What is accumulated of one position while a gate is high, tick by tick as the hardware does.</summary>
internal sealed class CountAccumulator : IDisposable
{
    private readonly CountSource _source;
    private readonly BoxEngine _engine;
    private long? _since;
    private int _valueAtOpen;

    public CountAccumulator(CountSource source, BoxEngine engine)
    {
        (_source, _engine) = (source, engine);
        source.Splitting += Split;
    }

    /// <summary>Sums of squares are taken too.</summary>
    public bool WithSquares { get; init; }

    /// <summary>Ends of the range are taken too.</summary>
    public bool WithRange { get; init; }

    public long Ticks { get; private set; }

    public long Diff { get; private set; }

    public long Sum { get; private set; }

    public Int128 Squares { get; private set; }

    public int Min { get; private set; } = int.MaxValue;

    public int Max { get; private set; } = int.MinValue;

    public int At(long tick) => _source.At(tick * PandASimulator.TickNs);

    public void Open(long tick)
    {
        _since = tick;
        _valueAtOpen = At(tick);
        Include(_valueAtOpen, _valueAtOpen);
    }

    public void Close(long tick)
    {
        Take(tick);
        _since = null;
    }

    /// <summary>Accumulates up to this tick.</summary>
    public void Take(long tick)
    {
        if (_since is null)
            return;
        var value = At(tick);
        Diff += (long)value - _valueAtOpen;
        _valueAtOpen = value;
        Accumulate(tick);
    }

    /// <summary>Begins anew; a gate that is open stays so.</summary>
    public void Reset(long tick)
    {
        (Ticks, Diff, Sum, Squares, Min, Max) = (0, 0, 0, 0, int.MaxValue, int.MinValue);
        if (_since is not null)
            Open(tick);
    }

    public void Dispose() => _source.Splitting -= Split;

    private void Split() => Accumulate(_engine.Now);

    private void Accumulate(long tick)
    {
        if (_since is not { } from || tick <= from)
            return;
        _since = tick;
        var ticks = tick - from;
        Ticks += ticks;
        var (fromNs, toNs) = (from * PandASimulator.TickNs, tick * PandASimulator.TickNs);
        Sum += _source.IsStill ? _source.At(fromNs) * ticks : (long)Math.Round(_source.Mean(fromNs, toNs) * ticks);
        if (WithSquares)
            Squares += (Int128)Math.Round(_source.MeanSquare(fromNs, toNs) * ticks);
        if (!WithRange)
            return;
        var (least, greatest) = _source.Range(fromNs, toNs);
        Include(least, greatest);
    }

    private void Include(int least, int greatest) => (Min, Max) = (Math.Min(Min, least), Math.Max(Max, greatest));
}
