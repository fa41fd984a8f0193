using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The PULSE block: a delayed pulse, or several, for each edge; without a width a delay line.</summary>
internal sealed class PulseModel : BlockModel
{
    private const int MostQueued = 1023;

    /// <summary>The hardware cannot do shorter delays, widths without delay, and gaps between queued pulses.</summary>
    private const long LeastTicks = 4;

    private readonly BoxBlock _block;
    private readonly BitMuxField _enable;
    private readonly BitMuxField _trigger;
    private readonly BitSource _out;
    private readonly Queue<Train> _queue = new();
    private bool _wasEnabled;
    private bool _wasHigh;
    private long _busyUntil = long.MinValue;
    private long _made;
    private long _dropped;

    public PulseModel(BoxBlock block, BoxEngine engine)
    {
        _block = block;
        _enable = block.Get<BitMuxField>("ENABLE");
        _trigger = block.Get<BitMuxField>("TRIG");
        _out = block.Out("OUT");
        block.Get<ReadField>("DROPPED").Source = () => _dropped.ToString(CultureInfo.InvariantCulture);
        block.Get<ReadField>("QUEUED").Source = () => _queue.Count.ToString(CultureInfo.InvariantCulture);
        block.Attach(this, engine);
        block.Get<TimeField>("DELAY").Written += Clear;
        block.Get<TimeField>("WIDTH").Written += Clear;
    }

    public override long Update(long tick)
    {
        var (enabled, high) = (_enable.Value, _trigger.Value);
        if (enabled && !_wasEnabled)
            _dropped = 0;
        else if (!enabled && _wasEnabled)
            Clear();
        var isEdge = high != _wasHigh;
        (_wasEnabled, _wasHigh) = (enabled, high);
        if (enabled && isEdge)
            Trigger(tick, high);
        while (_queue.TryPeek(out var train) && train.NextEdge(_made) <= tick)
        {
            _out.Set(train.Width == 0 ? train.Level : _made % 2 == 0);
            _made++;
            if (_made == train.Edges)
            {
                _queue.Dequeue();
                _made = 0;
            }
        }
        return _queue.TryPeek(out var next) ? next.NextEdge(_made) : Never;
    }

    private long Ticks(string field) => _block.Get<TimeField>(field).Ticks;

    private void Clear()
    {
        _queue.Clear();
        (_busyUntil, _made) = (long.MinValue, 0);
        _out.Set(false);
    }

    private void Trigger(long tick, bool high)
    {
        var delay = Ticks("DELAY") is var d and > 0 ? Math.Max(d, LeastTicks) : 0;
        var width = Ticks("WIDTH");
        if (width == 0)
        {
            Enqueue(new Train(tick + delay, 0, 0, 1, high));
            return;
        }
        if (!_block.Get<EnumField>("TRIG_EDGE").IsEdge(high))
            return;
        width = delay == 0 ? Math.Max(width, LeastTicks) : width;
        var pulses = Math.Max(1, _block.Get<NumberField>("PULSES").Value);
        var step = Math.Max(Ticks("STEP"), width + 1);
        var start = tick + delay;
        if (start < _busyUntil)
        {
            _dropped++;
            return;
        }
        if (Enqueue(new Train(start, width, step, 2 * pulses, false)))
            _busyUntil = start + (pulses - 1) * step + width + LeastTicks;
    }

    private bool Enqueue(Train train)
    {
        if (_queue.Count >= MostQueued)
        {
            _dropped++;
            return false;
        }
        _queue.Enqueue(train);
        return true;
    }

    /// <summary>Pulses that one trigger makes; Width 0: a single edge to Level.</summary>
    private readonly record struct Train(long Start, long Width, long Step, long Edges, bool Level)
    {
        public long NextEdge(long made) => Start + made / 2 * Step + (made % 2 == 0 ? 0 : Width);
    }
}
