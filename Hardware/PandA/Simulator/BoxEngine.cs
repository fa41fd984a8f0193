using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Something that happens inside the box at a tick.</summary>
internal interface IBoxEvent
{
    void Happen(long tick);
}

/// <summary>One instance of a block: given a moment and its inputs it sets its outputs and says when it wants to be called again.</summary>
/// <remarks>Inputs and outputs are its fields. It is called once for all that changed at one tick.</remarks>
internal abstract class BlockModel : IBoxEvent
{
    /// <summary>It need not be called again before an input changes.</summary>
    public const long Never = long.MaxValue;

    /// <summary>Tick at which the engine will call it; <see cref="Never"/>: none.</summary>
    public long Due { get; set; } = Never;

    /// <summary>Carries out everything due at this tick; returns the next wake, later than it, or <see cref="Never"/>.</summary>
    public abstract long Update(long tick);

    public void Happen(long tick) => Due = Never;
}

/// <summary>The box's own time: integer ticks, one event after the other, on the clock of a simulated world.</summary>
/// <remarks><b>Units</b> ticks of 8 ns. What a block puts out is seen by others one tick later; what comes from or goes out of the box
/// is seen at once. A register write is followed by the few ticks that carry it through the wiring, so that box time may be ahead of the
/// world's by less than a microsecond.</remarks>
internal sealed class BoxEngine(ISimulationClock clock)
{
    private const int SettlingTicks = 16;

    private readonly PriorityQueue<IBoxEvent, long> _queue = new();
    private IDisposable? _wake;
    private long _wakeTick = long.MaxValue;
    private bool _running;

    /// <summary>The tick that is being carried out, or the last that was.</summary>
    public long Now { get; private set; }

    public long NowNs => Now * PandASimulator.TickNs;

    /// <summary>Updates and events carried out since the box was made.</summary>
    public long Count { get; private set; }

    public ISimulationClock Clock => clock;

    /// <summary>Brings the box up to the world's present; call it before anything from outside acts on it.</summary>
    public void Enter()
    {
        if (!_running)
            Run((clock.NowNs + PandASimulator.TickNs - 1) / PandASimulator.TickNs);
    }

    /// <summary>Carries out what is due now; call it after anything from outside acted on the box.</summary>
    public void Leave()
    {
        if (!_running)
            Run(Now);
    }

    /// <summary>After a register write: carries out what follows from it within a few ticks.</summary>
    public void Settle()
    {
        if (_running)
            return;
        var end = Now + SettlingTicks;
        while (_queue.TryPeek(out _, out var key) && key >> 1 <= end)
            Run(key >> 1);
        Run(Now);
    }

    /// <summary>The block is updated at that tick, or earlier if it is due earlier.</summary>
    public void Update(BlockModel block, long tick)
    {
        if (tick >= block.Due)
            return;
        block.Due = tick;
        _queue.Enqueue(block, tick * 2 + 1);
    }

    /// <summary>A change of an input: before all updates of that tick.</summary>
    public void Change(IBoxEvent change, long tick) => _queue.Enqueue(change, tick * 2);

    private void Run(long upTo)
    {
        _running = true;
        while (_queue.TryPeek(out var next, out var key) && key >> 1 <= upTo)
        {
            _queue.Dequeue();
            var tick = key >> 1;
            if (next is BlockModel stale && stale.Due != tick)
                continue;
            Now = Math.Max(Now, tick);
            Count++;
            next.Happen(Now);
            if (next is BlockModel block && block.Update(Now) is var wake && wake < BlockModel.Never)
                Update(block, Math.Max(wake, Now + 1));
        }
        Now = Math.Max(Now, upTo);
        _running = false;
        ArmWake();
    }

    private void ArmWake()
    {
        var next = _queue.TryPeek(out _, out var key) ? key >> 1 : long.MaxValue;
        if (next == _wakeTick)
            return;
        _wake?.Dispose();
        _wakeTick = next;
        _wake = next == long.MaxValue ? null : clock.At(next * PandASimulator.TickNs, Wake);
    }

    private void Wake()
    {
        _wakeTick = long.MaxValue;
        _wake = null;
        Enter();
    }
}
