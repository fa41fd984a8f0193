using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

internal partial class EpicsMotorDriver
{
    private enum Ending
    {
        Answered,
        Refused,
        Done,
        Deadline,
        Cancelled,
    }

    /// <summary>Writes the demand once, and waits for the first of: the answer, DMOV back at 1, the deadline, a cancel.</summary>
    private protected async Task<Outcome<double>> RaceAsync(double target, MotorState before, CancellationToken cancel)
    {
        if (cancel.IsCancellationRequested)
            return new Outcome<double>.Cancelled();
        var deadlineNs = Clock.NowNs + LongestNs(Math.Abs(target - before.Position), before);
        var hasBegun = false;
        // The first reading after the write that says "moves" arms the one that says "rests".
        var rested = _done.WaitAsync(
            r =>
            {
                hasBegun |= !IsDone(r);
                return hasBegun && IsDone(r);
            },
            presentCounts: false);
        using var giveUp = new CancellationTokenSource();
        var put = _fields["VAL"].PutAndWaitAsync(new PvValue.Number(target), deadlineNs - Clock.NowNs, giveUp.Token);
        var (ending, problem) = await FirstAsync(put, rested, deadlineNs, cancel);
        _done.Forget(rested);
        giveUp.Cancel();
        switch (ending)
        {
            case Ending.Cancelled:
                var stopped = await StopWhenReachedAsync();
                return stopped.Problem is null
                    ? new Outcome<double>.Cancelled()
                    : new Outcome<double>.Failed($"{Name}: cancelled, but it could not be stopped: {stopped.Problem}");
            case Ending.Deadline:
                await StopWhenReachedAsync();
                return new Outcome<double>.TimedOut(
                    FormattableString.Invariant($"{Name}: moving to {target:G9} {_settings.Axis.Unit}; it was told to stop"),
                    LongestNs(Math.Abs(target - before.Position), before));
            case Ending.Refused:
                return new Outcome<double>.Failed($"{Name}: {problem}");
            default:
                return await JudgeAsync(target, deadlineNs, cancel);
        }
    }

    private async Task<(Ending Ending, string? Problem)> FirstAsync(
        Task<Outcome<Nothing>> put, Task<bool> rested, long deadlineNs, CancellationToken cancel)
    {
        var first = new TaskCompletionSource<(Ending, string?)>(TaskCreationOptions.RunContinuationsAsynchronously);
        IDisposable? grace = null;
        using var deadline = Clock.WakeAt(deadlineNs, () => first.TrySetResult((Ending.Deadline, null)));
        using var cancelled = cancel.Register(() => first.TrySetResult((Ending.Cancelled, null)));
        _ = AnsweredAsync();
        _ = RestedAsync();
        try
        {
            return await first.Task;
        }
        finally
        {
            grace?.Dispose();
        }

        async Task AnsweredAsync()
        {
            var answer = await put;
            // A loss is no ending: the motor goes on, and DMOV will tell once it can be read again.
            if (answer is Outcome<Nothing>.Completed)
                first.TrySetResult((Ending.Answered, null));
            else if (answer is Outcome<Nothing>.Refused)
                first.TrySetResult((Ending.Refused, answer.Problem));
            else if (answer is Outcome<Nothing>.Failed failed)
                await FailedAsync(failed);
        }

        async Task FailedAsync(Outcome<Nothing>.Failed failed)
        {
            if (_fields["VAL"].State == PvState.Connected)
            {
                first.TrySetResult((Ending.Refused, failed.Problem));
                return;
            }
            var reached = await ReachAsync(cancel);
            first.TrySetResult(reached.Problem is null ? (Ending.Done, null) : (Ending.Refused, reached.Problem));
        }

        async Task RestedAsync()
        {
            if (await rested)
                grace = Clock.WakeAt(Clock.NowNs + AnswerAfterDoneNs, () => first.TrySetResult((Ending.Done, null)));
        }
    }

    /// <summary>What became of the move, by what the record says after it.</summary>
    private protected async Task<Outcome<double>> JudgeAsync(double target, long deadlineNs, CancellationToken cancel)
    {
        var resting = _done.WaitAsync(IsDone, presentCounts: false);
        var state = await StateAsync(cancel);
        if (state is not Outcome<MotorState>.Completed { Value: var after })
            return state.As<double>();
        if (!after.IsDone)
        {
            if (!await EitherAsync(resting, deadlineNs, cancel))
            {
                var stopped = await StopWhenReachedAsync();
                return cancel.IsCancellationRequested && stopped.Problem is null
                    ? new Outcome<double>.Cancelled()
                    : new Outcome<double>.Failed($"{Name}: still moves, or is paused (SPMG {after.Mode}), at the deadline of its move");
            }
            state = await StateAsync(cancel);
            if (state is not Outcome<MotorState>.Completed { Value: var later })
                return state.As<double>();
            after = later;
        }
        _done.Forget(resting);
        if (Failure(target, after) is { } failure)
            return new Outcome<double>.Failed($"{Name}: {failure}");
        if (_settings.Axis.SettleNs == 0)
            return Done(after.Position);
        await WaitUntilAsync(Clock.NowNs + (long)(_settings.Axis.SettleNs * _wallPerBeam), cancel);
        return cancel.IsCancellationRequested ? new Outcome<double>.Cancelled() : await ReadAsync(cancel);
    }

    private string? Failure(double target, MotorState after)
    {
        var where = FormattableString.Invariant($"it is at {after.Position:G9} {_settings.Axis.Unit}, and {target:G9} was asked for");
        if (after.IsBeyondLimits)
            return $"the record took the demand back as outside its limits (LVIO): {where}";
        if (after.OnHighSwitch || after.OnLowSwitch)
            return $"it stands on its {(after.OnHighSwitch ? "high" : "low")} limit switch: {where}";
        if (after.HasMissed || after.HasProblem)
            return $"the record says that the move failed (MISS {(after.HasMissed ? 1 : 0)}, "
                + $"MSTA problem {(after.HasProblem ? 1 : 0)}): {where}";
        var tolerance = Math.Max(_settings.Tolerance ?? after.DeadBand, 1e-12);
        if (Math.Abs(after.Position - target) > tolerance)
            return FormattableString.Invariant($"{where}; more than {tolerance:G6} off. Was it stopped, or told otherwise?");
        return after.Alarm.Severity == PvSeverity.Invalid ? $"its readback is invalid ({after.Alarm.StatusName}): {where}" : null;
    }

    private Task<Outcome<Nothing>> StopWhenReachedAsync() =>
        BridgedAsync(() => StopRecordAsync(CancellationToken.None), CancellationToken.None);

    /// <summary>Twice what the move takes, and time for backlash, retries and polls.</summary>
    private protected long LongestNs(double distance, MotorState motor)
    {
        var velocity = motor.Velocity > 0 ? motor.Velocity : _settings.Axis.MaxVelocity;
        var seconds = 2 * (distance / velocity + 2 * motor.AccelerationS);
        return (long)(Math.Min(seconds * _wallPerBeam, 1e6) * 1e9) + _settings.ReplyWithinNs;
    }

    /// <summary>The record's fields, asked for in one go.</summary>
    private protected Task<Outcome<MotorState>> StateAsync(CancellationToken cancel) => BridgedAsync(() => ReadStateAsync(cancel), cancel);

    private async Task<Outcome<MotorState>> ReadStateAsync(CancellationToken cancel)
    {
        var asked = new Dictionary<string, Task<Outcome<PvReading>>>();
        using (Batch())
            foreach (var (field, channel) in _fields)
                asked[field] = channel.GetAsync(_settings.ReplyWithinNs, cancel, field == "SPMG" ? PvAs.Text : PvAs.Native);
        var read = new Dictionary<string, PvReading>();
        foreach (var (field, asking) in asked)
        {
            var outcome = await asking;
            if (outcome is not Outcome<PvReading>.Completed { Value: var reading })
                return outcome.As<MotorState>();
            read[field] = reading;
        }
        return Done(new MotorState(read));
    }

    /// <summary>What the record says of itself.</summary>
    private protected sealed record MotorState
    {
        private const int ProblemBit = 1 << 9;

        public MotorState(Dictionary<string, PvReading> read)
        {
            double Of(string field) => read[field].Value.AsNumber();
            (Position, Demand) = (Of("RBV"), Of("VAL"));
            Alarm = read["RBV"].Alarm;
            Velocity = Of("VELO");
            AccelerationS = Math.Max(0, Of("ACCL"));
            (Low, High) = (Of("LLM"), Of("HLM"));
            // Both dial limits 0 means none.
            HasLimits = Of("DLLM") != Of("DHLM");
            IsDone = Of("DMOV") != 0;
            IsBeyondLimits = Of("LVIO") != 0;
            HasMissed = Of("MISS") != 0;
            (OnHighSwitch, OnLowSwitch) = (Of("HLS") != 0, Of("LLS") != 0);
            HasProblem = ((int)Of("MSTA") & ProblemBit) != 0;
            DeadBand = Of("RDBD");
            Mode = read["SPMG"].Value.AsText();
            Unit = read["EGU"].Value.AsText();
            BaseVelocity = Math.Max(0, Of("VBAS"));
        }

        public double Position { get; }

        /// <summary>Where it is told to go.</summary>
        public double Demand { get; }

        public PvAlarm Alarm { get; }

        public double Velocity { get; init; }

        public double AccelerationS { get; }

        public double Low { get; }

        public double High { get; }

        public bool HasLimits { get; }

        public bool IsDone { get; }

        public bool IsBeyondLimits { get; }

        public bool HasMissed { get; }

        public bool OnHighSwitch { get; }

        public bool OnLowSwitch { get; }

        public bool HasProblem { get; }

        public double DeadBand { get; }

        public string Mode { get; }

        public string Unit { get; }

        /// <summary>Slowest that VELO may be, and what ramps begin with.</summary>
        public double BaseVelocity { get; }
    }
}
