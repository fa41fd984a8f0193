using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The CLOCK block: a pulse train of fixed period.</summary>
internal sealed class ClockModel : BlockModel
{
    private readonly BoxBlock _block;
    private readonly BitMuxField _enable;
    private readonly BitSource _out;
    private (bool Enabled, long Period, long Width) _was;
    private long _start;

    public ClockModel(BoxBlock block, BoxEngine engine)
    {
        _block = block;
        _enable = block.Get<BitMuxField>("ENABLE");
        _out = block.Out("OUT");
        block.Attach(this, engine);
    }

    public override long Update(long tick)
    {
        var period = _block.Get<TimeField>("PERIOD").Ticks;
        var width = _block.Get<TimeField>("WIDTH").Ticks is var asked and > 0 ? asked : period / 2;
        var now = (_enable.Value, period, width);
        if (now != _was)
            _start = tick;
        _was = now;
        if (!now.Value || period < 2)
        {
            _out.Set(false);
            return Never;
        }
        var phase = (tick - _start) % period;
        _out.Set(phase < width);
        return tick - phase + (phase < width && width < period ? width : period);
    }
}

/// <summary>The SRGATE block: a flip-flop set and reset by edges.</summary>
internal sealed class GateModel : BlockModel
{
    private readonly BoxBlock _block;
    private readonly BitMuxField _enable;
    private readonly BitMuxField _set;
    private readonly BitMuxField _reset;
    private readonly BitSource _out;
    private (bool Set, bool Reset) _was;

    public GateModel(BoxBlock block, BoxEngine engine)
    {
        _block = block;
        _enable = block.Get<BitMuxField>("ENABLE");
        _set = block.Get<BitMuxField>("SET");
        _reset = block.Get<BitMuxField>("RST");
        _out = block.Out("OUT");
        block.Attach(this, engine);
        block.Get<ActionField>("FORCE_SET").Written += () => Force(true);
        block.Get<ActionField>("FORCE_RST").Written += () => Force(false);
    }

    public override long Update(long tick)
    {
        var (set, reset) = (_set.Value, _reset.Value);
        var sets = set != _was.Set && _block.Get<EnumField>("SET_EDGE").IsEdge(set);
        var resets = reset != _was.Reset && _block.Get<EnumField>("RST_EDGE").IsEdge(reset);
        _was = (set, reset);
        if (_enable.Value && (sets || resets))
            _out.Set(!resets);
        else if (!_enable.Value && _block.Get<EnumField>("WHEN_DISABLED").Value is not "Keep current output" and var output)
            _out.Set(output == "Set output high");
        return Never;
    }

    private void Force(bool value)
    {
        if (_enable.Value)
            _out.Set(value);
    }
}

/// <summary>The LUT block: a function of five inputs, of their levels or of their edges.</summary>
internal sealed class LutModel : BlockModel
{
    private readonly BitMuxField[] _inputs;
    private readonly EnumField[] _types;
    private readonly LutField _function;
    private readonly BitSource _out;
    private readonly bool[] _was = new bool[5];

    public LutModel(BoxBlock block, BoxEngine engine)
    {
        _inputs = [.. "ABCDE".Select(c => block.Get<BitMuxField>($"INP{c}"))];
        _types = [.. "ABCDE".Select(c => block.Get<EnumField>($"TYPE{c}"))];
        _function = block.Get<LutField>("FUNC");
        _out = block.Out("OUT");
        block.Attach(this, engine);
    }

    public override long Update(long tick)
    {
        var (index, isPulse) = (0, false);
        for (var i = 0; i < _inputs.Length; i++)
        {
            var value = _inputs[i].Value;
            var edge = value != _was[i];
            _was[i] = value;
            var term = _types[i].Index switch
            {
                0 => value,
                1 => edge && value,
                2 => edge && !value,
                _ => edge,
            };
            isPulse |= term && _types[i].Index != 0;
            index = (index << 1) | (term ? 1 : 0);
        }
        _out.Set((_function.Table >> index & 1) != 0);
        return isPulse ? tick + 1 : Never;
    }
}

/// <summary>The DIV block: every n-th pulse goes one way, the others another.</summary>
internal sealed class DividerModel : BlockModel
{
    private readonly BoxBlock _block;
    private readonly BitMuxField _enable;
    private readonly BitMuxField _input;
    private readonly BitSource _divided;
    private readonly BitSource _others;
    private bool _wasEnabled;
    private bool _wasHigh;
    private long _count;

    public DividerModel(BoxBlock block, BoxEngine engine)
    {
        _block = block;
        _enable = block.Get<BitMuxField>("ENABLE");
        _input = block.Get<BitMuxField>("INP");
        (_divided, _others) = (block.Out("OUTD"), block.Out("OUTN"));
        block.Get<ReadField>("COUNT").Source = () => _count.ToString(CultureInfo.InvariantCulture);
        block.Get<NumberField>("DIVISOR").Written += Reset;
        block.Get<EnumField>("FIRST_PULSE").Written += Reset;
        block.Attach(this, engine);
    }

    private long Divisor => _block.Get<NumberField>("DIVISOR").Value;

    public override long Update(long tick)
    {
        var (enabled, high) = (_enable.Value, _input.Value);
        var isEdge = high != _wasHigh;
        if (!enabled && _wasEnabled)
            Reset();
        (_wasEnabled, _wasHigh) = (enabled, high);
        if (enabled && isEdge)
            Pulse(high);
        return Never;
    }

    private void Pulse(bool high)
    {
        if (!high)
        {
            _divided.Set(false);
            _others.Set(false);
            return;
        }
        _count++;
        var isNth = _count >= Divisor;
        if (isNth)
            _count = 0;
        (isNth ? _divided : _others).Set(true);
    }

    private void Reset()
    {
        _divided.Set(false);
        _others.Set(false);
        _count = _block.Get<EnumField>("FIRST_PULSE").Value == "OutD" ? Math.Max(0, Divisor - 1) : 0;
    }
}
