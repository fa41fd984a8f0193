using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>Flies a motor record along a line at constant velocity: run-up, windows by the encoder's position, run-down.</summary>
/// <remarks>The line's velocity and ramp are written once the motor stands at the start, and put back when the flight is over, also by the
/// next process after a crash. The record knows no marks: the line is kept with what is to be put back, and the next process adopts a
/// flight that is proved to go on along it. Any other motion is told as running with no mark, and why. <b>Source</b> motor record, as seen
/// with motorSim.</remarks>
internal sealed partial class EpicsFlownMotorDriver(string name, EpicsMotorSettings settings, DeviceEnvironment environment)
    : EpicsMotorDriver(name, settings, environment), IMotionController
{
    private readonly object _gate = new();
    private Flight _flight = Flight.None;

    public async Task<Outcome<MotionStatus>> GetStatusAsync(CancellationToken cancel)
    {
        var state = await StateAsync(cancel);
        return state is Outcome<MotorState>.Completed { Value: var motor } ? Done(StatusOf(motor)) : state.As<MotionStatus>();
    }

    public async Task<Outcome<MotionStatus>> LoadAsync(TakeMark mark, Trajectory trajectory, CancellationToken cancel)
    {
        var line = FlownLine.Of(trajectory, _settings.Axis.MaxAcceleration, out var problem);
        if (line is null)
            return new Outcome<MotionStatus>.Refused($"{Name}: {problem}");
        var reached = await ReachAsync(cancel);
        if (reached.Problem is not null)
            return reached.As<MotionStatus>();
        // A flight that a former process began, and nobody waits for, ends first.
        if (!(_done.Last is { } last && IsDone(last)) && await StopAsync(cancel) is { Problem: not null } unstopped)
            return unstopped;
        var state = await StateAsync(cancel);
        if (state is not Outcome<MotorState>.Completed { Value: var motor })
            return state.As<MotionStatus>();
        if ((Unmovable(motor, line.Start) ?? Unmovable(motor, line.End) ?? TooSlow(motor, line)) is { } reason)
            return new Outcome<MotionStatus>.Refused(reason);
        _notAdopted = null;
        Become(new Flight(mark, line, MotionPhase.Loaded));
        return Done(StatusOf(motor));
    }

    public async Task<Outcome<MotionStatus>> MoveToStartAsync(TakeMark mark, CancellationToken cancel) => Held(mark, out var flight)
        is { } reason
        ? new Outcome<MotionStatus>.Refused(reason)
        : await BridgedAsync(() => ToStartAsync(flight, cancel), cancel);

    private async Task<Outcome<MotionStatus>> ToStartAsync(Flight flight, CancellationToken cancel)
    {
        var restored = await RestoreSpeedAsync();
        if (restored.Problem is not null)
            return restored.As<MotionStatus>();
        var moved = await MoveAsync(flight.Line!.Start, cancel);
        if (moved.Problem is not null)
            return moved.As<MotionStatus>();
        var losses = Losses;
        var state = await StateAsync(cancel);
        if (state is not Outcome<MotorState>.Completed { Value: var motor })
            return state.As<MotionStatus>();
        var set = await SetLineSpeedAsync(flight, motor, cancel);
        if (set.Problem is not null)
            return set.As<MotionStatus>();
        Become(flight with { Phase = MotionPhase.AtStart, Losses = losses });
        return Done(StatusOf(motor));
    }

    private async Task<Outcome<double>> SetLineSpeedAsync(Flight flight, MotorState motor, CancellationToken cancel)
    {
        // From VBAS on, so that the ramp is no longer than the planned run-up.
        var rampS = (flight.Line!.Speed - motor.BaseVelocity) / _settings.Axis.MaxAcceleration;
        var set = await SetSpeedAsync(motor, flight.Line.Speed, rampS, cancel);
        if (set.Problem is null)
            KeepFlight(flight);
        return set;
    }

    public async Task<Outcome<MotionStatus>> StartAsync(TakeMark mark, CancellationToken cancel)
    {
        // Not given up half way: whether motion has begun must be known.
        if (cancel.IsCancellationRequested)
            return new Outcome<MotionStatus>.Cancelled();
        if (Held(mark, out var flight) is { } reason)
            return new Outcome<MotionStatus>.Refused(reason);
        if (flight.Phase is MotionPhase.Running or MotionPhase.Done)
            return await GetStatusAsync(CancellationToken.None);
        var state = await StateAtStartAsync(flight);
        if (state is not Outcome<MotorState>.Completed { Value: var motor })
            return state.As<MotionStatus>();
        if (NotReady(flight, motor) is { } problem)
            return new Outcome<MotionStatus>.Refused(problem);
        var begun = _done.WaitAsync(r => !IsDone(r), presentCounts: false);
        // It may end at once: first it runs, then its end is known.
        Become(flight with { Phase = MotionPhase.Running, IsStopped = false, Fault = null });
        var ended = FlyAsync(() => RaceAsync(
            flight.Line!.End, motor with { Velocity = flight.Line.Speed }, CancellationToken.None));
        Become(Now() with { Ended = ended });
        await EitherAsync(begun, ended, Clock.NowNs + _settings.ReplyWithinNs);
        return begun.IsCompleted || ended.IsCompleted
            ? await GetStatusAsync(CancellationToken.None)
            : new Outcome<MotionStatus>.Failed($"{Name}: {_settings.Pv}.VAL was written, and DMOV still says that it rests");
    }

    /// <summary>Waits for the flight's end. Giving up the wait leaves it flying.</summary>
    public async Task<Outcome<MotionStatus>> WaitDoneAsync(TakeMark mark, CancellationToken cancel)
    {
        if (Held(mark, out var flight) is { } reason)
            return new Outcome<MotionStatus>.Refused(reason);
        if (flight.Ended is not { } ended)
            return new Outcome<MotionStatus>.Refused($"{Name}: programme {mark.Value} was not started: it is {flight.Phase}");
        var either = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var given = cancel.Register(() => either.TrySetResult(false));
        _ = ForwardAsync(ended, either);
        return await either.Task ? await GetStatusAsync(cancel) : new Outcome<MotionStatus>.Cancelled();
    }

    /// <summary>Stops by a plain write, which the record takes also while the demand's put is under way.</summary>
    public async Task<Outcome<MotionStatus>> StopAsync(CancellationToken cancel)
    {
        var flight = Now();
        if (flight.Phase == MotionPhase.Running)
            Become(flight with { IsStopped = true });
        var safe = await base.MakeSafeAsync(cancel);
        if (safe.Problem is not null)
            return safe.As<MotionStatus>();
        if (flight.Ended is { } ended)
            await ended;
        return await GetStatusAsync(cancel);
    }

    public override async Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel)
    {
        var stopped = await StopAsync(cancel);
        return stopped.Problem is null ? Done(Nothing.Value) : stopped.As<Nothing>();
    }

    /// <summary>An IOC that began anew since the motor came to the start has its own velocity again.</summary>
    private async Task<Outcome<MotorState>> StateAtStartAsync(Flight flight)
    {
        var state = await StateAsync(CancellationToken.None);
        if (state is not Outcome<MotorState>.Completed { Value: var motor } || flight.Phase != MotionPhase.AtStart
            || Losses == flight.Losses)
            return state;
        var set = await SetLineSpeedAsync(flight, motor, CancellationToken.None);
        return set.Problem is null ? await StateAsync(CancellationToken.None) : set.As<MotorState>();
    }

    /// <summary>A flight that ends elsewhere after its IOC was lost was cut short: the take is flown again. Without that it is a
    /// fault.</summary>
    private async Task FlyAsync(Func<Task<Outcome<double>>> flies)
    {
        var losses = Losses;
        var problem = await FlyToEndAsync(flies);
        var isCut = WasLost(losses);
        lock (_gate)
            _flight = _flight switch
            {
                { IsStopped: true } => _flight with { Phase = MotionPhase.Stopped },
                _ when problem is null => _flight with { Phase = MotionPhase.Done },
                _ when isCut => _flight with { Phase = MotionPhase.Stopped },
                _ => _flight with { Phase = MotionPhase.Faulted, Fault = problem },
            };
    }

    private async Task<string?> FlyToEndAsync(Func<Task<Outcome<double>>> flies)
    {
        try
        {
            var flown = await flies();
            var restored = await RestoreSpeedAsync();
            return flown.Problem ?? restored.Problem;
        }
        catch (IOException unkept)
        {
            return $"{Name}: {unkept.Message}";
        }
    }

    private string? NotReady(Flight flight, MotorState motor)
    {
        var line = flight.Line!;
        if (flight.Phase != MotionPhase.AtStart)
            return $"{Name} is {flight.Phase}, not at the start of programme {flight.Mark.Value}: move it there first";
        if (Unmovable(motor, line.End) is { } reason)
            return reason;
        if (Math.Abs(motor.Velocity - line.Speed) > 1e-6 * line.Speed)
            return FormattableString.Invariant($"{Name}: {_settings.Pv}.VELO was set to {line.Speed:G6} for this line, and is ")
                + FormattableString.Invariant($"{motor.Velocity:G6} now: somebody else changes it");
        var tolerance = Math.Max(_settings.Tolerance ?? motor.DeadBand, 1e-12);
        return Math.Abs(motor.Position - line.Start) <= tolerance
            ? null
            : FormattableString.Invariant($"{Name}: it is at {motor.Position:G9} {_settings.Axis.Unit}, and not at the line's start ")
                + FormattableString.Invariant($"{line.Start:G9} any more: somebody else moves it");
    }

    private string? TooSlow(MotorState motor, FlownLine line) => line.Speed > motor.BaseVelocity
        ? null
        : FormattableString.Invariant($"{Name}: the line is flown at {line.Speed:G6} {_settings.Axis.Unit}/s, and ")
            + FormattableString.Invariant($"{_settings.Pv}.VBAS lets VELO be {motor.BaseVelocity:G6} at least; make ")
            + "the frames shorter in time, or lower VBAS";

    private MotionStatus StatusOf(MotorState motor)
    {
        var flight = Now();
        EquatableArray<AxisPosition> positions = [new AxisPosition(_settings.Axis.Name, motor.Position)];
        // Another's motion has no mark, nor has one that is not proved to be ours.
        return flight.Phase is not (MotionPhase.Running or MotionPhase.Stopped or MotionPhase.Faulted) && !motor.IsDone
            ? new MotionStatus(MotionPhase.Running, default, positions, _notAdopted)
            : new MotionStatus(flight.Phase, flight.Mark, positions, flight.Fault);
    }

    private string? Held(TakeMark mark, out Flight flight)
    {
        flight = Now();
        return flight.Line is not null && flight.Mark == mark
            ? null
            : $"{Name} holds {(flight.Line is null ? "no programme" : $"programme {flight.Mark.Value}")}, not {mark.Value}: load it first";
    }

    private Flight Now()
    {
        lock (_gate)
            return _flight;
    }

    private void Become(Flight flight)
    {
        lock (_gate)
            _flight = flight;
    }

    private async Task EitherAsync(Task<bool> begun, Task ended, long deadlineNs)
    {
        var either = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        _ = ForwardAsync(ended, either);
        var first = EitherAsync(either.Task, deadlineNs, CancellationToken.None);
        _ = ForwardAsync(begun, either);
        await first;
        _done.Forget(begun);
    }

    private static async Task ForwardAsync(Task task, TaskCompletionSource<bool> to)
    {
        await task;
        to.TrySetResult(true);
    }

    /// <summary>Ended: completes with the flight, its end told by the phase. Losses: of the connection, until it came to the
    /// start.</summary>
    private sealed record Flight(TakeMark Mark, FlownLine? Line, MotionPhase Phase)
    {
        public static readonly Flight None = new(default, null, MotionPhase.Idle);

        public Task? Ended { get; init; }

        public int Losses { get; init; }

        public bool IsStopped { get; init; }

        public string? Fault { get; init; }
    }
}
