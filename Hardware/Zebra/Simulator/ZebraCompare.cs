using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Zebra.Protocol;

namespace Flyscan.Hardware.Zebra.Simulator;

/// <summary>Position compare: arm, gates and pulses by position, time or a bit of the bus; a sample with each pulse.</summary>
/// <remarks>What its registers say is taken over at the arming. The end of a gate ends the pulse in it.</remarks>
internal sealed class ZebraCompare
{
    private const int BusGateOut = 30;
    private const int ByPosition = 0;
    private const int ByTime = 1;
    private const int External = 2;

    private readonly ZebraRegisters _registers;
    private readonly ZebraBus _bus;
    private readonly ISimulationClock _clock;
    private readonly ZebraEncoders _encoders;
    private readonly List<IDisposable> _scheduled = [];
    private Settings _set = Settings.None;
    private long _armedNs;
    private long _gateNs;
    private uint _gates;
    private uint _pulses;

    // The bus follows these: it may be in the middle of an earlier change.
    private bool _inGate;
    private bool _inPulse;

    public ZebraCompare(ZebraRegisters registers, ZebraBus bus, ISimulationClock clock, ZebraEncoders encoders)
    {
        (_registers, _bus, _clock, _encoders) = (registers, bus, clock, encoders);
        bus.Changed += OnBus;
        encoders.CourseChanged += Reschedule;
    }

    /// <summary>Raised at the arming and after the end: true and false.</summary>
    public event Action<bool>? Armed;

    /// <summary>Raised with each pulse: time stamp and captured fields.</summary>
    public event Action<uint, uint[]>? Captured;

    public bool IsArmed { get; private set; }

    public void Arm()
    {
        if (IsArmed)
            return;
        _set = new Settings(_registers);
        (IsArmed, _armedNs, _gates, _pulses) = (true, _clock.NowNs, 0, 0);
        _registers.SetPair(ZebraRegister.PcNumCap, 0);
        Armed?.Invoke(true);
        _bus.Set(ZebraRegister.BusArm, true);
        if (_set.GateSource == External && _bus[_set.GateInput])
            OpenGate();
        Reschedule();
    }

    public void Disarm()
    {
        if (!IsArmed)
            return;
        IsArmed = false;
        Unschedule();
        DropGate();
        _bus.Set(ZebraRegister.BusArm, false);
        Armed?.Invoke(false);
    }

    private void OnBus(int index, bool value)
    {
        if (index == (_registers[ZebraRegister.PcArmInp] & 63) && value && _registers[ZebraRegister.PcArmSel] == 1)
            Arm();
        if (!IsArmed)
            return;
        if (_set.GateSource == External && index == _set.GateInput && value)
            OpenGate();
        else if (_set.GateSource == External && index == _set.GateInput)
            CloseGate();
        else if (_set.PulseSource == External && index == _set.PulseInput && _inGate)
            SetPulse(value);
    }

    private void OpenGate()
    {
        if (_inGate)
            return;
        (_gateNs, _pulses, _inGate) = (_clock.NowNs, 0, true);
        _bus.Set(BusGateOut, true);
        Reschedule();
    }

    private void CloseGate()
    {
        if (!_inGate)
            return;
        DropGate();
        if (++_gates == _set.Gates)
            Disarm();
        else
            Reschedule();
    }

    private void SetPulse(bool value)
    {
        if (value && (_set.MostPulses == 0 || _pulses < _set.MostPulses))
        {
            _pulses++;
            _inPulse = true;
            Capture();
            _bus.Set(ZebraRegister.BusPulse, true);
        }
        else if (!value)
        {
            _inPulse = false;
            _bus.Set(ZebraRegister.BusPulse, false);
        }
        Reschedule();
    }

    private void DropGate()
    {
        (_inGate, _inPulse) = (false, false);
        _bus.Set(ZebraRegister.BusPulse, false);
        _bus.Set(BusGateOut, false);
    }

    private void Capture()
    {
        var stamp = (uint)((_clock.NowNs - _armedNs) / _set.UnitNs);
        var fields = new List<uint>();
        for (var bit = 0; bit < 10; bit++)
            if ((_set.Captured >> bit & 1) != 0)
                fields.Add(bit switch
                {
                    < 4 => (uint)_encoders.At(bit),
                    4 or 5 => _bus.Half(upper: bit == 5),
                    _ => _bus.CountOf(bit - 6),
                });
        _registers.SetPair(ZebraRegister.PcNumCap, _registers.Pair(ZebraRegister.PcNumCap) + 1);
        Captured?.Invoke(stamp, [.. fields]);
    }

    private void Unschedule()
    {
        foreach (var scheduled in _scheduled)
            scheduled.Dispose();
        _scheduled.Clear();
    }

    /// <summary>Predicts the next edge of gate and pulse anew.</summary>
    private void Reschedule()
    {
        Unschedule();
        if (!IsArmed)
            return;
        if (!_inGate)
        {
            Schedule(GateEdgeNs(open: true), OpenGate);
            return;
        }
        Schedule(GateEdgeNs(open: false), CloseGate);
        if (_inPulse)
            Schedule(PulseEdgeNs(_pulses - 1, _set.PulseWidth), () => SetPulse(false));
        else if (_set.MostPulses == 0 || _pulses < _set.MostPulses)
            Schedule(PulseEdgeNs(_pulses, 0), () => SetPulse(true));
    }

    private void Schedule(long? timeNs, Action action)
    {
        if (timeNs is long at)
            _scheduled.Add(_clock.At(at, action));
    }

    private long? GateEdgeNs(bool open)
    {
        var offset = _set.GateStart + _gates * (long)_set.GateStep * (_set.GateSource == ByPosition ? _set.Sign : 1);
        return _set.GateSource switch
        {
            ByTime => _armedNs + (offset + (open ? 0 : _set.GateWidth)) * _set.UnitNs,
            ByPosition => Reach(offset + (open ? 0 : _set.Sign * (long)_set.GateWidth)),
            _ => null,
        };
    }

    private long? PulseEdgeNs(uint number, uint after)
    {
        var offset = _set.PulseStart + number * (long)_set.PulseStep + after;
        return _set.PulseSource switch
        {
            ByTime => _gateNs + offset * _set.UnitNs,
            ByPosition => Reach(_set.GateStart + _set.Sign * (_gates * (long)_set.GateStep + offset)),
            _ => null,
        };
    }

    private long? Reach(long counts) => counts is < int.MinValue or > int.MaxValue
        ? null
        : _encoders.NextReach(_set.Encoder, (int)counts, _set.Sign > 0, _clock.NowNs);

    /// <summary>The registers as they were at the arming.</summary>
    private sealed class Settings
    {
        public static readonly Settings None = new(new ZebraRegisters());

        public Settings(ZebraRegisters registers)
        {
            Encoder = registers[ZebraRegister.PcEnc] & 3;
            UnitNs = 20L * Math.Max((ushort)1, registers[ZebraRegister.PcTsPre]);
            GateSource = registers[ZebraRegister.PcGateSel];
            GateInput = registers[ZebraRegister.PcGateInp] & 63;
            GateStart = (int)registers.Pair(ZebraRegister.PcGateStart);
            GateWidth = registers.Pair(ZebraRegister.PcGateWid);
            GateStep = registers.Pair(ZebraRegister.PcGateStep);
            Gates = registers.Pair(ZebraRegister.PcGateNGate);
            PulseSource = registers[ZebraRegister.PcPulseSel];
            PulseInput = registers[ZebraRegister.PcPulseInp] & 63;
            PulseStart = registers.Pair(ZebraRegister.PcPulseStart);
            PulseWidth = registers.Pair(ZebraRegister.PcPulseWid);
            PulseStep = registers.Pair(ZebraRegister.PcPulseStep);
            MostPulses = registers.Pair(ZebraRegister.PcPulseMax);
            Captured = registers[ZebraRegister.PcBitCap];
            Sign = registers[ZebraRegister.PcDir] == 0 ? 1 : -1;
        }

        public int Encoder { get; }

        public long UnitNs { get; }

        public int GateSource { get; }

        public int GateInput { get; }

        public int GateStart { get; }

        public uint GateWidth { get; }

        public uint GateStep { get; }

        public uint Gates { get; }

        public int PulseSource { get; }

        public int PulseInput { get; }

        public uint PulseStart { get; }

        public uint PulseWidth { get; }

        public uint PulseStep { get; }

        public uint MostPulses { get; }

        public ushort Captured { get; }

        public int Sign { get; }
    }
}

/// <summary>The four encoder counters: what is wired to them, and what was loaded into them.</summary>
internal sealed class ZebraEncoders(ISimulationClock clock)
{
    private readonly ICountSignal?[] _signals = new ICountSignal?[4];
    private readonly int[] _offsets = new int[4];

    /// <summary>Raised when a prediction is void.</summary>
    public event Action? CourseChanged;

    public void Wire(int index, ICountSignal signal)
    {
        _signals[index] = signal;
        signal.CourseChanged += () => CourseChanged?.Invoke();
    }

    public int At(int index) => unchecked((_signals[index]?.At(clock.NowNs) ?? 0) + _offsets[index]);

    public void Load(int index, int counts)
    {
        _offsets[index] = unchecked(counts - (_signals[index]?.At(clock.NowNs) ?? 0));
        CourseChanged?.Invoke();
    }

    public long? NextReach(int index, int counts, bool ascending, long fromNs)
    {
        var threshold = (long)counts - _offsets[index];
        return threshold is < int.MinValue or > int.MaxValue ? null : _signals[index]?.NextReach((int)threshold, ascending, fromNs);
    }
}
