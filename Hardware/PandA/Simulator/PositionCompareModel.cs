using System.Globalization;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The PCOMP block: pulses at positions.</summary>
/// <remarks><b>Source</b> protocol reference, section 3; the makers' model of the block; recorded session 71.</remarks>
internal sealed class PositionCompareModel : BlockModel
{
    private readonly BoxBlock _block;
    private readonly BitMuxField _enable;
    private readonly PosMuxField _input;
    private readonly BitSource _active;
    private readonly BitSource _out;
    private State _state;
    private string _health = "OK";
    private bool _wasEnabled;
    private bool _isUp;
    private int _latched;
    private long _last;
    private long _next;
    private long _produced;

    public PositionCompareModel(BoxBlock block, BoxEngine engine)
    {
        _block = block;
        _enable = block.Get<BitMuxField>("ENABLE");
        _input = block.Get<PosMuxField>("INP");
        _active = block.Out("ACTIVE");
        _out = block.Out("OUT");
        block.Get<ReadField>("STATE").Source = () => StateNames[(int)_state];
        block.Get<ReadField>("HEALTH").Source = () => _health;
        block.Get<ReadField>("PRODUCED").Source = () => _produced.ToString(CultureInfo.InvariantCulture);
        block.Attach(this, engine);
    }

    private enum State
    {
        WaitEnable,
        WaitDirection,
        WaitPreStart,
        WaitRising,
        WaitFalling,
    }

    private static readonly string[] StateNames = ["WAIT_ENABLE", "WAIT_DIR", "WAIT_PRE_START", "WAIT_RISING", "WAIT_FALLING"];

    private bool IsRelative => _block.Get<EnumField>("RELATIVE").Value == "Relative";

    private int Sign => _isUp ? 1 : -1;

    private long Start => IsRelative ? Sign * Number("START") : Number("START");

    private long Step => Sign * Number("STEP");

    public override long Update(long tick)
    {
        var enabled = _enable.Value;
        var rose = enabled && !_wasEnabled;
        var fell = !enabled && _wasEnabled;
        _wasEnabled = enabled;
        var before = _state;
        if (fell)
            End("");
        else if (rose && _state == State.WaitEnable)
            Begin(tick);
        else
            Continue(Position(tick));
        return _state != before ? tick + 1 : NextLook(tick);
    }

    private long Number(string field) => _block.Get<NumberField>(field).Value;

    private long Position(long tick) => _input.Signal.At(tick * PandASimulator.TickNs) - (long)(IsRelative ? _latched : 0);

    private void Begin(long tick)
    {
        _active.Set(true);
        (_health, _produced) = ("OK", 0);
        _latched = _input.Signal.At(tick * PandASimulator.TickNs);
        var direction = _block.Get<EnumField>("DIR").Value;
        _isUp = direction == "Positive";
        _state = direction == "Either" ? State.WaitDirection : State.WaitPreStart;
    }

    private void End(string health)
    {
        _state = State.WaitEnable;
        _active.Set(false);
        _out.Set(false);
        if (health.Length > 0)
            _health = health;
    }

    private void Continue(long position)
    {
        switch (_state)
        {
            case State.WaitDirection:
                FindDirection(position);
                break;
            case State.WaitPreStart when _isUp ? position < Start - Number("PRE_START") : position > Start + Number("PRE_START"):
                (_last, _next, _state) = (Start - Sign, Start, State.WaitRising);
                break;
            case State.WaitRising when IsReached(position) && HasJumped(position):
            case State.WaitFalling when IsReached(position) && _produced != Number("PULSES") && HasJumped(position):
                End("Position jumped by more than STEP");
                break;
            case State.WaitRising when IsReached(position):
                _out.Set(true);
                _produced++;
                (_last, _next, _state) = (_next, _next + Sign * Number("WIDTH"), State.WaitFalling);
                break;
            case State.WaitFalling when IsReached(position):
                EndPulse();
                break;
        }
    }

    private void EndPulse()
    {
        _out.Set(false);
        if (_produced == Number("PULSES"))
            End("");
        else
            (_last, _next, _state) = (_next, _last + Step, State.WaitRising);
    }

    private void FindDirection(long position)
    {
        if (!IsRelative)
        {
            if (position == Number("START"))
                return;
            _isUp = position < Number("START");
            _state = State.WaitPreStart;
            return;
        }
        var threshold = Number("START") + Number("PRE_START");
        if (threshold <= 0)
        {
            End("Can't guess DIR when RELATIVE and PRE_START=0 and START=0");
            return;
        }
        if (Math.Abs(position) < threshold)
            return;
        if (Number("PRE_START") > 0)
        {
            _isUp = position < 0;
            _state = State.WaitPreStart;
            return;
        }
        _isUp = position > 0;
        _out.Set(true);
        _produced = 1;
        (_last, _next, _state) = (Start, Start + Sign * Number("WIDTH"), State.WaitFalling);
    }

    private bool IsReached(long position) => _next >= _last ? position >= _next : position <= _next;

    private bool HasJumped(long position)
    {
        var tooFar = _last + Step;
        return (_last <= _next && _next <= tooFar && tooFar <= position) || (_last >= _next && _next >= tooFar && tooFar >= position);
    }

    private long NextLook(long tick) => _state switch
    {
        State.WaitEnable => Never,
        State.WaitDirection when IsRelative => Earlier(
            tick, Number("START") + Number("PRE_START"), -Number("START") - Number("PRE_START")),
        State.WaitDirection => Earlier(tick, Number("START") + 1, Number("START") - 1),
        State.WaitPreStart when _isUp => Reach(tick, Start - Number("PRE_START") - 1, false),
        State.WaitPreStart => Reach(tick, Start + Number("PRE_START") + 1, true),
        _ => Reach(tick, _next, _next >= _last),
    };

    private long Earlier(long tick, long above, long below) => Math.Min(Reach(tick, above, true), Reach(tick, below, false));

    private long Reach(long tick, long position, bool ascending)
    {
        var counts = Math.Clamp(position + (IsRelative ? _latched : 0), int.MinValue, int.MaxValue);
        return TickTime.Of(_input.Signal.NextReach((int)counts, ascending, tick * PandASimulator.TickNs));
    }
}
