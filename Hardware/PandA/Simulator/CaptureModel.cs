namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The PCAP block and the part of the server that arms it and hands its samples on.</summary>
internal sealed class CaptureModel : BlockModel
{
    private readonly BoxEngine _engine;
    private readonly PandASimulatorOptions _options;
    private readonly BoxBlock _block;
    private readonly BoxBuses _buses;
    private readonly IReadOnlyList<(string Name, CapturableField Field)> _capturables;
    private readonly BitMuxField _enable;
    private readonly BitMuxField _gateInput;
    private readonly BitMuxField _trigger;
    private readonly EnumField _edge;
    private readonly BitSource _active;
    private CaptureGate? _gate;
    private long? _lastTrigger;
    private bool _wasHigh;
    private bool _deliveryDue;
    private string _health = "OK";
    private string _lastReason = "Ok";

    public CaptureModel(
        BoxBlock block, BoxBuses buses, IReadOnlyList<(string Name, CapturableField Field)> capturables, BoxEngine engine,
        PandASimulatorOptions options)
    {
        (_block, _buses, _capturables, _engine, _options) = (block, buses, capturables, engine, options);
        _enable = block.Get<BitMuxField>("ENABLE");
        _gateInput = block.Get<BitMuxField>("GATE");
        _trigger = block.Get<BitMuxField>("TRIG");
        _edge = block.Get<EnumField>("TRIG_EDGE");
        _active = block.Out("ACTIVE");
        block.Get<ReadField>("HEALTH").Source = () => _health;
        block.Attach(this, engine);
    }

    /// <summary>Raised when data clients may have something to take.</summary>
    public event Action? Delivered;

    /// <summary>Raised after each sample, with their count in this capture.</summary>
    public event Action<long>? Sampled;

    /// <summary>The present or the last capture.</summary>
    public CaptureRun? Run { get; private set; }

    public bool Busy => Run is { Completed: false };

    public long Captured => Run?.Delivered ?? 0;

    public string Completion => Busy ? "Busy" : Run?.Reason ?? _lastReason;

    /// <summary>Null when armed; else the server's error text.</summary>
    public string? Arm()
    {
        if (Busy)
            return "Data capture already in progress";
        var layout = new CaptureLayout(_capturables, Bits, (int)_block.Get<NumberField>("SHIFT_SUM").Value);
        if (layout.SampleBytes == 0)
            return "Nothing configured for capture";
        Run = new CaptureRun(layout, _options, _engine.Clock.NowNs);
        _health = "OK";
        _active.Set(true);
        if (_enable.Value)
            Begin(_engine.Now);
        return null;
    }

    public void Disarm() => End("Disarmed");

    /// <summary>Ends the capture, if one runs, with the server's word for why.</summary>
    public void End(string reason)
    {
        if (Run is not { Reason: null } run)
            return;
        run.Reason = reason;
        run.StartedNs ??= _engine.Clock.NowNs;
        _gate?.Dispose();
        _gate = null;
        _active.Set(false);
        ScheduleDelivery();
    }

    /// <summary>As after a restart of the server: what was captured is forgotten.</summary>
    public void Forget()
    {
        End("Ok");
        Run?.Deliver();
        Run = null;
        _lastReason = "Ok";
    }

    public override long Update(long tick)
    {
        var high = _trigger.Value;
        var isEdge = high != _wasHigh;
        _wasHigh = high;
        if (Run is not { Reason: null } run)
            return Never;
        if (_enable.Value && run.StartedNs is null)
            Begin(tick);
        else if (!_enable.Value && run.StartedNs is not null)
            End("Ok");
        if (_gate is null)
            return Never;
        _gate.Set(_gateInput.Value, tick);
        if (isEdge && _edge.IsEdge(high))
            Trigger(run, _gate, tick);
        return Never;
    }

    private uint Bits(int word)
    {
        var value = 0u;
        var end = Math.Min(_buses.Bits.Count, (word + 1) * 32);
        for (var i = word * 32; i < end; i++)
            if (_buses.Bits[i].OnBus)
                value |= 1u << (i % 32);
        return value;
    }

    private void Begin(long tick)
    {
        Run!.StartedNs = _engine.Clock.NowNs;
        var positions = _capturables.Where(c => c.Field.Capture.Count > 0).Select(c => c.Field).OfType<PosOutField>();
        _gate = new CaptureGate(tick, positions, _engine);
        _lastTrigger = null;
        _gate.Set(_gateInput.Value, tick);
        ScheduleDelivery();
    }

    private void Trigger(CaptureRun run, CaptureGate gate, long tick)
    {
        if (tick - _lastTrigger < run.Layout.SampleBytes / 4)
        {
            _health = "Capture events too close together";
            End("Framing error");
            return;
        }
        _lastTrigger = tick;
        gate.Trigger(tick);
        if (gate.Ticks >> (int)_block.Get<NumberField>("SHIFT_SUM").Value > uint.MaxValue)
        {
            _health = "Samples overflow";
            End("Framing error");
            return;
        }
        run.Add(gate, _engine.Clock.NowNs);
        gate.Reset(tick);
        ScheduleDelivery();
        Sampled?.Invoke(run.Taken);
    }

    private void ScheduleDelivery()
    {
        if (_deliveryDue)
            return;
        _deliveryDue = true;
        if (_options.DataPeriodNs > 0)
            _engine.Clock.AfterWall(_options.DataPeriodNs, Deliver);
        else
            _engine.Clock.At(_engine.Clock.NowNs, Deliver);
    }

    private void Deliver()
    {
        _deliveryDue = false;
        Run?.Deliver();
        Delivered?.Invoke();
    }
}
