using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>Drives a motor record as a soft axis.</summary>
/// <remarks>A put with completion alone is never trusted: it is answered for a demand that was refused, after a stop, at a limit switch,
/// and sometimes not at all. So it is raced with DMOV and a deadline, and the readback is compared with the demand. <b>Source</b> motor
/// record, as seen with motorSim.</remarks>
internal partial class EpicsMotorDriver : EpicsDevice, ISettable
{
    private const long Second = 1_000_000_000;

    /// <summary>How long an answer may follow DMOV before the move is judged without it.</summary>
    private const long AnswerAfterDoneNs = Second / 2;

    private protected readonly EpicsMotorSettings _settings;
    private protected readonly Dictionary<string, IPvChannel> _fields;
    private protected readonly ValueWatch _done;
    private protected readonly IKeptSettings _kept;
    private readonly double _wallPerBeam;

    public EpicsMotorDriver(string name, EpicsMotorSettings settings, DeviceEnvironment environment)
        : base(name, environment, settings.ReconnectWithinNs)
    {
        (_settings, _kept, _wallPerBeam) = (settings, environment.Kept, Math.Max(1, environment.TimeScale));
        string[] fields =
        [
            "VAL", "RBV", "DMOV", "STOP", "VELO", "ACCL", "HLM", "LLM", "DHLM", "DLLM", "LVIO", "MISS", "HLS", "LLS", "MSTA", "SPMG",
            "RDBD", "EGU", "VBAS",
        ];
        _fields = fields.ToDictionary(f => f, f => Open($"{settings.Pv}.{f}"));
        _done = new ValueWatch(_fields["DMOV"]);
    }

    public override async Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel)
    {
        var connected = await base.ConnectAsync(cancel);
        if (connected.Problem is not null)
            return connected;
        var state = await StateAsync(cancel);
        if (state is not Outcome<MotorState>.Completed { Value: var motor })
            return state.As<Nothing>();
        if (motor.Unit.Length > 0 && motor.Unit != _settings.Axis.Unit)
            return new Outcome<Nothing>.Refused(
                $"{Name}: {_settings.Pv}.EGU is {motor.Unit}, and the beamline file says {_settings.Axis.Unit}");
        if (motor.HasLimits && (motor.Low > _settings.Axis.Low || motor.High < _settings.Axis.High))
            return new Outcome<Nothing>.Refused(FormattableString.Invariant($"{Name}: the beamline file says {_settings.Axis.Low:G9} to ")
                + FormattableString.Invariant($"{_settings.Axis.High:G9} {_settings.Axis.Unit}, and {_settings.Pv} has soft limits ")
                + FormattableString.Invariant($"{motor.Low:G9} to {motor.High:G9} (LLM, HLM); narrow low and high, or widen the record's"));
        return await FoundAsync(motor);
    }

    /// <summary>Puts back what a process that died had changed; a motor that still moves gets it back when it is stopped or moved
    /// again.</summary>
    private protected virtual async Task<Outcome<Nothing>> FoundAsync(MotorState motor) =>
        motor.IsDone ? await RestoreSpeedAsync() : Done(Nothing.Value);

    public async Task<Outcome<double>> ReadAsync(CancellationToken cancel)
    {
        var read = await BridgedAsync(() => _fields["RBV"].GetAsync(_settings.ReplyWithinNs, cancel), cancel);
        return read is Outcome<PvReading>.Completed { Value: var reading } ? Done(reading.Value.AsNumber()) : read.As<double>();
    }

    /// <summary>Stops by a plain write, which the record takes also while a put with completion is under way, and waits until it
    /// rests.</summary>
    public override Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) =>
        BridgedAsync(() => StopRecordAsync(cancel), cancel);

    /// <summary>Moves it there. A demand that was lost with the IOC is written again, since it says where and not how far.</summary>
    public Task<Outcome<double>> MoveAsync(double target, CancellationToken cancel) =>
        BridgedAsync(() => MoveOnceAsync(target, cancel), cancel);

    private async Task<Outcome<double>> MoveOnceAsync(double target, CancellationToken cancel)
    {
        var state = await StateAsync(cancel);
        if (state is not Outcome<MotorState>.Completed { Value: var before })
            return state.As<double>();
        if (Unmovable(before, target) is { } reason)
            return new Outcome<double>.Refused(reason);
        var velocity = _settings.MoveVelocity is { } wanted ? await SetSpeedAsync(before, wanted, null, cancel) : Done(before.Velocity);
        if (velocity is not Outcome<double>.Completed { Value: var speed })
            return velocity;
        var moved = await RaceAsync(target, before with { Velocity = speed }, cancel);
        var restored = await RestoreSpeedAsync();
        return moved.Problem is null && restored.Problem is not null ? restored.As<double>() : moved;
    }

    /// <summary>Why it cannot be moved; null when it can. The record itself would answer success to what it refuses.</summary>
    private protected string? Unmovable(MotorState before, double target)
    {
        var axis = _settings.Axis;
        if (!double.IsFinite(target) || target < axis.Low || target > axis.High)
            return FormattableString.Invariant($"{Name}: {target:G9} {axis.Unit} is outside {axis.Low:G9} to {axis.High:G9}");
        if (before.HasLimits && (target < before.Low || target > before.High))
            return FormattableString.Invariant($"{Name}: {target:G9} {axis.Unit} is outside the record's limits {before.Low:G9} to ")
                + FormattableString.Invariant($"{before.High:G9} (LLM, HLM)");
        if (before.Mode is "Stop" or "Pause")
            return $"{Name}: {_settings.Pv}.SPMG is {before.Mode}; set it to Go";
        return before.IsDone ? null : $"{Name}: it moves already (DMOV is 0), by somebody else's order; wait for its end or stop it";
    }

    private protected async Task<Outcome<Nothing>> StopRecordAsync(CancellationToken cancel)
    {
        var resting = _done.WaitAsync(IsDone, presentCounts: false);
        var written = _fields["STOP"].Put(new PvValue.Integer(1));
        if (written.Problem is not null)
            return written;
        var state = await StateAsync(cancel);
        if (state is not Outcome<MotorState>.Completed { Value: var motor })
            return state.As<Nothing>();
        var restored = await RestoreSpeedAsync();
        if (motor.IsDone)
            return restored;
        var withinNs = (long)(2 * motor.AccelerationS * 1e9 * _wallPerBeam) + _settings.ReplyWithinNs;
        if (await EitherAsync(resting, Clock.NowNs + withinNs, cancel) || (_done.Last is { } last && IsDone(last)))
            return restored;
        return cancel.IsCancellationRequested
            ? new Outcome<Nothing>.Cancelled()
            : new Outcome<Nothing>.Failed($"{Name}: still moves {withinNs / 1e9:0.###} s after {_settings.Pv}.STOP was written");
    }

    /// <summary>True when the task completed first; false at the deadline or when cancelled.</summary>
    private protected async Task<bool> EitherAsync(Task<bool> task, long deadlineNs, CancellationToken cancel)
    {
        var either = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var wake = Clock.WakeAt(deadlineNs, () => either.TrySetResult(false));
        using var cancelled = cancel.Register(() => either.TrySetResult(false));
        _ = TaskWaits.ForwardAsync(task, either);
        var first = await either.Task;
        _done.Forget(task);
        return first;
    }

    private protected static bool IsDone(PvReading reading) => reading.Value.AsNumber() != 0;
}
