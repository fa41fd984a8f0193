using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Driver;

/// <content>The sequencer: load, enable, wait, halt.</content>
internal sealed partial class PandADriver
{
    private const long FirstPollNs = 1_000_000;
    private const long LongestPollNs = 50_000_000;
    private const long HaltMarginNs = 2_000_000_000;

    /// <summary>What the sequencer holds, verified by reading it back; null: not known.</summary>
    private SequencerProgramme? _programme;
    private bool _enabled;

    /// <summary>An end before the end is our own doing.</summary>
    private bool _disabled;

    /// <summary>Frames fired since staging before the present programme; null: adopted, to be learnt from the capture's count.</summary>
    private long? _firedBefore = 0;
    private long _firedNow;

    public Task<Outcome<BoxStatus>> LoadAsync(TakeMark mark, TriggerProgramme programme, CancellationToken cancel) =>
        RunAsync("load", () => WriteTableAsync(mark, programme, cancel));

    private async Task<Outcome<BoxStatus>> WriteTableAsync(TakeMark mark, TriggerProgramme programme, CancellationToken cancel)
    {
        var box = Connected();
        var limits = new SequencerLimits(box.Rows, box.TickNs, _settings.LiveInput is not null) { Streams = _line.Streams };
        if (BoxProgramme.Compile(programme, mark, _settings, limits, out var problem) is not { } whole)
            return new Outcome<BoxStatus>.Refused($"{Name}: {problem}");
        var (compiled, compare) = (whole.Table, whole.Compare);
        await LearnFiredAsync(box, cancel);
        StopFeeding();
        // A streamed table must be emptied before another is written, and a process before may have left one.
        PandACommand[] before =
        [
            Enable(on: false), Gate(open: false), PandACommand.Set($"{Sequencer}.PRESCALE.RAW", $"{compiled.PrescaleTicks}"),
            PandACommand.Set($"{Sequencer}.POSA", compiled.Inputs[0]), PandACommand.Set($"{Sequencer}.POSB", compiled.Inputs[1]),
            PandACommand.Set($"{Sequencer}.POSC", compiled.Inputs[2]), PandACommand.Table($"{Sequencer}.TABLE", []),
            .. compare is null ? Array.Empty<PandACommand>() : [PandACommand.Set($"{_settings.Compare!.Block}.ENABLE", "ONE")],
        ];
        var failed = compiled.Stream is { } stream
            ? await BeginStreamAsync(box, compiled, new(stream, box.Layout, $"{Sequencer}.TABLE", _settings.PieceRows), before, cancel)
            : await WriteWholeAsync(box, compiled, before, cancel);
        if (failed is not null)
            return new Outcome<BoxStatus>.Failed($"{Name}: {failed}");
        IEnumerable<(string Name, string Value)> own = compare?.Settings(_settings.Compare!, Sequencer) ?? [];
        await WriteRatesAsync(box, [.. whole.Rates, .. whole.Follows.Where(f => own.All(o => o.Name != f.Name)), .. own], cancel);
        _compares = compare is not null;
        lock (_gate)
        {
            _usedPulses = [.. RateProgramme.Used(programme, _settings.Outputs)];
            // LearnFired has made it known; a new table fires from nought.
            _firedBefore += _firedNow;
            (_programme, _firedNow, _enabled, _disabled) = (compiled, 0, false, false);
        }
        return Done(new BoxStatus(BoxPhase.Idle, mark, Triggered(), null));
    }

    /// <summary>Writes the table and reads it back; returns what is wrong.</summary>
    private async Task<string?> WriteWholeAsync(
        Box box, SequencerProgramme compiled, PandACommand[] before, CancellationToken cancel)
    {
        lock (_gate)
            _feed = null;
        var table = SequencerProgramme.Base64(box.Layout.Encode([.. compiled.Rows]));
        var answers = (await box.Control.DoAsync(
            cancel,
            [
                .. before, PandACommand.Table($"{Sequencer}.TABLE", table), PandACommand.Get($"{Sequencer}.TABLE.B"),
                PandACommand.Get($"{Sequencer}.PRESCALE.RAW"), PandACommand.Get($"{Sequencer}.STATE"),
            ]))[^3..];
        if (answers[0].Split('\n').ToEquatableArray() != table || answers[1] != $"{compiled.PrescaleTicks}")
            return $"the table read back differs from the one written: somebody else writes to {Sequencer}";
        return answers[2] == "WAIT_ENABLE"
            ? null
            : $"{Sequencer} is in {answers[2]} after the table was written, not in WAIT_ENABLE";
    }

    public Task<Outcome<BoxStatus>> EnableAsync(TakeMark mark, CancellationToken cancel) => RunAsync("enable", async () =>
    {
        var box = Connected();
        lock (_gate)
        {
            if (_programme is null || _programme.Mark != mark)
                return new Outcome<BoxStatus>.Refused(
                    $"{Name}: {Sequencer} does not hold the programme of take mark {mark.Value} "
                    + $"(it holds {_programme?.Mark.Value ?? 0}): load it");
            if (_enabled)
                return new Outcome<BoxStatus>.Refused($"{Name}: the programme was enabled already: load it again");
            _enabled = true;
        }
        try
        {
            // One piece, one round trip: this is on the handover path.
            var state = await ReadSequencerAsync(box, cancel, Gate(open: true), Enable(on: true));
            if (state.Running || state.AtEnd)
            {
                StartFeeding(box);
                return Done(Status(state));
            }
            await CloseAsync(box);
            return new Outcome<BoxStatus>.Failed(
                $"{Name}: {Sequencer} did not start: state {state.State}, line {state.Line}, health {state.Health}");
        }
        catch (OperationCanceledException)
        {
            await CloseAsync(box);
            throw;
        }
    });

    public Task<Outcome<BoxStatus>> GetBoxStatusAsync(CancellationToken cancel) => RunAsync("read the status", async () =>
    {
        var box = Connected();
        await ReadTableAsync(box, cancel);
        var state = await ReadSequencerAsync(box, cancel);
        if (!state.Running)
            await LearnFiredAsync(box, cancel);
        // Adopted in flight: what fired before is only known from the capture's count, which lags a little.
        return Done(await WithCompareAsync(
            box,
            _firedBefore is null ? Status(state) with { Triggered = await ReadCapturedAsync(box, cancel) } : Status(state),
            cancel));
    });

    /// <remarks>Cancelling ends the watching only: the sequencer goes on, and <see cref="HaltAsync"/> stops it.</remarks>
    public Task<Outcome<BoxStatus>> WaitDoneAsync(TakeMark mark, long expectedNs, CancellationToken cancel) => RunAsync("wait", async () =>
    {
        var box = Connected();
        if (_programme is null)
            await ReadTableAsync(box, cancel);
        if (_programme!.Mark != mark)
            return new Outcome<BoxStatus>.Refused($"{Name}: {Sequencer} holds take mark {_programme.Mark.Value}, not {mark.Value}");
        if (expectedNs > 0)
            await _clock.SleepAsync(expectedNs, cancel);
        var poll = FirstPollNs;
        var overdueNs = _clock.NowNs + _programme.LongestPeriodNs + HaltMarginNs;
        var state = await ReadSequencerAsync(box, cancel);
        while (state.Running)
        {
            if (await CompareFaultAsync(box, cancel) is not null)
            {
                await CloseAsync(box);
                await LearnFiredAsync(box, cancel, settle: true);
                return Done(await WithCompareAsync(box, Status(state with { Running = false }), cancel));
            }
            if (_clock.NowNs > overdueNs)
                return new Outcome<BoxStatus>.TimedOut(
                    $"{Name}: the end of the sequence ({Sequencer} is in {state.State}, line {state.Line})", expectedNs + HaltMarginNs);
            await _clock.SleepAsync(poll, cancel);
            poll = Math.Min(LongestPollNs, poll * 3 / 2);
            state = await ReadSequencerAsync(box, cancel);
        }
        if (_firedBefore is null || !state.AtEnd)
            await LearnFiredAsync(box, cancel, settle: true);
        return await DroppedAsync(box, cancel) is { } dropped ? new Outcome<BoxStatus>.Failed($"{Name}: {dropped}") : Done(Status(state));
    });

    public Task<Outcome<BoxStatus>> HaltAsync(CancellationToken cancel) => RunAsync("halt", async () =>
    {
        var box = Connected();
        if (_programme is null)
            await ReadTableAsync(box, cancel);
        await box.Control.DoAsync(cancel, Gate(open: false));
        var state = await StopAtGateAsync(box, cancel);
        StopFeeding();
        if (IsFiring(state))
        {
            await CloseAsync(box);
            return new Outcome<BoxStatus>.Failed(
                $"{Name}: {Sequencer} did not stop at the closed gate: state {state.State}; it was disabled");
        }
        _disabled = true;
        var active = (await box.Control.DoAsync(cancel, Enable(on: false), PandACommand.Get($"{Sequencer}.ACTIVE")))[1];
        for (var deadlineNs = _clock.NowNs + SafeWithinNs; active != "0" && await IsBeforeAsync(deadlineNs, cancel);)
            active = (await box.Control.DoAsync(cancel, PandACommand.Get($"{Sequencer}.ACTIVE")))[0];
        if (active != "0")
            return new Outcome<BoxStatus>.Failed($"{Name}: {Sequencer} is still active after ENABLE=ZERO");
        if (!await EndPulsesAsync(box, cancel))
            return new Outcome<BoxStatus>.Failed($"{Name}: a PULSE block goes on after {Sequencer} has stopped");
        return await ConfirmFiredAsync(box, state with { Running = false }, cancel);
    });

    /// <summary>Waits behind the closed gate until no exposure is under way, as long as the programme may need.</summary>
    private async Task<SequencerState> StopAtGateAsync(Box box, CancellationToken cancel)
    {
        var deadline = _clock.NowNs + _programme!.LongestPeriodNs + HaltMarginNs;
        var state = await ReadSequencerAsync(box, cancel);
        // Behind the closed gate no pulse begins: a row that only waits need not be waited for, but for a place that is still to come.
        while (state.Running && !_programme.StandsAtGate(state.Line, state.State == "WAIT_TRIGGER") && _clock.NowNs < deadline)
        {
            await _clock.SleepAsync(FirstPollNs, cancel);
            state = await ReadSequencerAsync(box, cancel);
        }
        return state;
    }

    /// <summary>Lets the exposure under way end behind the closed gate: one that is cut short would be recorded as a whole one.</summary>
    private async Task<bool> EndExposureAsync(CancellationToken cancel)
    {
        var box = Connected();
        if (_programme is null)
            await ReadTableAsync(box, cancel);
        var state = await StopAtGateAsync(box, cancel);
        StopFeeding();
        return !IsFiring(state) && await EndPulsesAsync(box, cancel);
    }

    private bool IsFiring(SequencerState state) => state.IsExposing && (_programme?.Stream is not null || IsPulse(state.Line));

    private long Triggered()
    {
        lock (_gate)
            return (_firedBefore ?? 0) + _firedNow;
    }

    /// <summary>Two counts must agree: the sequencer's lines and repeats, and the samples that the capture took.</summary>
    private async Task<Outcome<BoxStatus>> ConfirmFiredAsync(Box box, SequencerState state, CancellationToken cancel)
    {
        if (Recording() is null || _firedBefore is null || _programme?.Stream is not null)
        {
            await LearnFiredAsync(box, cancel, settle: true);
            return Done(Status(state));
        }
        // A real box hands samples over every 100 ms, so its count may lag behind.
        var deadline = _clock.NowNs + _line.SettleNs * 4;
        var captured = await ReadCapturedAsync(box, cancel);
        while (captured != Triggered() && _clock.NowNs < deadline)
        {
            await _clock.SleepAsync(FirstPollNs * 5, cancel);
            captured = await ReadCapturedAsync(box, cancel);
        }
        return captured == Triggered()
            ? Done(Status(state))
            : new Outcome<BoxStatus>.Failed($"{Name}: {Sequencer} fired {Triggered()} frames since staging, and {captured} were captured");
    }

    private BoxStatus Status(SequencerState state)
    {
        var fault = state.Health == "OK" ? _foreign : Explain(state.Health);
        if (state.Health != "OK")
            _toldHealth = state.Health;
        if (fault is null && _enabled && !_disabled && !state.Running && !state.AtEnd)
            fault = _programme!.Stream is null
                ? $"{Sequencer} ended at row {state.Line}, repeat {state.Repeat} of {_programme.Rows.Count} rows"
                : Explain("ended before its last row");
        var phase = fault is not null ? BoxPhase.Faulted
            : !state.Running ? BoxPhase.Idle
            : _firedNow == 0 && (state.State == "WAIT_TRIGGER" || !IsPulse(state.Line)) ? BoxPhase.Waiting
            : BoxPhase.Running;
        return new BoxStatus(phase, _programme?.Mark ?? default, Triggered(), fault);
    }

    /// <summary>Rows that wait take a tick each; in that tick nothing is fired yet.</summary>
    private bool IsPulse(int line) => _programme is { } held && line >= 1 && line <= held.Rows.Count && held.Rows[line - 1].IsPulse;

    private async Task CloseAsync(Box box)
    {
        _disabled = true;
        StopFeeding();
        await box.Control.SendAsync([Gate(open: false), Enable(on: false)], CancellationToken.None);
    }

    /// <summary>State first: what is read after it is then final where it says that the sequencer stands still.</summary>
    /// <param name="before">Sent ahead in the same piece, so that acting and proving cost one round trip.</param>
    private async Task<SequencerState> ReadSequencerAsync(Box box, CancellationToken cancel, params PandACommand[] before)
    {
        string[] fields = ["STATE", "TABLE_LINE", "LINE_REPEAT", "HEALTH", "ENABLE"];
        var all = await box.Control.DoAsync(cancel, [.. before, .. fields.Select(f => PandACommand.Get($"{Sequencer}.{f}"))]);
        var answers = all[before.Length..];
        var (line, repeat) = ((int)Integer("TABLE_LINE", answers[1]), Integer("LINE_REPEAT", answers[2]));
        var running = IsRunning(answers[0]);
        lock (_gate)
            _enabled |= answers[4] == "ONE";
        if (_programme?.Stream is not null)
            return await ReadStreamAsync(box, new SequencerState(answers[0], line, repeat, answers[3], running, false), cancel);
        lock (_gate)
        {
            var programme = _programme;
            // One that was disabled while it waited for its last pulse shows the same line and repeat as one that fired it.
            var end = programme is not null && !running && !_disabled && programme.IsEnd(line, repeat);
            // Older firmware forgets its line when ENABLE falls: then the count stands as it was.
            if (programme is not null && _enabled && line > 0 && (running || end))
                _firedNow = Math.Max(_firedNow, end ? programme.Frames : programme.Fired(line, repeat, answers[0] == "PHASE2"));
            return new SequencerState(answers[0], line, repeat, answers[3], running, end);
        }
    }

    private async Task ReadTableAsync(Box box, CancellationToken cancel)
    {
        var answers = await box.Control.DoAsync(
            cancel, PandACommand.Get($"{Sequencer}.TABLE.B"), PandACommand.Get($"{Sequencer}.PRESCALE.RAW"),
            PandACommand.Get($"{Sequencer}.TABLE.MODE"));
        // A streamed table reads empty: what it is only its writer knows.
        if (_programme?.Stream is not null && answers[2].StartsWith("STREAMING", StringComparison.Ordinal))
            return;
        var lines = answers[0].Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var rows = box.Layout.Decode(SequencerProgramme.FromBase64(lines));
        lock (_gate)
            if (_programme is null || !_programme.Rows.SequenceEqual(rows))
                _programme = SequencerProgramme.FromTable(rows, Integer("PRESCALE", answers[1]), box.TickNs);
    }

    private sealed record SequencerState(string State, int Line, long Repeat, string Health, bool Running, bool AtEnd)
    {
        public bool IsExposing => Running && State != "WAIT_TRIGGER";
    }
}
