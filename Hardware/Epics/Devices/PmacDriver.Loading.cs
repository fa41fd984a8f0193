using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

internal sealed partial class PmacDriver
{
    public async Task<Outcome<MotionStatus>> LoadAsync(TakeMark mark, Trajectory trajectory, CancellationToken cancel)
    {
        var profile = new PmacProfile(trajectory, mark, _settings);
        if ((Unknown(trajectory) ?? profile.Unshown() ?? profile.Underrun(_timeScale)) is { } unfit)
            return new Outcome<MotionStatus>.Refused($"{Name}: {unfit}");
        var reached = await ReachAsync(cancel);
        if (reached.Problem is not null)
            return reached.As<MotionStatus>();
        // A profile that a former process began, and nobody waits for, ends first.
        if (Moves() && await StopAsync(cancel) is { Problem: not null } unstopped)
            return unstopped;
        Become(Flight.None);
        var assigned = await AssignmentAsync(cancel);
        if (assigned is not Outcome<Dictionary<string, char>>.Completed { Value: var letters })
            return assigned.As<MotionStatus>();
        if (letters.Any(l => _letters[l.Key] != l.Value))
            return new Outcome<MotionStatus>.Refused(
                $"{Name}: the axes' letters in coordinate system {_settings.CoordinateSystem} have changed since it was connected; begin "
                + "again");
        var built = await BuildAsync(profile, cancel);
        if (built.Problem is not null)
            return built.As<MotionStatus>();
        Become(new Flight(mark, profile, MotionPhase.Loaded) { Loaded = Math.Min(_settings.Slice, profile.Points) });
        return await GetStatusAsync(cancel);
    }

    public async Task<Outcome<MotionStatus>> MoveToStartAsync(TakeMark mark, CancellationToken cancel)
    {
        if (Held(mark, out var flight) is { } reason)
            return new Outcome<MotionStatus>.Refused(reason);
        var trajectory = flight.Profile!.Trajectory;
        var before = await GetStatusAsync(cancel);
        if (before is not Outcome<MotionStatus>.Completed { Value.Positions: var places })
            return before;
        if (cancel.IsCancellationRequested)
            return new Outcome<MotionStatus>.Cancelled();
        var deferred = await DemandAsync(trajectory);
        if (deferred.Problem is not null)
        {
            await HaltAsync(CancellationToken.None);
            return deferred.As<MotionStatus>();
        }
        var deadlineNs = Clock.NowNs + AllowNs(2 * LongestMoveNs(trajectory, places));
        var arrived = await ArriveAsync(trajectory.Axes, trajectory.Start, deadlineNs, cancel);
        if (arrived.Problem is not null)
        {
            var halted = await HaltAsync(CancellationToken.None);
            return halted.Problem is null
                ? arrived.As<MotionStatus>()
                : new Outcome<MotionStatus>.Failed($"{arrived.Problem}; and it could not be stopped: {halted.Problem}");
        }
        Become(flight with { Phase = MotionPhase.AtStart });
        return await GetStatusAsync(cancel);
    }

    /// <summary>All axes set off together: their demands are held back until the last is written.</summary>
    /// <remarks>The demands are plain writes: a put with completion would be answered at the end of a move that has yet to be let
    /// go.</remarks>
    private async Task<Outcome<Nothing>> DemandAsync(Trajectory trajectory)
    {
        var held = await PutAsync(CsName("DeferMoves"), new PvValue.Integer(1), _settings.ReplyWithinNs);
        if (held.Problem is not null)
            return held;
        for (var i = 0; i < trajectory.Axes.Count; i++)
        {
            var demanded = Controller(Demand(_letters[trajectory.Axes[i]])).Put(new PvValue.Number(trajectory.Start[i]));
            if (demanded.Problem is not null)
                return demanded;
        }
        return await PutAsync(CsName("DeferMoves"), new PvValue.Integer(0), _settings.ReplyWithinNs);
    }

    /// <summary>Waits until the axes rest where they should, and have settled.</summary>
    private async Task<Outcome<Nothing>> ArriveAsync(
        IReadOnlyList<string> axes, IReadOnlyList<double> places, long deadlineNs, CancellationToken cancel)
    {
        while (true)
        {
            var read = await ReadAllAsync(axes.SelectMany(a => Axis(a) is var axis
                ? new[] { $"{axis.Pv}.DMOV", $"{axis.Pv}.RBV", $"{axis.Pv}.HLS", $"{axis.Pv}.LLS" } : []), cancel);
            if (read is not Outcome<PvReading[]>.Completed { Value: var fields })
                return read.As<Nothing>();
            var numbers = Array.ConvertAll(fields, f => f.Value.AsNumber());
            var away = Enumerable.Range(0, axes.Count).Where(i =>
                numbers[4 * i] == 0 || Math.Abs(numbers[4 * i + 1] - places[i]) > Axis(axes[i]).Tolerance).ToList();
            if (away.Count == 0)
                break;
            var first = away[0];
            if (numbers[4 * first] != 0 && (numbers[4 * first + 2] != 0 || numbers[4 * first + 3] != 0))
                return new Outcome<Nothing>.Failed($"{Name}: {Axis(axes[first]).Pv} stands on a limit switch at "
                    + FormattableString.Invariant($"{numbers[4 * first + 1]:G9}, and {places[first]:G9} was asked for"));
            if (Clock.NowNs >= deadlineNs)
                return new Outcome<Nothing>.Failed($"{Name}: {Axis(axes[first]).Pv} is at "
                    + FormattableString.Invariant($"{numbers[4 * first + 1]:G9} (DMOV {numbers[4 * first]:G1}), and {places[first]:G9} ")
                    + FormattableString.Invariant($"was asked for, within {Axis(axes[first]).Tolerance:G6}"));
            await WaitUntilAsync(Clock.NowNs + LookPeriodNs, cancel);
            if (cancel.IsCancellationRequested)
                return new Outcome<Nothing>.Cancelled();
        }
        var settleNs = axes.Max(a => Axis(a).Axis.SettleNs);
        if (settleNs > 0)
            await WaitUntilAsync(Clock.NowNs + (long)(settleNs * _wallPerBeam), cancel);
        return cancel.IsCancellationRequested ? new Outcome<Nothing>.Cancelled() : Done(Nothing.Value);
    }

    /// <summary>Writes the first slice, reads it back, builds it.</summary>
    private async Task<Outcome<Nothing>> BuildAsync(PmacProfile profile, CancellationToken cancel)
    {
        var axes = profile.Trajectory.Axes;
        var port = await ReadAllAsync([CsName("Port")], cancel);
        if (port is not Outcome<PvReading[]>.Completed { Value: [var system] })
            return port.As<Nothing>();
        var set = await PutAsync(Named("ProfileCsName"), new PvValue.Text(system.Value.AsText()), _settings.ReplyWithinNs);
        if (set.Problem is null)
            set = await PutAsync(Named("ProfileCalcVel"), new PvValue.Integer(0), _settings.ReplyWithinNs);
        if (set.Problem is null && !_isReset)
            set = await ResetAsync(cancel);
        foreach (var letter in Letters)
            if (set.Problem is null)
                set = await PutAsync(
                    Named($"{letter}:UseAxis"), new PvValue.Integer(axes.Any(a => _letters[a] == letter) ? 1 : 0), _settings.ReplyWithinNs);
        if (set.Problem is null)
            set = await WriteAsync(profile.SliceAt(0), axes, cancel);
        return set.Problem is null ? await RunAsync("ProfileBuild", "ProfileBuild", _settings.BuildWithinNs, cancel) : set;
    }

    /// <summary>One point of no axis, executed: what position compare a former profile left is gone.</summary>
    private async Task<Outcome<Nothing>> ResetAsync(CancellationToken cancel)
    {
        var set = Done(Nothing.Value);
        foreach (var letter in Letters)
            if (set.Problem is null)
                set = await PutAsync(Named($"{letter}:UseAxis"), new PvValue.Integer(0), _settings.ReplyWithinNs);
        if (set.Problem is null)
            set = await WriteAsync(new PmacSlice(0, 1, [1e5], [], [], [_settings.Programs.End, 0]), [], cancel);
        if (set.Problem is null)
            set = await RunAsync("ProfileBuild", "ProfileBuild", _settings.BuildWithinNs, cancel);
        if (set.Problem is null)
            set = await RunAsync("ProfileExecute", "ProfileExecute", _settings.BuildWithinNs, cancel);
        _isReset = set.Problem is null;
        return set;
    }

    /// <summary>Writes a slice into the arrays and reads back what the IOC holds.</summary>
    private async Task<Outcome<Nothing>> WriteAsync(PmacSlice slice, IReadOnlyList<string> axes, CancellationToken cancel)
    {
        List<(string Record, PvValue Value)> writes =
        [
            ("ProfileTimeArray", new PvValue.Array<double>(slice.TimesUs)), ("UserArray", new PvValue.Array<int>(slice.Programs)),
        ];
        for (var i = 0; i < axes.Count; i++)
        {
            writes.Add(($"{_letters[axes[i]]}:Positions", new PvValue.Array<double>(slice.Positions[i])));
            writes.Add(($"{_letters[axes[i]]}:Velocities", new PvValue.Array<double>(slice.Velocities[i])));
        }
        writes.Add(("ProfilePointsToBuild", new PvValue.Integer(slice.Count)));
        List<Task<Outcome<Nothing>>> writing = [];
        using (Batch())
            foreach (var (record, value) in writes)
                writing.Add(PutAsync(Named(record), value, _settings.ReplyWithinNs));
        foreach (var write in writing)
            if (await write is { Problem: not null } refused)
                return refused;
        var read = await ReadAllAsync(writes.Select(w => Named(w.Record)), cancel);
        if (read is not Outcome<PvReading[]>.Completed { Value: var held })
            return read.As<Nothing>();
        for (var i = 0; i < writes.Count; i++)
        {
            var (wanted, got) = (writes[i].Value.AsNumbers(), held[i].Value.AsNumbers());
            // An IOC that does not know lengths pads with what was there before.
            if (got.Length < wanted.Length || !got.AsSpan(0, wanted.Length).SequenceEqual(wanted))
                return new Outcome<Nothing>.Failed(
                    $"{Name}: {Named(writes[i].Record)} was written with {wanted.Length} values, and reads back differently");
        }
        return Done(Nothing.Value);
    }

    /// <summary>Sets a busy record off and waits for its end; then status and message say what came of it.</summary>
    private async Task<Outcome<Nothing>> RunAsync(string busy, string says, long withinNs, CancellationToken cancel)
    {
        var put = await Controller(busy).PutAndWaitAsync(new PvValue.Integer(1), AllowNs(withinNs), cancel);
        if (put.Problem is not null)
            return put;
        var read = await ReadAllAsync([Named($"{says}Status_RBV"), Named($"{says}Message_RBV")], cancel);
        if (read is not Outcome<PvReading[]>.Completed { Value: [var status, var message] })
            return read.As<Nothing>();
        return status.Value.AsText() == "Success"
            ? Done(Nothing.Value)
            : new Outcome<Nothing>.Failed($"{Name}: {Named(busy)} ended with {status.Value.AsText()}: {message.Value.AsText()}");
    }

    private Task<Outcome<Nothing>> PutAsync(string name, PvValue value, long withinNs) =>
        Open(name).PutAndWaitAsync(value, withinNs, CancellationToken.None);

    private string? Unknown(Trajectory trajectory) =>
        trajectory.Points == 0 ? "its programme has no points"
        : trajectory.Axes.FirstOrDefault(a => !_letters.ContainsKey(a)) is { } stranger
            ? $"it has no axis {stranger}; it has {string.Join(", ", _letters.Keys)}"
        : null;

    private string? Held(TakeMark mark, out Flight flight)
    {
        flight = Now();
        return flight.Profile is not null && flight.Mark == mark
            ? null
            : $"{Name} holds {(flight.Profile is null ? "no programme" : $"programme {flight.Mark.Value}")}, not {mark.Value}: load it "
                + "first";
    }

    private PmacAxisSettings Axis(string name) => _settings.Axes.First(a => a.Axis.Name == name);

    private long LongestMoveNs(Trajectory trajectory, EquatableArray<AxisPosition> places)
    {
        var seconds = 0.0;
        for (var i = 0; i < trajectory.Axes.Count; i++)
        {
            var axis = Axis(trajectory.Axes[i]).Axis;
            var distance = Math.Abs(trajectory.Start[i] - places.First(p => p.Axis == axis.Name).Position);
            seconds = Math.Max(seconds, distance / axis.MaxVelocity + axis.MaxVelocity / axis.MaxAcceleration);
        }
        return (long)(seconds * 1e9);
    }
}
