using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A bit of the bit bus.</summary>
internal sealed class BitSource(BoxEngine engine) : IBitSignal
{
    private readonly List<BitMuxField> _inputs = [];
    private IBitSignal? _wired;
    private long _changedAt = -1;

    public bool Value { get; private set; }

    public event Action<bool>? Changed;

    /// <summary>As the bus shows it at this tick: what a block put out at the same tick is not there yet.</summary>
    public bool OnBus => _changedAt == engine.Now ? !Value : Value;

    /// <summary>What a block puts out.</summary>
    public void Set(bool value) => Set(value, 1);

    /// <summary>Follows a signal from outside the box.</summary>
    public void Wire(IBitSignal signal)
    {
        if (_wired is not null)
            _wired.Changed -= SetFromOutside;
        _wired = signal;
        signal.Changed += SetFromOutside;
        SetFromOutside(signal.Value);
    }

    public void SetFromOutside(bool value)
    {
        engine.Enter();
        Set(value, 0);
        engine.Leave();
    }

    public void Attach(BitMuxField input) => _inputs.Add(input);

    public void Detach(BitMuxField input) => _inputs.Remove(input);

    private void Set(bool value, int hop)
    {
        if (Value == value)
            return;
        Value = value;
        // A change from outside is on the bus at once; two changes at one tick are none.
        _changedAt = hop == 0 || _changedAt == engine.Now ? -1 : engine.Now;
        foreach (var input in _inputs)
            input.OnSource(hop);
        Changed?.Invoke(value);
    }
}

/// <summary>A position of the position bus: continuous between the moments at which it raises <see cref="Splitting"/>.</summary>
internal abstract class CountSource
{
    /// <summary>Raised before its value jumps: what is accumulated over it must be taken up to this tick.</summary>
    public event Action? Splitting;

    /// <summary>Raised when predictions of it are void.</summary>
    public event Action? Changed;

    /// <summary>It is constant until it is changed.</summary>
    public abstract bool IsStill { get; }

    public abstract int At(long timeNs);

    public abstract double Mean(long fromNs, long toNs);

    public abstract (int Least, int Greatest) Range(long fromNs, long toNs);

    /// <summary>When to look again for counts ≥ (or ≤) the threshold; null: only a change can bring that.</summary>
    public abstract long? NextReach(int threshold, bool ascending, long fromNs);

    /// <summary>Time-weighted mean of the squares.</summary>
    public double MeanSquare(long fromNs, long toNs)
    {
        if (IsStill)
            return (double)At(fromNs) * At(fromNs);
        // Simpson's rule: exact for what moves at constant speed or acceleration, but for the rounding of counts.
        const int Pieces = 32;
        var sum = 0.0;
        for (var i = 0; i <= Pieces; i++)
        {
            double value = At(fromNs + (toNs - fromNs) * i / Pieces);
            sum += value * value * (i is 0 or Pieces ? 1 : i % 2 == 1 ? 4 : 2);
        }
        return sum / (3 * Pieces);
    }

    protected void RaiseSplitting() => Splitting?.Invoke();

    protected void RaiseChanged() => Changed?.Invoke();
}

/// <summary>A counter: what a block puts out, or a signal from outside plus what SETP added, with 32-bit wrap-around.</summary>
internal sealed class LeafCount(BoxEngine engine) : CountSource, IBoxEvent
{
    private readonly Queue<(long Tick, int Value)> _coming = new();
    private ICountSignal? _wired;
    private int _shift;

    public override bool IsStill => _wired is null;

    public void Wire(ICountSignal signal)
    {
        if (_wired is not null)
            _wired.CourseChanged -= OnCourse;
        RaiseSplitting();
        _wired = signal;
        signal.CourseChanged += OnCourse;
        OnCourse();
    }

    /// <summary>What a block puts out: on the bus at the next tick.</summary>
    public void Put(int value)
    {
        _coming.Enqueue((engine.Now + 1, value));
        engine.Change(this, engine.Now + 1);
    }

    public void Happen(long tick)
    {
        while (_coming.TryPeek(out var next) && next.Tick <= tick)
        {
            _coming.Dequeue();
            RaiseSplitting();
            _shift = next.Value;
            RaiseChanged();
        }
    }

    /// <summary>Makes the count be that now.</summary>
    public void SetTo(int count)
    {
        RaiseSplitting();
        _shift = unchecked(count - (_wired?.At(engine.NowNs) ?? 0));
        RaiseChanged();
    }

    /// <summary>The count jumps, as when an encoder loses counts.</summary>
    public void Jump(int counts) => SetTo(unchecked(At(engine.NowNs) + counts));

    public override int At(long timeNs) => unchecked((_wired?.At(timeNs) ?? 0) + _shift);

    public override double Mean(long fromNs, long toNs) => (_wired?.Mean(fromNs, toNs) ?? 0) + _shift;

    public override (int Least, int Greatest) Range(long fromNs, long toNs)
    {
        var (least, greatest) = _wired?.Range(fromNs, toNs) ?? (0, 0);
        return unchecked((least + _shift, greatest + _shift));
    }

    public override long? NextReach(int threshold, bool ascending, long fromNs)
    {
        if (_wired is not null)
            return _wired.NextReach(unchecked(threshold - _shift), ascending, fromNs);
        return (ascending ? _shift >= threshold : _shift <= threshold) ? fromNs : null;
    }

    private void OnCourse()
    {
        engine.Enter();
        RaiseChanged();
        engine.Leave();
    }
}

/// <summary>A sum of positions with signs, shifted right; at one moment with them.</summary>
internal sealed class SumCount : CountSource
{
    private const long LookNs = 1_000;
    private const int MostLooks = 1_000;

    private (CountSource Source, int Sign)[] _terms = [];
    private int _bits;

    public override bool IsStill => _terms.All(t => t.Source.IsStill);

    public void Sum((CountSource Source, int Sign)[] terms, int bits)
    {
        RaiseSplitting();
        foreach (var (source, _) in _terms)
        {
            source.Splitting -= RaiseSplitting;
            source.Changed -= RaiseChanged;
        }
        // A sum of itself would be a sum per tick in the hardware; here such a term counts nothing.
        (_terms, _bits) = ([.. terms.Where(t => t.Source is not SumCount sum || !sum.Needs(this))], bits);
        foreach (var (source, _) in _terms)
        {
            source.Splitting += RaiseSplitting;
            source.Changed += RaiseChanged;
        }
        RaiseChanged();
    }

    public override int At(long timeNs)
    {
        var sum = 0L;
        foreach (var (source, sign) in _terms)
            sum += sign * (long)source.At(timeNs);
        return unchecked((int)(sum >> _bits));
    }

    public override double Mean(long fromNs, long toNs)
    {
        if (IsStill)
            return At(fromNs);
        // Rounding down by the shift takes half of its range on average.
        var sum = _terms.Sum(t => t.Sign * t.Source.Mean(fromNs, toNs));
        return (sum - ((1 << _bits) - 1) / 2.0) / (1 << _bits);
    }

    public override (int Least, int Greatest) Range(long fromNs, long toNs)
    {
        if (_terms.Count(t => !t.Source.IsStill) == 1)
            return OneMoving(fromNs, toNs);
        const int Looks = 256;
        var (least, greatest) = (int.MaxValue, int.MinValue);
        for (var i = 0; i <= Looks; i++)
        {
            var value = At(fromNs + (toNs - fromNs) * i / Looks);
            (least, greatest) = (Math.Min(least, value), Math.Max(greatest, value));
        }
        return (least, greatest);
    }

    public override long? NextReach(int threshold, bool ascending, long fromNs)
    {
        bool Reached(long timeNs) => ascending ? At(timeNs) >= threshold : At(timeNs) <= threshold;
        if (Reached(fromNs))
            return fromNs;
        var moving = _terms.Where(t => !t.Source.IsStill).ToArray();
        if (moving.Length == 0)
            return null;
        if (moving is [var one])
        {
            var still = _terms.Where(t => t.Source.IsStill).Sum(t => t.Sign * (long)t.Source.At(fromNs));
            var limit = (((long)threshold + (ascending ? 0 : 1)) << _bits) - (ascending ? 0 : 1) - still;
            return one.Source.NextReach((int)Math.Clamp(one.Sign * limit, int.MinValue, int.MaxValue), ascending == one.Sign > 0, fromNs);
        }
        for (var look = 1; look <= MostLooks; look++)
            if (Reached(fromNs + look * LookNs))
                return fromNs + look * LookNs;
        return fromNs + MostLooks * LookNs;
    }

    private bool Needs(SumCount other) => this == other || _terms.Any(t => t.Source is SumCount sum && sum.Needs(other));

    private (int Least, int Greatest) OneMoving(long fromNs, long toNs)
    {
        var (moving, sign) = _terms.First(t => !t.Source.IsStill);
        var (least, greatest) = moving.Range(fromNs, toNs);
        var still = _terms.Where(t => t.Source.IsStill).Sum(t => t.Sign * (long)t.Source.At(fromNs));
        var (a, b) = sign > 0 ? (least, greatest) : (greatest, least);
        return unchecked(((int)(still + sign * (long)a >> _bits), (int)(still + sign * (long)b >> _bits)));
    }
}

/// <summary>Bit and position buses: what a mux can select, by name, in bus order.</summary>
internal sealed class BoxBuses
{
    private readonly Dictionary<string, BitSource> _bits;
    private readonly Dictionary<string, CountSource> _positions;

    public BoxBuses(BoxEngine engine)
    {
        var high = new BitSource(engine);
        high.Set(true);
        _bits = new() { ["ZERO"] = new BitSource(engine), ["ONE"] = high };
        _positions = new() { ["ZERO"] = new LeafCount(engine) };
    }

    public List<string> BitNames { get; } = [];

    /// <summary>The bits in bus order.</summary>
    public List<BitSource> Bits { get; } = [];

    public List<string> PositionNames { get; } = [];

    public BitSource? Bit(string name) => _bits.GetValueOrDefault(name);

    public CountSource? Position(string name) => _positions.GetValueOrDefault(name);

    public void AddBit(string name, BitSource source)
    {
        BitNames.Add(name);
        Bits.Add(source);
        _bits.Add(name, source);
    }

    public void AddPosition(string name, CountSource count)
    {
        PositionNames.Add(name);
        _positions.Add(name, count);
    }
}
