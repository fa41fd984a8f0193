using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

internal sealed partial class PmacDriver
{
    private const long LookPeriodNs = 20_000_000;

    /// <summary>How long an answer may follow the state that says it is over.</summary>
    private const long AnswerAfterDoneNs = Second / 2;

    public async Task<Outcome<MotionStatus>> StartAsync(TakeMark mark, CancellationToken cancel)
    {
        // Not given up half way: whether motion has begun must be known.
        if (cancel.IsCancellationRequested)
            return new Outcome<MotionStatus>.Cancelled();
        if (Held(mark, out var flight) is { } reason)
            return new Outcome<MotionStatus>.Refused(reason);
        if (flight.Phase is MotionPhase.Running or MotionPhase.Done)
            return await GetStatusAsync(CancellationToken.None);
        if (flight.Phase != MotionPhase.AtStart)
            return new Outcome<MotionStatus>.Refused(
                $"{Name} is {flight.Phase}, not at the start of programme {mark.Value}: move it there first");
        var begun = _state.WaitAsync(IsExecuting, presentCounts: false);
        // It may end at once: first it runs, then its end is known.
        Become(flight with { Phase = MotionPhase.Running, IsStopped = false });
        var ended = FlyAsync(flight);
        Become(Now() with { Ended = ended });
        var either = Either(Clock.NowNs + _settings.ReplyWithinNs, CancellationToken.None, begun, ended);
        var isKnown = await either;
        _state.Forget(begun);
        return isKnown
            ? await GetStatusAsync(CancellationToken.None)
            : new Outcome<MotionStatus>.Failed($"{Name}: {Named("ProfileExecute")} was written, and its state does not change");
    }

    /// <summary>Waits for the profile's end. Giving up the wait leaves it running.</summary>
    public async Task<Outcome<MotionStatus>> WaitDoneAsync(TakeMark mark, CancellationToken cancel)
    {
        var flight = Now();
        if (flight.Profile is null)
            return await WaitAdoptedAsync(mark, cancel);
        if (Held(mark, out _) is { } reason)
            return new Outcome<MotionStatus>.Refused(reason);
        if (flight.Ended is not { } ended)
            return new Outcome<MotionStatus>.Refused($"{Name}: programme {mark.Value} was not started: it is {flight.Phase}");
        return await Either(long.MaxValue, cancel, ended)
            ? await GetStatusAsync(cancel)
            : new Outcome<MotionStatus>.Cancelled();
    }

    /// <summary>A profile that another process began: all of it must be loaded, since only that one could append.</summary>
    private async Task<Outcome<MotionStatus>> WaitAdoptedAsync(TakeMark mark, CancellationToken cancel)
    {
        while (true)
        {
            var resting = _state.WaitAsync(s => !IsExecuting(s), presentCounts: true);
            var now = await GetStatusAsync(cancel);
            if (now is not Outcome<MotionStatus>.Completed { Value: var status } || status.Phase != MotionPhase.Running)
                return now;
            if (status.Mark != mark)
                return new Outcome<MotionStatus>.Refused($"{Name}: runs programme {status.Mark.Value}, not {mark.Value}");
            await Either(Clock.NowNs + Second, cancel, resting);
            _state.Forget(resting);
            if (cancel.IsCancellationRequested)
                return new Outcome<MotionStatus>.Cancelled();
        }
    }

    private async Task FlyAsync(Flight flight)
    {
        var problem = await ExecuteAsync(flight.Profile!);
        lock (_gate)
            _flight = _flight switch
            {
                { IsStopped: true } => _flight with { Phase = MotionPhase.Stopped },
                _ when problem is null => _flight with { Phase = MotionPhase.Done },
                _ => _flight with { Phase = MotionPhase.Faulted, Fault = problem },
            };
    }

    /// <summary>Executes, appends as points are done, and says what went wrong.</summary>
    private async Task<string?> ExecuteAsync(PmacProfile profile)
    {
        var deadlineNs = Clock.NowNs + AllowNs(profile.Trajectory.DurationNs + profile.Trajectory.DurationNs / 4 + Second);
        using var giveUp = new CancellationTokenSource();
        var failed = _executed.WaitAsync(s => s.Value.AsText() is not ("Success" or "Undefined"), presentCounts: false);
        var hasRun = false;
        var over = _state.WaitAsync(
            s =>
            {
                hasRun |= IsExecuting(s);
                return hasRun && !IsExecuting(s);
            },
            presentCounts: false);
        var answer = Controller("ProfileExecute").PutAndWaitAsync(new PvValue.Integer(1), deadlineNs - Clock.NowNs, giveUp.Token);
        var answered = AnsweredAsync(answer);
        var problem = await AppendAllAsync(profile, over, failed, answered);
        if (problem is null && !await Either(deadlineNs, CancellationToken.None, over, failed, answered))
            problem = $"{Name}: the profile has not ended {deadlineNs / 1e9:0.###} s after it should have";
        // State and status come before the answer, and the answer may never come.
        if (problem is null)
            await Either(Clock.NowNs + AnswerAfterDoneNs, CancellationToken.None, answered);
        giveUp.Cancel();
        _executed.Forget(failed);
        _state.Forget(over);
        if (problem is null)
            return await JudgeAsync(profile, answer.IsCompleted ? (await answer).Problem : null);
        var halted = await HaltAsync(CancellationToken.None);
        return halted.Problem is null ? problem : $"{problem}; and it could not be stopped: {halted.Problem}";
    }

    /// <summary>Only an answer that processing has ended counts: a loss is none, the controller goes on.</summary>
    private async Task<bool> AnsweredAsync(Task<Outcome<Nothing>> answer)
    {
        var outcome = await answer;
        if (outcome is Outcome<Nothing>.Completed or Outcome<Nothing>.Refused
            || (outcome is Outcome<Nothing>.Failed && Controller("ProfileExecute").State == PvState.Connected))
            return true;
        return await new TaskCompletionSource<bool>().Task;
    }

    /// <summary>Keeps points loaded ahead of those done; each append is proved to have come in time.</summary>
    private async Task<string?> AppendAllAsync(PmacProfile profile, params Task[] endings)
    {
        for (var loaded = Now().Loaded; loaded < profile.Points; loaded = Now().Loaded)
        {
            var room = loaded - _settings.Ahead;
            var due = _points.WaitAsync(p => p.Value.AsNumber() > room, presentCounts: room < 0 || CountsAreFresh());
            var withinNs = AllowNs(profile.LastsNs(0, loaded) + Second);
            var isDue = room < 0 || await Either(Clock.NowNs + withinNs, CancellationToken.None, [due, .. endings]);
            _points.Forget(due);
            if (endings.Any(e => e.IsCompleted))
                return null;
            if (!isDue)
                return $"{Name}: {Named("TotalPoints_RBV")} has not passed {room} of {loaded} loaded points within "
                    + $"{withinNs / 1e9:0.###} s";
            var slice = profile.SliceAt(loaded);
            var written = await WriteAsync(slice, profile.Trajectory.Axes, CancellationToken.None);
            if (written.Problem is null)
                written = await RunAsync("ProfileAppend", "ProfileAppend", _settings.AppendWithinNs, CancellationToken.None);
            if (endings.Any(e => e.IsCompleted))
                return null;
            if (written.Problem is not null)
                return $"{Name}: points {slice.From} to {slice.From + slice.Count} could not be appended: {written.Problem}";
            var done = await ReadAllAsync([Named("TotalPoints_RBV")], CancellationToken.None);
            if (done is not Outcome<PvReading[]>.Completed { Value: [var count] })
                return done.Problem;
            // The count may be late: what is not done by now was loaded in time only if the rest of it lasts longer than that.
            if (profile.LastsNs((int)count.Value.AsNumber(), loaded) < PmacProfile.CountLatencyNs)
                return $"{Name}: points from {slice.From} on were appended when {count.Value.AsText()} of {loaded} loaded points were "
                    + "done: the controller may have run dry";
            Become(Now() with { Loaded = slice.From + slice.Count });
        }
        return null;
    }

    private bool CountsAreFresh() => _state.Last is { } state && IsExecuting(state);

    /// <summary>What became of it, by status, count and places after it.</summary>
    private async Task<string?> JudgeAsync(PmacProfile profile, string? answer)
    {
        var reached = await ReachAsync(CancellationToken.None);
        if (reached.Problem is not null)
            return reached.Problem;
        var read = await ReadAllAsync(
            [Named("ProfileExecuteStatus_RBV"), Named("ProfileExecuteMessage_RBV"), Named("TotalPoints_RBV"),
                Named("ProfileExecuteState_RBV")], CancellationToken.None);
        if (read is not Outcome<PvReading[]>.Completed { Value: [var status, var message, var points, var state] })
            return read.Problem;
        if (status.Value.AsText() != "Success")
        {
            await HaltAsync(CancellationToken.None);
            return $"{Name}: {Named("ProfileExecute")} ended with {status.Value.AsText()}: {message.Value.AsText()}";
        }
        if (points.Value.AsNumber() != profile.Points)
            return $"{Name}: {points.Value.AsText()} of {profile.Points} points were done, and the profile has ended "
                + $"({state.Value.AsText()}: {message.Value.AsText()}{(answer is null ? "" : $"; {answer}")})";
        var trajectory = profile.Trajectory;
        var arrived = await ArriveAsync(
            trajectory.Axes, trajectory.Positions[^trajectory.Axes.Count..], Clock.NowNs + AllowNs(Second), CancellationToken.None);
        return arrived.Problem;
    }

    /// <summary>Aborts a profile that runs; then stops what still moves. Both by plain writes.</summary>
    private async Task<Outcome<Nothing>> HaltAsync(CancellationToken cancel)
    {
        if (_state.Last is { } state && IsExecuting(state))
        {
            var over = _state.WaitAsync(s => !IsExecuting(s), presentCounts: true);
            var aborted = Controller("ProfileAbort").Put(new PvValue.Integer(1));
            if (aborted.Problem is not null)
                return aborted;
            var isOver = await Either(Clock.NowNs + AllowNs(Second), cancel, over);
            _state.Forget(over);
            if (!isOver)
                return cancel.IsCancellationRequested
                    ? new Outcome<Nothing>.Cancelled()
                    : new Outcome<Nothing>.Failed($"{Name}: {Named("ProfileExecuteState_RBV")} does not say Done after ProfileAbort");
        }
        foreach (var axis in _settings.Axes)
            if (Moves(axis.Axis.Name) && Open($"{axis.Pv}.STOP").Put(new PvValue.Integer(1)) is { Problem: not null } refused)
                return refused;
        foreach (var axis in _settings.Axes)
        {
            var resting = _done[axis.Axis.Name].WaitAsync(d => d.Value.AsNumber() != 0, presentCounts: true);
            var rampNs = (long)(2e9 * axis.Axis.MaxVelocity / axis.Axis.MaxAcceleration);
            var rests = await Either(Clock.NowNs + AllowNs(rampNs + Second), cancel, resting);
            _done[axis.Axis.Name].Forget(resting);
            if (!rests)
                return cancel.IsCancellationRequested
                    ? new Outcome<Nothing>.Cancelled()
                    : new Outcome<Nothing>.Failed($"{Name}: {axis.Pv} still moves after it was told to stop");
        }
        return Done(Nothing.Value);
    }

    private bool Moves() => (_state.Last is { } state && IsExecuting(state)) || _settings.Axes.Any(a => Moves(a.Axis.Name));

    private bool Moves(string axis) => _done[axis].Last is { } last && last.Value.AsNumber() == 0;

    /// <summary>True when one of the tasks completed first; false at the deadline or when cancelled.</summary>
    private async Task<bool> Either(long deadlineNs, CancellationToken cancel, params Task[] tasks)
    {
        var either = new TaskCompletionSource<bool>(TaskCreationOptions.RunContinuationsAsynchronously);
        using var wake = deadlineNs == long.MaxValue ? null : Clock.WakeAt(deadlineNs, () => either.TrySetResult(false));
        using var cancelled = cancel.Register(() => either.TrySetResult(false));
        foreach (var task in tasks)
            _ = TellAsync(task, either);
        return await either.Task;
    }

    private static async Task TellAsync(Task task, TaskCompletionSource<bool> either)
    {
        await task;
        either.TrySetResult(true);
    }
}
