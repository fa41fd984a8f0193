namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The COUNTER block: counts edges up or down, with roll-over.</summary>
internal sealed class CounterModel : BlockModel
{
    private readonly BoxBlock _block;
    private readonly BitMuxField _enable;
    private readonly BitMuxField _trigger;
    private readonly BitMuxField _direction;
    private readonly LeafCount _out;
    private readonly BitSource _carry;
    private bool _wasEnabled;
    private bool _wasHigh;
    private long _count;

    public CounterModel(BoxBlock block, BoxEngine engine)
    {
        _block = block;
        _enable = block.Get<BitMuxField>("ENABLE");
        _trigger = block.Get<BitMuxField>("TRIG");
        _direction = block.Get<BitMuxField>("DIR");
        _out = (LeafCount)block.Get<PosOutField>("OUT").Source;
        _carry = block.Out("CARRY");
        block.Attach(this, engine);
        block.Get<NumberField>("SET").Written += () => Count(Number("SET"));
    }

    private bool ShowsChanges => _block.Get<EnumField>("OUT_MODE").Value == "On-Change";

    public override long Update(long tick)
    {
        var (enabled, high) = (_enable.Value, _trigger.Value);
        var isEdge = high != _wasHigh;
        if (enabled && !_wasEnabled)
            Count(Number("START"));
        else if (!enabled && _wasEnabled && !ShowsChanges)
            _out.Put((int)_count);
        (_wasEnabled, _wasHigh) = (enabled, high);
        if (!enabled || !isEdge)
            return Never;
        if (_block.Get<EnumField>("TRIG_EDGE").IsEdge(high))
            Step();
        else
            _carry.Set(false);
        return Never;
    }

    private long Number(string field) => _block.Get<NumberField>(field).Value;

    private void Count(long value)
    {
        _count = value;
        if (ShowsChanges)
            _out.Put((int)value);
    }

    private void Step()
    {
        var (least, greatest) = (Number("MIN"), Number("MAX"));
        if (least == 0 && greatest == 0)
            (least, greatest) = (int.MinValue, int.MaxValue);
        var step = Math.Max(1, Number("STEP"));
        var next = _count + (_direction.Value ? -step : step);
        var rolls = next > greatest || next < least;
        if (rolls)
            next += next > greatest ? -(greatest - least + 1) : greatest - least + 1;
        _carry.Set(rolls);
        Count((int)Math.Clamp(next, int.MinValue, int.MaxValue));
    }
}

/// <summary>The PGEN block: puts out the next position of its table at each trigger.</summary>
internal sealed class GeneratorModel : BlockModel
{
    private readonly BitMuxField _enable;
    private readonly BitMuxField _trigger;
    private readonly TableField _table;
    private readonly NumberField _repeats;
    private readonly BitSource _active;
    private readonly LeafCount _out;
    private uint[] _words = [];
    private bool _isLastPiece;
    private bool _wasEnabled;
    private bool _wasHigh;
    private int _line;
    private long _repeat;
    private string _state = "UNREADY";
    private string _health = "OK";

    public GeneratorModel(BoxBlock block, BoxEngine engine)
    {
        _enable = block.Get<BitMuxField>("ENABLE");
        _trigger = block.Get<BitMuxField>("TRIG");
        _table = block.Get<TableField>("TABLE");
        _repeats = block.Get<NumberField>("REPEATS");
        _active = block.Out("ACTIVE");
        _out = (LeafCount)block.Get<PosOutField>("OUT").Source;
        block.Get<ReadField>("STATE").Source = () => _state;
        block.Get<ReadField>("HEALTH").Source = () => _health;
        _table.Resetting += Unload;
        _table.Written += Load;
        block.Attach(this, engine);
    }

    public override long Update(long tick)
    {
        var (enabled, high) = (_enable.Value, _trigger.Value);
        var rose = high && !_wasHigh;
        if (enabled && !_wasEnabled && _state == "WAIT_ENABLE")
        {
            (_line, _repeat, _state, _health) = (0, 1, "RUNNING", "OK");
            _active.Set(true);
        }
        else if (!enabled && _wasEnabled && _active.Value)
        {
            Stop(_table.IsStreaming ? "UNREADY" : "WAIT_ENABLE");
        }
        (_wasEnabled, _wasHigh) = (enabled, high);
        if (_active.Value && rose)
            PutNext();
        return Never;
    }

    private void Unload()
    {
        if (_active.Value)
            _health = "Not ready for table";
        Stop("UNREADY");
        _words = [];
    }

    private void Load()
    {
        if (!_table.IsStreaming)
            _words = _table.Words;
        else if (_state != "UNREADY" || !_table.TryTakePiece(out _words, out _isLastPiece))
            return;
        _state = _words.Length == 0 ? "UNREADY" : "WAIT_ENABLE";
    }

    private void Stop(string state)
    {
        _state = state;
        _active.Set(false);
    }

    private void PutNext()
    {
        _out.Put(unchecked((int)_words[_line++]));
        if (_line < _words.Length)
            return;
        _line = 0;
        if (!_table.IsStreaming && (_repeats.Value == 0 || _repeat < _repeats.Value))
            _repeat++;
        else if (!_table.IsStreaming)
            Stop("WAIT_ENABLE");
        else if (_isLastPiece)
            Stop("UNREADY");
        else if (!_table.TryTakePiece(out _words, out _isLastPiece))
        {
            _health = "DMA underrun";
            Stop("UNREADY");
        }
    }
}

/// <summary>The CALC block: a sum of positions.</summary>
internal sealed class CalcModel
{
    private readonly BoxBlock _block;

    public CalcModel(BoxBlock block)
    {
        _block = block;
        foreach (var letter in "ABCD")
        {
            block.Get<PosMuxField>($"INP{letter}").Written += Rewire;
            block.Get<EnumField>($"TYPE{letter}").Written += Rewire;
        }
        block.Get<NumberField>("SHIFT").Written += Rewire;
    }

    private void Rewire()
    {
        var terms = "ABCD".Select(c =>
            (_block.Get<PosMuxField>($"INP{c}").Signal, _block.Get<EnumField>($"TYPE{c}").Value == "-Value" ? -1 : 1));
        ((SumCount)_block.Get<PosOutField>("OUT").Source).Sum([.. terms], (int)_block.Get<NumberField>("SHIFT").Value);
    }
}

/// <summary>The FILTER block: the difference or the average of a position from trigger to trigger.</summary>
internal sealed class FilterModel : BlockModel
{
    /// <summary>Ticks that the divider takes.</summary>
    private const int DividerTicks = 35;

    private readonly BoxBlock _block;
    private readonly BitMuxField _enable;
    private readonly BitMuxField _trigger;
    private readonly PosMuxField _input;
    private readonly BitSource _ready;
    private readonly LeafCount _out;
    private CountAccumulator? _sum;
    private bool _wasEnabled;
    private bool _wasHigh;
    private int _latch;
    private string _health = "OK";
    private (long Tick, int Value)? _dividing;

    public FilterModel(BoxBlock block, BoxEngine engine)
    {
        _block = block;
        _enable = block.Get<BitMuxField>("ENABLE");
        _trigger = block.Get<BitMuxField>("TRIG");
        _input = block.Get<PosMuxField>("INP");
        _ready = block.Out("READY");
        _out = (LeafCount)block.Get<PosOutField>("OUT").Source;
        block.Get<ReadField>("HEALTH").Source = () => _health;
        block.Attach(this, engine);
        Engine = engine;
    }

    private BoxEngine Engine { get; }

    public override long Update(long tick)
    {
        var (enabled, high) = (_enable.Value, _trigger.Value);
        var rose = high && !_wasHigh;
        _ready.Set(false);
        if (enabled && !_wasEnabled)
            Begin(tick);
        (_wasEnabled, _wasHigh) = (enabled, high);
        if (_dividing is { } done && done.Tick <= tick)
        {
            _dividing = null;
            Show(done.Value);
        }
        if (enabled && rose && _health == "OK")
            Trigger(tick);
        return _ready.Value ? tick + 1 : _dividing?.Tick ?? Never;
    }

    private void Begin(long tick)
    {
        _out.Put(0);
        _health = "OK";
        _dividing = null;
        _latch = _input.Signal.At(tick * PandASimulator.TickNs);
        _sum?.Dispose();
        _sum = new CountAccumulator(_input.Signal, Engine);
        _sum.Open(tick);
    }

    private void Trigger(long tick)
    {
        if (_block.Get<EnumField>("MODE").Value == "difference")
        {
            var now = _input.Signal.At(tick * PandASimulator.TickNs);
            Show(unchecked(now - _latch));
            _latch = now;
            return;
        }
        if (_dividing is not null)
        {
            (_dividing, _health) = (null, "Divider retrigger");
            return;
        }
        _sum!.Take(tick);
        if (_sum.Ticks > 0)
            _dividing = (tick + DividerTicks, (int)(_sum.Sum / _sum.Ticks));
        _sum.Reset(tick);
    }

    private void Show(int value)
    {
        _out.Put(value);
        _ready.Set(true);
    }
}
