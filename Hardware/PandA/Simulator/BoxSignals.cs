using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A bit that a block drives.</summary>
internal sealed class BitSource : IBitSignal
{
    private IBitSignal? _wired;

    public bool Value { get; private set; }

    public event Action<bool>? Changed;

    public void Set(bool value)
    {
        if (Value == value)
            return;
        Value = value;
        Changed?.Invoke(value);
    }

    /// <summary>Follows a signal from outside the box.</summary>
    public void Wire(IBitSignal signal)
    {
        if (_wired is not null)
            _wired.Changed -= Set;
        _wired = signal;
        signal.Changed += Set;
        Set(signal.Value);
    }
}

/// <summary>An encoder's counter: a signal from outside plus what SETP added, with 32-bit wrap-around.</summary>
internal sealed class EncoderCount : ICountSignal
{
    private ICountSignal? _wired;
    private int _shift;

    public event Action? CourseChanged;

    public void Wire(ICountSignal signal)
    {
        if (_wired is not null)
            _wired.CourseChanged -= OnCourse;
        _wired = signal;
        signal.CourseChanged += OnCourse;
        OnCourse();
    }

    /// <summary>Makes the count be <paramref name="count"/> now.</summary>
    public void SetTo(int count, long nowNs)
    {
        _shift = unchecked(count - (_wired?.At(nowNs) ?? 0));
        OnCourse();
    }

    public int At(long timeNs) => unchecked((_wired?.At(timeNs) ?? 0) + _shift);

    public double Mean(long fromNs, long toNs) => (_wired?.Mean(fromNs, toNs) ?? 0) + _shift;

    public (int Least, int Greatest) Range(long fromNs, long toNs)
    {
        var (least, greatest) = _wired?.Range(fromNs, toNs) ?? (0, 0);
        return unchecked((least + _shift, greatest + _shift));
    }

    public long? NextReach(int threshold, bool ascending, long fromNs)
    {
        if (_wired is not null)
            return _wired.NextReach(unchecked(threshold - _shift), ascending, fromNs);
        return (ascending ? _shift >= threshold : _shift <= threshold) ? fromNs : null;
    }

    private void OnCourse() => CourseChanged?.Invoke();
}

/// <summary>Bit and position buses: what a mux can select, by name, in bus order.</summary>
internal sealed class BoxBuses
{
    public List<string> BitNames { get; } = [];

    public List<string> PositionNames { get; } = [];

    private readonly Dictionary<string, BitSource> _bits = new() { ["ZERO"] = new BitSource(), ["ONE"] = MakeHigh() };
    private readonly Dictionary<string, EncoderCount> _positions = new() { ["ZERO"] = new EncoderCount() };

    public BitSource? Bit(string name) => _bits.GetValueOrDefault(name);

    public EncoderCount? Position(string name) => _positions.GetValueOrDefault(name);

    public void AddBit(string name, BitSource source)
    {
        BitNames.Add(name);
        _bits.Add(name, source);
    }

    public void AddPosition(string name, EncoderCount count)
    {
        PositionNames.Add(name);
        _positions.Add(name, count);
    }

    private static BitSource MakeHigh()
    {
        var high = new BitSource();
        high.Set(true);
        return high;
    }
}
