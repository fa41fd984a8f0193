using System.Globalization;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The PULSE block: a delayed pulse, or several, for each edge; without a width a delay line.</summary>
internal sealed class PulseModel
{
    private readonly ISimulationClock _clock;
    private readonly BoxBlock _block;
    private readonly BitMuxField _enable;
    private readonly BitMuxField _trigger;
    private readonly BitSource _out;
    private readonly List<IDisposable> _queued = [];
    private long _busyUntil;
    private long _dropped;

    public PulseModel(BoxBlock block, ISimulationClock clock)
    {
        (_block, _clock) = (block, clock);
        _enable = block.Get<BitMuxField>("ENABLE");
        _trigger = block.Get<BitMuxField>("TRIG");
        _out = block.Get<BitOutField>("OUT").Source;
        _enable.Changed += OnEnable;
        _trigger.Changed += OnTrigger;
        block.Get<ReadField>("DROPPED").Source = () => _dropped.ToString(CultureInfo.InvariantCulture);
        block.Get<ReadField>("QUEUED").Source = () => _queued.Count.ToString(CultureInfo.InvariantCulture);
    }

    private long Ns(string field) => _block.Get<TimeField>(field).Ticks * PandASimulator.TickNs;

    private void OnEnable(bool on)
    {
        if (on)
        {
            _dropped = 0;
            return;
        }
        foreach (var edge in _queued)
            edge.Dispose();
        _queued.Clear();
        _busyUntil = 0;
        _out.Set(false);
    }

    private void OnTrigger(bool value)
    {
        if (!_enable.Value)
            return;
        var (delay, width) = (Ns("DELAY"), Ns("WIDTH"));
        if (width == 0)
        {
            Queue(_clock.NowNs + delay, value);
            return;
        }
        var edge = _block.Get<EnumField>("TRIG_EDGE").Value;
        if (edge != "Either" && value != (edge == "Rising"))
            return;
        var start = _clock.NowNs + delay;
        if (start < _busyUntil)
        {
            _dropped++;
            return;
        }
        var step = Math.Max(Ns("STEP"), width + PandASimulator.TickNs);
        for (var i = 0L; i < Math.Max(1, _block.Get<NumberField>("PULSES").Value); i++)
        {
            Queue(start + i * step, true);
            Queue(start + i * step + width, false);
            _busyUntil = start + i * step + width;
        }
    }

    private void Queue(long atNs, bool value)
    {
        if (atNs <= _clock.NowNs)
        {
            _out.Set(value);
            return;
        }
        IDisposable? edge = null;
        edge = _clock.At(atNs, () =>
        {
            _queued.Remove(edge!);
            _out.Set(value);
        });
        _queued.Add(edge);
    }
}
