using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The PCAP block and the part of the server that arms it and hands its samples on.</summary>
internal sealed class CaptureModel
{
    private readonly ISimulationClock _clock;
    private readonly PandASimulatorOptions _options;
    private readonly BoxBlock _block;
    private readonly BoxBuses _buses;
    private readonly IReadOnlyList<(string Name, CapturableField Field)> _capturables;
    private readonly BitMuxField _enable;
    private readonly BitMuxField _gateInput;
    private readonly BitMuxField _trigger;
    private readonly BitSource _active;
    private CaptureGate? _gate;
    private long _lastTriggerNs;
    private bool _deliveryDue;
    private string _health = "OK";

    public CaptureModel(
        BoxBlock block, BoxBuses buses, IReadOnlyList<(string Name, CapturableField Field)> capturables, ISimulationClock clock,
        PandASimulatorOptions options)
    {
        (_block, _buses, _capturables, _clock, _options) = (block, buses, capturables, clock, options);
        _enable = block.Get<BitMuxField>("ENABLE");
        _gateInput = block.Get<BitMuxField>("GATE");
        _trigger = block.Get<BitMuxField>("TRIG");
        _active = block.Get<BitOutField>("ACTIVE").Source;
        block.Get<ReadField>("HEALTH").Source = () => _health;
        _enable.Changed += OnEnable;
        _gateInput.Changed += OnGate;
        _trigger.Changed += OnTrigger;
    }

    /// <summary>Raised when data clients may have something to take.</summary>
    public event Action? Delivered;

    /// <summary>The present or the last capture.</summary>
    public CaptureRun? Run { get; private set; }

    public bool Busy => Run is { Completed: false };

    public long Captured => Run?.Delivered ?? 0;

    public string Completion => Run is null ? "Ok" : Busy ? "Busy" : Run.Reason!;

    /// <summary>Null when armed; else the server's error text.</summary>
    public string? Arm()
    {
        if (Busy)
            return "Data capture already in progress";
        var layout = new CaptureLayout(_capturables, Bits);
        if (layout.SampleBytes == 0)
            return "Nothing configured for capture";
        Run = new CaptureRun(layout, _options, _clock.NowNs);
        _health = "OK";
        _active.Set(true);
        if (_enable.Ahead)
            Begin();
        return null;
    }

    public void Disarm()
    {
        if (Run is { Reason: null })
            End("Disarmed");
    }

    private uint Bits(int word) => (uint)_buses.BitNames.Skip(word * 32).Take(32)
        .Select((name, i) => _buses.Bit(name)!.Value ? 1L << i : 0).Sum();

    private void OnEnable(bool on)
    {
        if (Run is not { Reason: null } run)
            return;
        if (on && run.StartedNs is null)
            Begin();
        else if (!on && run.StartedNs is not null)
            End("Ok");
    }

    private void Begin()
    {
        Run!.StartedNs = _clock.NowNs;
        var positions = _capturables.Where(c => c.Field.Capture.Count > 0).Select(c => c.Field).OfType<PosOutField>();
        _gate = new CaptureGate(_clock.NowNs, [.. positions.Select(p => p.Source)]);
        _lastTriggerNs = long.MinValue / 2;
        if (_gateInput.Ahead)
            _gate.Open(_clock.NowNs);
        ScheduleDelivery();
    }

    private void End(string reason)
    {
        Run!.Reason = reason;
        Run.StartedNs ??= _clock.NowNs;
        _gate = null;
        _active.Set(false);
        ScheduleDelivery();
    }

    private void OnGate(bool high)
    {
        if (high)
            _gate?.Open(_clock.NowNs);
        else
            _gate?.Close(_clock.NowNs);
    }

    private void OnTrigger(bool high)
    {
        var edge = _block.Get<EnumField>("TRIG_EDGE").Value;
        if (_gate is null || edge != "Either" && high != (edge == "Rising"))
            return;
        var now = _clock.NowNs;
        if ((now - _lastTriggerNs) / PandASimulator.TickNs < Run!.Layout.SampleBytes / 4)
        {
            _health = "Capture events too close together";
            End("Framing error");
            return;
        }
        _lastTriggerNs = now;
        _gate.Trigger(now);
        Run.Add(Run.Layout.Sample(_gate), now);
        _gate.Reset();
        ScheduleDelivery();
    }

    private void ScheduleDelivery()
    {
        if (_deliveryDue)
            return;
        _deliveryDue = true;
        if (_options.DataPeriodNs > 0)
            _clock.AfterWall(_options.DataPeriodNs, Deliver);
        else
            _clock.At(_clock.NowNs, Deliver);
    }

    private void Deliver()
    {
        _deliveryDue = false;
        Run!.Deliver();
        Delivered?.Invoke();
    }
}
