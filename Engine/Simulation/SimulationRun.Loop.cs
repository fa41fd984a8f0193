using Akka.Dispatch;

namespace Flyscan.Engine.Simulation;

public sealed partial class SimulationRun
{
    private readonly SimulationGenerator _choices;
    private readonly EventQueue _events = new();
    private Ready[] _ready = new Ready[64];
    private int _readyCount;
    private int _thread;
    private long _stepsAtThisMoment;
    private bool _hasBegun;
    private SimulationException? _problem;

    /// <summary>Runs until nothing is left to do, or the time is over; whether nothing is left.</summary>
    public bool RunUntilIdle(long withinNs = 3_600_000_000_000) => Guarded(() =>
    {
        var limitNs = Later(withinNs);
        while (true)
        {
            while (Step())
            {
            }

            if (!Advance(limitNs))
                return _events.NextNs() is null;
        }
    });

    /// <summary>Runs for that long; time passes also where nothing happens.</summary>
    public void RunFor(long forNs) => RunUntil(static () => false, forNs);

    /// <summary>Runs until the condition holds; false where it does not within that time.</summary>
    public bool RunUntil(Func<bool> condition, long withinNs) => Guarded(() =>
    {
        var limitNs = Later(withinNs);
        while (!condition())
        {
            if (Step() || Advance(limitNs))
                continue;
            NowNs = Math.Max(NowNs, limitNs);
            return condition();
        }

        return true;
    });

    /// <summary>Runs a scenario that awaits, on the virtual clock and outside of every node, to its end.</summary>
    /// <remarks><b>Errors</b> throws <see cref="SimulationException"/> where it has not ended within that time, and what it
    /// throws.</remarks>
    public T Run<T>(Func<Task<T>> scenario, long withinNs) => Guarded(() =>
    {
        Enter(_outside);
        var task = scenario();
        var limitNs = Later(withinNs);
        while (!task.IsCompleted)
        {
            if (!Step() && !Advance(limitNs))
                throw Problem(
                    $"the scenario has not ended within {withinNs} ns"
                    + (_events.NextNs() is null ? ": nothing is left that it could wait for inside of the simulation" : ""));
        }

        return task.GetAwaiter().GetResult();
    });

    /// <summary>The same for a scenario without a result.</summary>
    public void Run(Func<Task> scenario, long withinNs) => Run(
        async () =>
        {
            await scenario();
            return true;
        },
        withinNs);

    /// <summary>Runs one thing; false where nothing is runnable at this moment.</summary>
    internal bool Step()
    {
        while (_readyCount > 0)
        {
            var index = _choices.Below(_readyCount);
            var (work, state, owner) = _ready[index];
            Trace.Picked(_readyCount, index);
            _ready[index] = _ready[--_readyCount];
            _ready[_readyCount] = default;
            if (!owner.IsAlive)
                continue;
            if (++_stepsAtThisMoment > Options.MostStepsAtOneMoment)
                throw Problem($"{_stepsAtThisMoment} steps without any passing of time: something goes in circles");
            Enter(owner);
            Execute(work, state, owner);
            return true;
        }

        return false;
    }

    internal void MakeReady(object work, object? state, Life owner)
    {
        if (!owner.IsAlive)
            return;
        if (_readyCount == _ready.Length)
            Array.Resize(ref _ready, _readyCount * 2);
        _ready[_readyCount++] = new Ready(work, state, owner);
    }

    internal void Schedule(SimulatedEvent item, long timeNs) => _events.Add(item, Math.Max(timeNs, NowNs));

    /// <summary>What comes from another thread could come at any moment: the run would differ each time.</summary>
    internal void RequireThread(string what)
    {
        if (Environment.CurrentManagedThreadId != _thread)
            throw Problem(
                $"{what} from outside of the simulation's thread. Something ran on the thread pool: ConfigureAwait(false), Task.Run, "
                + "a timer or a wait that was not given the virtual TimeProvider, or real input and output");
    }

    internal void Enter(Life life)
    {
        if (!ReferenceEquals(SynchronizationContext.Current, life.Context))
            SynchronizationContext.SetSynchronizationContext(life.Context);
    }

    private void Execute(object work, object? state, Life owner)
    {
        try
        {
            switch (work)
            {
                case Mailbox mailbox:
                    mailbox.Run();
                    break;
                case IRunnable runnable:
                    runnable.Run();
                    break;
                case SendOrPostCallback continuation:
                    Trace.Add("continue", owner.Name, 0, static () => "");
                    continuation(state);
                    break;
            }
        }
        catch (Exception cause) when (cause is not SimulationException)
        {
            throw Problem($"{owner.Name}: a callback outside of any actor threw {cause.GetType().Name}: {cause.Message}", cause);
        }

        if (_problem is not null)
            throw _problem;
        Network.CrashWhoIsDue();
    }

    private bool Advance(long limitNs)
    {
        if (_events.NextNs() is not { } next || next > limitNs)
            return false;
        if (next > NowNs)
        {
            CheckInvariants();
            NowNs = next;
            _stepsAtThisMoment = 0;
        }

        _events.FireAllAt(next);
        return true;
    }

    private void CheckInvariants()
    {
        foreach (var (name, broken) in _invariants)
        {
            if (broken() is { } text)
                throw Problem($"{name} does not hold: {text}");
        }
    }

    private T Guarded<T>(Func<T> run)
    {
        var outer = SynchronizationContext.Current;
        _thread = Environment.CurrentManagedThreadId;
        try
        {
            if (_problem is not null)
                throw _problem;
            if (!_hasBegun)
            {
                _hasBegun = true;
                Decisions.Begin();
            }

            var result = run();
            CheckInvariants();
            return result;
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(outer);
        }
    }

    private long Later(long byNs) => byNs > long.MaxValue - NowNs ? long.MaxValue : NowNs + byNs;

    private readonly record struct Ready(object Work, object? State, Life Owner);
}
