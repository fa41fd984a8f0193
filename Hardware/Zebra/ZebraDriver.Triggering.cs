using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <content>Position compare: load, enable, wait, halt.</content>
internal sealed partial class ZebraDriver
{
    private const long MarginNs = 2_000_000_000;

    /// <summary>No line for this long after the box disarmed: its last ones were lost.</summary>
    private const long QuietNs = 1_000_000_000;

    private ZebraProgramme? _programme;
    private ZebraFlight? _flight;
    private bool _enabled;

    /// <summary>What the registers could not hold exactly, of the programme that is loaded.</summary>
    public EquatableArray<ZebraRounding> Roundings => _programme?.Roundings ?? [];

    public Task<Outcome<BoxStatus>> LoadAsync(TakeMark mark, TriggerProgramme programme, CancellationToken cancel) =>
        InTurnAsync("load", async () =>
        {
            var client = Client();
            if (ZebraProgramme.Compile(programme, mark, _settings, out var problem) is not { } compiled)
                return new Outcome<BoxStatus>.Refused($"{Name}: {problem}");
            if (Recording() is not { } recording)
                return new Outcome<BoxStatus>.Refused($"{Name}: not staged");
            await QuietAsync(client, cancel);
            if (Flight() is { IsOver: false } left)
                await EndFlightAsync(client, left, cancel);
            lock (_gate)
                (_programme, _enabled) = (null, false);
            await ApplyAsync(client, compiled.Words, cancel);
            await VerifyAsync(client, cancel);
            lock (_gate)
                _programme = compiled;
            return Done(new BoxStatus(BoxPhase.Idle, mark, recording.Fired, null));
        });

    public Task<Outcome<BoxStatus>> EnableAsync(TakeMark mark, CancellationToken cancel) => InTurnAsync("enable", async () =>
    {
        var client = Client();
        if (_programme is not { } programme || programme.Mark != mark)
            return new Outcome<BoxStatus>.Refused(
                $"{Name}: position compare does not hold the programme of take mark {mark.Value} "
                + $"(it holds {_programme?.Mark.Value ?? 0}): load it");
        if (_enabled)
            return new Outcome<BoxStatus>.Refused($"{Name}: the programme was enabled already: load it again");
        if (programme.WaitsForLive && await IsLiveAsync(client, cancel))
            return new Outcome<BoxStatus>.Refused(
                $"{Name}: the controller's live output ({_settings.LiveName}) is high already: the first window would begin at once");
        _enabled = true;
        try
        {
            await OpenGateAsync(client, true, cancel);
            await ArmCompareAsync(client, programme, cancel);
            return Done(await BoxStatusAsync(client, cancel));
        }
        catch (Exception error) when (error is OperationCanceledException or IOException or TimeoutException)
        {
            await CloseAsync(client);
            throw;
        }
    });

    public Task<Outcome<BoxStatus>> GetBoxStatusAsync(CancellationToken cancel) =>
        RunAsync("read the status", async () => Done(await BoxStatusAsync(Client(), cancel)));

    /// <remarks>Cancelling ends the watching only: position compare goes on, and <see cref="HaltAsync"/> stops it.</remarks>
    public Task<Outcome<BoxStatus>> WaitDoneAsync(TakeMark mark, long expectedNs, CancellationToken cancel) => RunAsync("wait", async () =>
    {
        var client = Client();
        if (_programme?.Mark != mark || Flight() is not { } flight)
            return new Outcome<BoxStatus>.Refused(
                $"{Name}: position compare holds take mark {_programme?.Mark.Value ?? 0}, not {mark.Value}");
        if (expectedNs > 0)
            await _clock.SleepAsync(expectedNs, cancel);
        var poll = PollNs;
        var overdueNs = _clock.NowNs + flight.Programme.Train.PeriodNs + MarginNs;
        while (!await IsFinishedAsync(client, flight, cancel))
        {
            if (_clock.NowNs > overdueNs && _clock.NowNs > flight.LastHeardNs + flight.Programme.Train.PeriodNs + MarginNs)
                return new Outcome<BoxStatus>.TimedOut(
                    $"{Name}: the end of the take ({flight.Next} of {flight.Programme.Frames} pulses came)", expectedNs + MarginNs);
            await _clock.SleepAsync(poll, cancel);
            poll = Math.Min(LongestPollNs, poll * 3 / 2);
        }
        return await InTurnAsync("wait", async () =>
        {
            await QuietAsync(client, cancel);
            await EndFlightAsync(client, flight, cancel);
            return Done(await BoxStatusAsync(client, cancel));
        });
    });

    public Task<Outcome<BoxStatus>> HaltAsync(CancellationToken cancel) => InTurnAsync("halt", async () =>
    {
        var client = Client();
        await OpenGateAsync(client, false, cancel);
        var closedNs = _clock.NowNs;
        var deadline = closedNs + (_programme?.Train.PeriodNs ?? 0) + MarginNs + client.StatusLagNs;
        while (await IsExposingAsync(client, closedNs, cancel))
        {
            if (_clock.NowNs > deadline)
            {
                await CloseAsync(client);
                return new Outcome<BoxStatus>.Failed($"{Name}: the exposure under way did not end; position compare was disarmed");
            }
            await _clock.SleepAsync(PollNs, cancel);
        }
        await QuietAsync(client, cancel);
        if (Flight() is { IsOver: false } flight)
            await EndFlightAsync(client, flight, cancel);
        return Done(await BoxStatusAsync(client, cancel));
    });

    private ZebraFlight? Flight()
    {
        lock (_gate)
            return _flight;
    }

    /// <summary>Arms, and waits until the box says so.</summary>
    private async Task<ZebraFlight> ArmCompareAsync(IZebraLink client, ZebraProgramme programme, CancellationToken cancel)
    {
        ZebraFlight flight;
        lock (_gate)
        {
            var recording = _recording ?? throw new IOException("not staged");
            var since = (_clock.NowNs - recording.StagedAtNs) / (_timeScale > 0 ? _timeScale : 1);
            _flight = flight = new ZebraFlight(programme, recording.Capture, recording.Fired, (long)since)
            {
                LastHeardNs = _clock.NowNs,
            };
        }
        await WriteAsync(client, ZebraRegister.PcArm, 1, cancel);
        await _clock.WithinAsync(flight.Armed.Task, _settings.ReplyWithinNs, "PR, that position compare is armed,", cancel);
        return flight;
    }

    /// <summary>All frames are out, or the box has disarmed itself.</summary>
    private async Task<bool> IsFinishedAsync(IZebraLink client, ZebraFlight flight, CancellationToken cancel)
    {
        await client.PullAsync(cancel);
        if (flight.IsOver || !await client.IsArmedAsync(cancel))
            return true;
        if (flight.Programme.EndsItself || await client.ReadPairAsync(ZebraRegister.PcNumCap, cancel) < flight.Programme.Frames)
            return false;
        // Levels may be older than the count: the last exposure began before that was read.
        if (client.StatusLagNs > 0)
            await _clock.SleepAsync(flight.Programme.Train.ExposureNs, cancel);
        return !await IsExposingAsync(client, long.MinValue, cancel);
    }

    /// <summary>Waits for every sample that the box still sends, and accounts for those that did not come.</summary>
    private async Task EndFlightAsync(IZebraLink client, ZebraFlight flight, CancellationToken cancel)
    {
        while (!flight.Disarmed.Task.IsCompleted && _clock.NowNs < flight.LastHeardNs + QuietNs + QuietFromNow(flight))
        {
            await client.PullAsync(cancel);
            await _clock.SleepAsync(PollNs, cancel);
        }
        // Position compare makes no more pulses than frames: where all came, none is left to ask for.
        var captured = flight.Next >= flight.Programme.Frames ? flight.Next : await client.CapturedAsync(cancel);
        lock (_gate)
        {
            if (flight.IsOver || _recording is not { } recording || !ReferenceEquals(flight, _flight))
                return;
            flight.End(captured);
            recording.Fired += flight.Fired;
            recording.Missed.AddRange(flight.Missed);
            if (flight.Fault is { } fault)
                recording.Fail(fault);
        }
    }

    /// <summary>A take that was quiet for long still has its end to send.</summary>
    private long QuietFromNow(ZebraFlight flight)
    {
        lock (_gate)
        {
            flight.EndAskedNs ??= _clock.NowNs;
            return Math.Max(0, flight.EndAskedNs.Value - flight.LastHeardNs);
        }
    }

    /// <summary>The encoders as they are: one pulse behind the closed gate. Null while that cannot be had.</summary>
    private async Task<uint[]?> ProbeAsync(CancellationToken cancel)
    {
        var client = Client();
        if (Recording() is not { } recording || Flight() is { IsOver: false })
            return null;
        if (recording.Probed is { } fresh && _clock.NowNs - fresh.AtNs < PollNs)
            return fresh.Words;
        var programme = _programme;
        await ApplyAsync(client, ZebraProgramme.Probe(programme?.Mark ?? default, _settings).Words, cancel);
        var words = await ArmProbeAsync(client, cancel);
        if (programme is not null)
            await ApplyAsync(client, programme.Words, cancel);
        recording.Probed = (_clock.NowNs, words);
        return words;
    }

    private async Task<uint[]> ArmProbeAsync(IZebraLink client, CancellationToken cancel)
    {
        try
        {
            var probe = await ArmCompareAsync(client, ZebraProgramme.Probe(default, _settings), cancel);
            await _clock.WithinAsync(probe.Disarmed.Task, _settings.ReplyWithinNs, "the sample of the encoders", cancel);
            return probe.Last.Length > 0 ? probe.Last : throw new IOException("the sample of the encoders lost bytes on the line");
        }
        finally
        {
            // Not a take: nothing of it is counted.
            lock (_gate)
                _flight = null;
        }
    }

    private async Task<BoxStatus> BoxStatusAsync(IZebraLink client, CancellationToken cancel)
    {
        var mark = new TakeMark((int)await client.ReadPairAsync(ZebraRegister.DivDivisor(_settings.MarkBlock), cancel));
        await client.PullAsync(cancel);
        var armed = await client.IsArmedAsync(cancel);
        var captured = armed ? await client.ReadPairAsync(ZebraRegister.PcNumCap, cancel) : 0;
        var errors = await client.ReadAsync(ZebraRegister.SysStatErr, cancel);
        lock (_gate)
        {
            var fault = _recording?.Fault ?? ((errors >> ZebraRegister.BufferOverflowBit & 1) != 0
                ? "SYS_STATERR: the buffer of samples ran over"
                : null);
            var flight = _flight is { IsOver: false } flying ? flying : null;
            var phase = fault is not null ? BoxPhase.Faulted
                : !armed ? BoxPhase.Idle
                : captured == 0 && flight is not { Next: > 0 } ? BoxPhase.Waiting
                : BoxPhase.Running;
            return new BoxStatus(
                phase, mark, (_recording?.Fired ?? 0) + Math.Max(flight?.Fired ?? 0, flight is not null && armed ? captured : 0), fault);
        }
    }

    private Task<bool> IsLiveAsync(IZebraLink client, CancellationToken cancel) =>
        client.IsHighAsync(_settings.LiveInput!.Value, long.MinValue, cancel);

    private async Task CloseAsync(IZebraLink client)
    {
        try
        {
            await OpenGateAsync(client, false, CancellationToken.None);
            await WriteAsync(client, ZebraRegister.PcDisarm, 1, CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or TimeoutException)
        {
            // The caller is told what went wrong first; a lost connection cannot be closed down on.
            return;
        }
    }
}
