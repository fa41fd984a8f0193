using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;

namespace Flyscan.Hardware.Motion;

/// <summary>A simulated controller: runs position, velocity, time programmes on its axes and drives a live output.</summary>
/// <remarks>All members on the world's thread. A programme that was started runs to its end whoever listens.</remarks>
internal sealed class SimulatedController
{
    private readonly ISimulationClock _world;
    private readonly BitSignal _live = new();
    private readonly List<Action<string?>> _waiting = [];
    private Trajectory? _programme;
    private IDisposable? _settled;
    private IDisposable? _liveChange;
    private bool _isBraking;

    public SimulatedController(ISimulationClock world, VirtualMotionSettings settings, ulong seed)
    {
        (_world, Settings) = (world, settings);
        Axes = [.. settings.Axes.Select(a => new SimulatedAxis(a, SeededGenerator.For(seed, $"{settings.Controller.Name}.{a.Axis.Name}")))];
    }

    public VirtualMotionSettings Settings { get; }

    public IReadOnlyList<SimulatedAxis> Axes { get; }

    public MotionPhase Phase { get; private set; }

    public TakeMark Mark { get; private set; }

    /// <summary>The programme it holds; null when none.</summary>
    public Trajectory? Programme => _programme;

    /// <summary>High on the segments that the programme says.</summary>
    public IBitSignal Live => _live;

    /// <summary>Beam time at which all axes stand settled, as things stand.</summary>
    public long SettledNs { get; private set; }

    /// <summary>Raised after each change of phase.</summary>
    public event Action? PhaseChanged;

    private bool IsMoving => _settled is not null;

    public MotionStatus Status() => new(
        Phase, Mark, [.. Axes.Select(a => new AxisPosition(a.Settings.Axis.Name, a.ActualAt(_world.NowNs)))], null);

    /// <summary>Takes a programme; nothing moves. Returns why not.</summary>
    public string? Load(TakeMark mark, Trajectory trajectory)
    {
        if (IsMoving)
            return $"{Settings.Controller.Name} moves: wait for its end or stop it";
        if (TrajectoryCheck.Problem(trajectory, Settings) is { } problem)
            return problem;
        (_programme, Mark) = (trajectory, mark);
        Enter(MotionPhase.Loaded);
        return null;
    }

    /// <summary>Moves to the programme's start; calls back when settled there, with why not otherwise.</summary>
    public void MoveToStart(TakeMark mark, Action<string?> done)
    {
        if (NotHeld(mark) is { } problem)
            done(problem);
        else if (IsMoving)
            done($"{Settings.Controller.Name} moves: wait for its end or stop it");
        else
        {
            _waiting.Add(done);
            var settled = _world.NowNs;
            for (var column = 0; column < _programme!.Axes.Count; column++)
                settled = Math.Max(settled, AxisOf(column).MoveTo(_programme.Start[column], _world.NowNs));
            Enter(MotionPhase.Loaded);
            SettleAt(settled, MotionPhase.AtStart);
        }
    }

    /// <summary>Starts the programme; returns why not. A programme that runs or ran already is not started again.</summary>
    public string? Start(TakeMark mark)
    {
        if (NotHeld(mark) is { } problem)
            return problem;
        if (Phase is MotionPhase.Running or MotionPhase.Done)
            return null;
        if (Phase != MotionPhase.AtStart)
            return $"{Settings.Controller.Name} is {Phase}, not at the start of programme {mark.Value}: move it there first";
        var (start, settled) = (_world.NowNs, _world.NowNs);
        for (var column = 0; column < _programme!.Axes.Count; column++)
            settled = Math.Max(settled, AxisOf(column).Follow([.. TrajectoryCheck.Knots(_programme, column, start)], start));
        settled = Math.Max(settled, start + _programme.DurationNs);
        SettleAt(settled, MotionPhase.Done);
        Enter(MotionPhase.Running);
        DriveLive(0, start);
        return null;
    }

    /// <summary>Brakes to rest on the path; calls back when all axes stand settled.</summary>
    public void Stop(Action<string?> done)
    {
        if (!IsMoving)
        {
            done(null);
            return;
        }
        if (_isBraking)
        {
            _waiting.Add(done);
            return;
        }
        _isBraking = true;
        foreach (var waiting in TakeWaiting())
            waiting("stopped before it was there");
        _waiting.Add(done);
        var now = _world.NowNs;
        _liveChange?.Dispose();
        _live.Set(false);
        var brakeNs = MoveProfile.BrakeNs(Axes.Select(a => (a.Track.VelocityAt(now), a.Settings.Axis.MaxAcceleration)));
        var settled = now;
        foreach (var axis in Axes)
            settled = Math.Max(settled, axis.Follow(axis.Track.IsAtRest(now) ? [] : MoveProfile.Brake(axis.Track, now, brakeNs), now));
        SettleAt(settled, MotionPhase.Stopped);
    }

    private SimulatedAxis AxisOf(int column) => Axes.First(a => a.Settings.Axis.Name == _programme!.Axes[column]);

    private string? NotHeld(TakeMark mark) => _programme is not null && Mark == mark
        ? null
        : $"{Settings.Controller.Name} holds {(_programme is null ? "no programme" : $"programme {Mark.Value}")}, "
            + $"not {mark.Value}: load it first";

    private void SettleAt(long timeNs, MotionPhase then)
    {
        _settled?.Dispose();
        SettledNs = timeNs;
        _settled = _world.At(timeNs, () =>
        {
            (_settled, _isBraking) = (null, false);
            Enter(then);
            foreach (var waiting in TakeWaiting())
                waiting(null);
        });
    }

    private List<Action<string?>> TakeWaiting()
    {
        List<Action<string?>> waiting = [.. _waiting];
        _waiting.Clear();
        return waiting;
    }

    private void DriveLive(int segment, long fromNs)
    {
        var live = _programme!.Live;
        _live.Set(live[segment]);
        var until = fromNs;
        for (; segment < live.Length && live[segment] == _live.Value; segment++)
            until += _programme.DurationsNs[segment];
        var next = segment;
        if (next < live.Length)
            _liveChange = _world.At(until, () => DriveLive(next, until));
        else
            _liveChange = _world.At(until, () => _live.Set(false));
    }

    private void Enter(MotionPhase phase)
    {
        if (phase == Phase)
            return;
        Phase = phase;
        PhaseChanged?.Invoke();
    }
}
