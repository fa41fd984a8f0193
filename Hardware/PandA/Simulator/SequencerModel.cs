using System.Globalization;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>The SEQ block, event by event: waits for a row's trigger, times its two phases, repeats, goes on.</summary>
/// <remarks><b>Source</b> block manual as summed up in the protocol reference, section 2; recorded sessions 70 and 72.
/// The one tick that each block adds to a signal is not modelled: everything that follows from one event happens at its time.</remarks>
internal sealed class SequencerModel
{
    private readonly ISimulationClock _clock;
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
    private IDisposable? _wake;
    private EncoderCount? _watched;
    private string _state = "UNREADY";
    private long _tableRepeat;
    private int _line;
    private long _lineRepeat;

    public SequencerModel(BoxBlock block, ISimulationClock clock)
    {
        (_block, _clock) = (block, clock);
        _enable = block.Get<BitMuxField>("ENABLE");
        _bits = [.. "ABC".Select(c => block.Get<BitMuxField>($"BIT{c}"))];
        _positions = [.. "ABC".Select(c => block.Get<PosMuxField>($"POS{c}"))];
        _table = block.Get<TableField>("TABLE");
        _prescale = block.Get<TimeField>("PRESCALE");
        _repeats = block.Get<NumberField>("REPEATS");
        _active = block.Get<BitOutField>("ACTIVE").Source;
        _outputs = [.. "ABCDEF".Select(c => block.Get<BitOutField>($"OUT{c}").Source)];
        _enable.Changed += OnEnable;
        foreach (var bit in _bits)
            bit.Changed += _ => Retry();
        foreach (var position in _positions)
            position.Written += Retry;
        _table.Resetting += Unload;
        _table.Written += Load;
        Publish();
    }

    private long TickNs => PandASimulator.TickNs * Math.Max(1, _prescale.Ticks);

    private SequencerRow Row => _rows[_line - 1];

    private bool Running => _active.Value;

    private void Publish()
    {
        _block.Get<ReadField>("STATE").Source = () => _state;
        _block.Get<ReadField>("TABLE_REPEAT").Source = () => _tableRepeat.ToString(CultureInfo.InvariantCulture);
        _block.Get<ReadField>("TABLE_LINE").Source = () => _line.ToString(CultureInfo.InvariantCulture);
        _block.Get<ReadField>("LINE_REPEAT").Source = () => _lineRepeat.ToString(CultureInfo.InvariantCulture);
    }

    private void Unload()
    {
        Stop("UNREADY");
        _rows = [];
    }

    private void Load()
    {
        _rows = SequencerLayout.Documented.Decode(_table.Words);
        _state = _rows.Length == 0 ? "UNREADY" : "WAIT_ENABLE";
    }

    private void OnEnable(bool on)
    {
        if (!on && Running)
            Stop("WAIT_ENABLE");
        else if (on && _state == "WAIT_ENABLE")
            Start();
    }

    private void Start()
    {
        (_tableRepeat, _line, _lineRepeat) = (1, 1, 1);
        _active.Set(true);
        Await();
    }

    private void Stop(string state)
    {
        Sleep();
        _state = state;
        Drive(0);
        _active.Set(false);
    }

    private void Sleep()
    {
        _wake?.Dispose();
        _wake = null;
        if (_watched is not null)
            _watched.CourseChanged -= Retry;
        _watched = null;
    }

    private void Retry()
    {
        if (Running && _state == "WAIT_TRIGGER")
            Await();
    }

    /// <summary>Begins the row if its trigger is met; else waits for what could meet it.</summary>
    private void Await()
    {
        Sleep();
        var row = Row;
        _state = "WAIT_TRIGGER";
        if (row.Trigger == SequencerTrigger.Immediate)
        {
            BeginPhase1();
            return;
        }
        var code = (int)row.Trigger;
        if (code <= (int)SequencerTrigger.BitCHigh)
        {
            if (_bits[(code - 1) / 2].Ahead == (code % 2 == 0))
                BeginPhase1();
            return;
        }
        var ascending = code % 2 == 1;
        var signal = _positions[(code - 7) / 2].Signal;
        var now = signal.At(_clock.NowNs);
        if (ascending ? now >= row.Position : now <= row.Position)
        {
            BeginPhase1();
            return;
        }
        _watched = signal;
        signal.CourseChanged += Retry;
        if (signal.NextReach(row.Position, ascending, _clock.NowNs) is { } reached)
            _wake = _clock.At(Math.Max(reached, _clock.NowNs + 1), Retry);
    }

    private void BeginPhase1()
    {
        Sleep();
        if (Row.Time1 == 0)
        {
            BeginPhase2();
            return;
        }
        _state = "PHASE1";
        _wake = _clock.At(_clock.NowNs + Row.Time1 * TickNs, BeginPhase2);
        Drive(Row.Outputs1);
    }

    private void BeginPhase2()
    {
        _state = "PHASE2";
        _wake = _clock.At(_clock.NowNs + Math.Max(1, (long)Row.Time2) * TickNs, EndRepeat);
        Drive(Row.Outputs2);
    }

    private void EndRepeat()
    {
        if (Row.Repeats == 0 || _lineRepeat < Row.Repeats)
            _lineRepeat++;
        else if (_line < _rows.Length)
            (_line, _lineRepeat) = (_line + 1, 1);
        else if (_repeats.Value == 0 || _tableRepeat < _repeats.Value)
            (_tableRepeat, _line, _lineRepeat) = (_tableRepeat + 1, 1, 1);
        else
        {
            Stop("WAIT_ENABLE");
            return;
        }
        Await();
    }

    private void Drive(uint outputs)
    {
        for (var i = 0; i < _outputs.Length; i++)
            _outputs[i].Set((outputs >> i & 1) != 0);
    }
}
