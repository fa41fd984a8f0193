using System.Globalization;
using Flyscan.Hardware.PandA.Programmes;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The SEQ block: waits for a row's trigger, times its two phases, repeats, goes on; from a fixed or a streamed table.</summary>
/// <remarks><b>Source</b> block manual as summed up in the protocol reference, section 2; recorded sessions 70, 72, 73.</remarks>
internal sealed class SequencerModel : BlockModel
{
    private const string Ready = "WAIT_ENABLE";
    private const string Unready = "UNREADY";

    private readonly BoxBlock _block;
    private readonly BitMuxField _enable;
    private readonly BitMuxField[] _bits;
    private readonly PosMuxField[] _positions;
    private readonly TableField _table;
    private readonly TimeField _prescale;
    private readonly NumberField _repeats;
    private readonly BitSource _active;
    private readonly BitSource[] _outputs;
    private SequencerRow[] _rows = [];
    private bool _isLastPiece;
    private bool _wasEnabled;
    private string _state = Unready;
    private string _health = "OK";
    private long _until;
    private long _tableRepeat;
    private int _line;
    private long _lineRepeat;

    public SequencerModel(BoxBlock block, BoxEngine engine)
    {
        _block = block;
        _enable = block.Get<BitMuxField>("ENABLE");
        _bits = [.. "ABC".Select(c => block.Get<BitMuxField>($"BIT{c}"))];
        _positions = [.. "ABC".Select(c => block.Get<PosMuxField>($"POS{c}"))];
        _table = block.Get<TableField>("TABLE");
        _prescale = block.Get<TimeField>("PRESCALE");
        _repeats = block.Get<NumberField>("REPEATS");
        _active = block.Out("ACTIVE");
        _outputs = [.. "ABCDEF".Select(c => block.Out($"OUT{c}"))];
        block.Attach(this, engine);
        _table.Resetting += Unload;
        _table.Written += Load;
        Publish();
    }

    private long TableTick => Math.Max(1, _prescale.Ticks);

    private bool Running => _active.Value;

    private ref readonly SequencerRow Row => ref _rows[_line - 1];

    public override long Update(long tick)
    {
        var enabled = _enable.Value;
        var rose = enabled && !_wasEnabled;
        var fell = !enabled && _wasEnabled;
        _wasEnabled = enabled;
        if (fell && Running)
            Stop(_table.IsStreaming ? Unready : Ready);
        else if (rose && _state == Ready)
            Start(tick);
        else if (Running)
            Continue(tick);
        return !Running ? Never : _state == "WAIT_TRIGGER" ? NextLook(tick) : _until;
    }

    private void Publish()
    {
        _block.Get<ReadField>("STATE").Source = () => _state;
        _block.Get<ReadField>("HEALTH").Source = () => _health;
        _block.Get<ReadField>("TABLE_REPEAT").Source = () => _tableRepeat.ToString(CultureInfo.InvariantCulture);
        _block.Get<ReadField>("TABLE_LINE").Source = () => _line.ToString(CultureInfo.InvariantCulture);
        _block.Get<ReadField>("LINE_REPEAT").Source = () => _lineRepeat.ToString(CultureInfo.InvariantCulture);
    }

    private void Unload()
    {
        if (Running)
            _health = "Not ready for table";
        Stop(Unready);
        _rows = [];
        (_tableRepeat, _line, _lineRepeat) = (0, 0, 0);
    }

    private void Load()
    {
        if (_table.IsStreaming)
        {
            if (_state == Unready && TakePiece())
                _state = Ready;
            return;
        }
        _rows = SequencerLayout.Documented.Decode(_table.Words);
        _state = _rows.Length == 0 ? Unready : Ready;
    }

    private bool TakePiece()
    {
        if (!_table.TryTakePiece(out var words, out _isLastPiece))
            return false;
        _rows = SequencerLayout.Documented.Decode(words);
        return true;
    }

    private void Start(long tick)
    {
        (_tableRepeat, _line, _lineRepeat) = (1, 1, 1);
        _health = "OK";
        _active.Set(true);
        BeginIfTriggered(tick);
    }

    private void Stop(string state)
    {
        _state = state;
        Drive(0);
        _active.Set(false);
    }

    private void Continue(long tick)
    {
        if (_state == "WAIT_TRIGGER")
            BeginIfTriggered(tick);
        else if (tick >= _until && _state == "PHASE1")
            BeginPhase2(tick);
        else if (tick >= _until)
            EndRepeat(tick);
    }

    private void BeginIfTriggered(long tick)
    {
        if (!IsTriggered(tick))
        {
            _state = "WAIT_TRIGGER";
        }
        else if (Row.Time1 == 0)
        {
            BeginPhase2(tick);
        }
        else
        {
            _state = "PHASE1";
            _until = tick + Row.Time1 * TableTick;
            Drive(Row.Outputs1);
        }
    }

    private void BeginPhase2(long tick)
    {
        _state = "PHASE2";
        _until = tick + Math.Max(1, (long)Row.Time2) * TableTick;
        Drive(Row.Outputs2);
    }

    private bool IsTriggered(long tick)
    {
        var code = (int)Row.Trigger;
        if (code is 0 or > (int)SequencerTrigger.PositionCAtMost)
            return true;
        if (code <= (int)SequencerTrigger.BitCHigh)
            return _bits[(code - 1) / 2].Value == (code % 2 == 0);
        var now = _positions[(code - 7) / 2].Signal.At(tick * PandASimulator.TickNs);
        return code % 2 == 1 ? now >= Row.Position : now <= Row.Position;
    }

    private long NextLook(long tick)
    {
        var code = (int)Row.Trigger;
        return code <= (int)SequencerTrigger.BitCHigh
            ? Never
            : TickTime.Of(_positions[(code - 7) / 2].Signal.NextReach(Row.Position, code % 2 == 1, tick * PandASimulator.TickNs));
    }

    private void EndRepeat(long tick)
    {
        if (Row.Repeats == 0 || _lineRepeat < Row.Repeats)
            _lineRepeat++;
        else if (_line < _rows.Length)
            (_line, _lineRepeat) = (_line + 1, 1);
        else if (!BeginTable())
            return;
        BeginIfTriggered(tick);
    }

    /// <summary>The table once more, or the next piece; false: it has ended.</summary>
    private bool BeginTable()
    {
        if (_table.IsStreaming)
        {
            if (_isLastPiece || !TakePiece())
            {
                _health = _isLastPiece ? _health : "DMA underrun";
                Stop(Unready);
                return false;
            }
            (_line, _lineRepeat) = (1, 1);
            return true;
        }
        if (_repeats.Value != 0 && _tableRepeat >= _repeats.Value)
        {
            Stop(Ready);
            return false;
        }
        (_tableRepeat, _line, _lineRepeat) = (_tableRepeat + 1, 1, 1);
        return true;
    }

    private void Drive(uint outputs)
    {
        for (var i = 0; i < _outputs.Length; i++)
            _outputs[i].Set((outputs >> i & 1) != 0);
    }
}

/// <summary>Ticks and nanoseconds.</summary>
internal static class TickTime
{
    /// <summary>The first tick that is not before that time; <see cref="BlockModel.Never"/> for none.</summary>
    public static long Of(long? timeNs) =>
        timeNs is { } ns ? (ns + PandASimulator.TickNs - 1) / PandASimulator.TickNs : BlockModel.Never;
}
