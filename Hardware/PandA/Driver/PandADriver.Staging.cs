using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Driver;

/// <content>Staging: what is set for a scan, verified, and put back.</content>
internal sealed partial class PandADriver
{
    private const long IdleWithinNs = 5_000_000_000;
    private const long IdlePollNs = 5_000_000;

    public Task<Outcome<EquatableArray<SavedSetting>>> ReadSettingsAsync(RecorderStaging staging, CancellationToken cancel) =>
        RunAsync("read the settings", async () =>
        {
            if (Recording() is { Saved.Count: > 0 } forgotten)
                return Done(forgotten.Saved);
            return Done((await SaveAsync(Connected(), _line.Capture.Plan(staging), cancel)).ToEquatableArray());
        });

    public Task<Outcome<RecorderSession>> StageAsync(RecorderStaging staging, CancellationToken cancel) => RunAsync("stage", async () =>
    {
        var box = Connected();
        // A supervisor that died before it heard the answer leaves a staging that nobody knows of.
        if (Recording() is { } forgotten && await CloseCaptureAsync(forgotten.Saved, cancel) is not Outcome<long>.Completed and var open)
            return open.As<RecorderSession>();
        if ((await _line.Capture.EndLeftAsync(staging, cancel) ?? await FreeAsync(box, cancel)) is { } occupied)
            return new Outcome<RecorderSession>.Refused(occupied);
        await box.Control.DoAsync(cancel, Enable(on: false), Gate(open: false));
        var plan = _line.Capture.Plan(staging);
        var saved = await SaveAsync(box, plan, cancel);
        PandARecording? recording = null;
        try
        {
            await ApplyAsync(box, plan, cancel);
            recording = await _line.Capture.OpenAsync(Watch(box), staging, plan, saved.ToEquatableArray(), cancel);
            await StartCaptureAsync(box, recording, cancel);
        }
        catch (Exception error) when (error is IOException or TimeoutException or OperationCanceledException)
        {
            await UndoAsync(box, recording, saved);
            throw;
        }
        return Done(new RecorderSession(recording.Session, recording.Segment, saved.ToEquatableArray())
        {
            ClockZeroNs = recording.ClockZeroNs,
        });
    });

    public Task<Outcome<long>> UnstageAsync(EquatableArray<SavedSetting> restore, CancellationToken cancel) =>
        RunAsync("unstage", () => CloseCaptureAsync(restore, cancel));

    private async Task<Outcome<long>> CloseCaptureAsync(EquatableArray<SavedSetting> restore, CancellationToken cancel)
    {
        var box = Connected();
        box.Control.Unwatch();
        // Without a recording of ours, a capture that runs is another's: neither it nor what it is set to is ours to touch.
        if (Recording() is null && await FreeAsync(box, cancel) is { } occupied)
            return new Outcome<long>.Refused(occupied);
        await box.Control.DoAsync(
            cancel, [Gate(open: false), Enable(on: false), PandACommand.Set("*PCAP.DISARM", ""), .. OutputsDown()]);
        var recording = Recording();
        var problem = recording is null or { IsGone: true } ? null : await DrainAsync(box, recording, cancel);
        var frames = recording is null ? 0 : await CloseFileAsync(recording, cancel);
        problem ??= recording is not null && frames != recording.Accepted
            ? $"the file has {frames} frames, {recording.Accepted} came"
            : null;
        await RestoreAsync(box, restore, cancel);
        return problem is null ? Done(frames) : new Outcome<long>.Failed($"{Name}: {problem}");
    }

    /// <summary>Waits until nobody captures; returns why that cannot be had.</summary>
    /// <remarks>A capture that no data client takes was left by a process that died: it is ended. One that somebody takes is not ours to
    /// end.</remarks>
    private async Task<string?> FreeAsync(Box box, CancellationToken cancel)
    {
        var status = (await box.Control.DoAsync(cancel, PandACommand.Get("*PCAP.STATUS")))[0];
        if (PandACaptureStatus.Parse(status) is { Busy: true, Active: 0 })
            await box.Control.DoAsync(cancel, PandACommand.Set("*PCAP.DISARM", ""));
        var deadline = _clock.NowNs + IdleWithinNs;
        while (!IsFree(status) && _clock.NowNs < deadline)
        {
            await _clock.SleepAsync(IdlePollNs, cancel);
            status = (await box.Control.DoAsync(cancel, PandACommand.Get("*PCAP.STATUS")))[0];
        }
        if (IsFree(status))
            return null;
        var who = await box.Control.DoAsync(cancel, PandACommand.Get("*WHO"));
        return $"{Name}: the box is captured by somebody else (status {status}); "
            + $"its clients: {who[0].Replace("\n", "; ")}. End that capture first";
    }

    private static bool IsFree(string status) =>
        PandACaptureStatus.Parse(status) is { IsFree: true };

    /// <summary>What is set for every scan, in order.</summary>
    private List<(string Name, string Value)> Settings(Box box, CapturePlan plan)
    {
        List<(string, string)> settings =
        [
            ($"{Sequencer}.PRESCALE.RAW", "0"), ($"{Sequencer}.REPEATS", "1"), ($"{Sequencer}.BITA", _settings.LiveInput ?? "ZERO"),
            ($"{Sequencer}.BITB", box.GateBit), ($"{Sequencer}.BITC", "ZERO"), ($"{Sequencer}.POSA", "ZERO"), ($"{Sequencer}.POSB", "ZERO"),
            ($"{Sequencer}.POSC", "ZERO"), ($"{_settings.TriggerOutput}.VAL", $"{Sequencer}.OUTA"), ("PCAP.GATE", $"{Sequencer}.OUTA"),
            ("PCAP.TRIG", $"{Sequencer}.OUTA"), ("PCAP.TRIG_EDGE", "Falling"), ("PCAP.SHIFT_SUM", "0"), ("PCAP.ENABLE", "ONE"),
        ];
        string[] inputs = [$"{Sequencer}.ENABLE", $"{Sequencer}.BITA", $"{Sequencer}.BITB", "PCAP.ENABLE", "PCAP.GATE", "PCAP.TRIG"];
        settings.AddRange(inputs.Select(input => ($"{input}.DELAY", "0")));
        settings.Add(($"{_settings.TriggerOutput}.VAL.DELAY", "0"));
        settings.AddRange(RateProgramme.Staged(_settings.Outputs, Sequencer));
        settings.AddRange(CompareProgramme.Staged(_settings.Compare, Sequencer, box.GateBit));
        settings.AddRange(FollowProgramme.Staged(_settings.Followed, Sequencer, box.GateBit));
        foreach (var counted in _settings.ExposureOuts)
            settings.AddRange(CountProgramme.Staged(counted.Counter, counted.Input));
        settings.AddRange(_line.Capture.Settings(plan));
        foreach (var encoder in _settings.Encoders)
        {
            settings.Add(($"{encoder.Input}.VAL.SCALE", PandAText.Number(encoder.Scale)));
            settings.Add(($"{encoder.Input}.VAL.OFFSET", PandAText.Number(encoder.Offset)));
            settings.Add(($"{encoder.Input}.VAL.UNITS", encoder.Unit));
        }
        return settings;
    }

    /// <summary>Old values of everything that staging changes, captures last.</summary>
    private async Task<List<SavedSetting>> SaveAsync(Box box, CapturePlan plan, CancellationToken cancel)
    {
        var names = Settings(box, plan).Select(s => s.Name).Concat(_line.Capture.Kept).ToList();
        var values = await box.Control.DoAsync(cancel, [.. names.Select(PandACommand.Get), PandACommand.Get("*CAPTURE")]);
        var saved = names.Select((name, i) => new SavedSetting(name, values[i])).ToList();
        var captured = values[^1].Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split(' ', 2)).ToList();
        foreach (var (field, _) in plan.Captures)
            if (captured.All(c => c[0] != field))
                saved.Add(new($"{field}.CAPTURE", "No"));
        saved.AddRange(captured.Select(c => new SavedSetting($"{c[0]}.CAPTURE", c[1])));
        return saved;
    }

    private async Task ApplyAsync(Box box, CapturePlan plan, CancellationToken cancel)
    {
        var settings = Settings(box, plan);
        var captures = plan.Captures.Select(c => PandACommand.Set($"{c.Field}.CAPTURE", c.Options));
        await box.Control.DoAsync(
            cancel,
            [
                // A counter that is enabled anew begins anew.
                .. settings.Where(s => s.Name.StartsWith("COUNTER") && s.Name.EndsWith(".ENABLE"))
                    .Select(s => PandACommand.Set(s.Name, "ZERO")),
                .. settings.Select(s => PandACommand.Set(s.Name, s.Value)), PandACommand.Set("*CAPTURE", ""), .. captures,
            ]);
        var held = await box.Control.DoAsync(cancel, [.. settings.Select(s => PandACommand.Get(s.Name)), PandACommand.Get("*CAPTURE")]);
        for (var i = 0; i < settings.Count; i++)
            if (!PandABoxControl.Same(settings[i].Value, held[i]))
                throw new IOException(
                    $"{settings[i].Name} was set to {settings[i].Value} and reads {held[i]}: somebody else writes to the box");
        var wanted = plan.Captures.Select(c => $"{c.Field} {c.Options}").Order(StringComparer.Ordinal);
        if (!held[^1].Split('\n').Order(StringComparer.Ordinal).SequenceEqual(wanted))
            throw new IOException($"the captured fields read {held[^1].Replace("\n", ", ")}: somebody else writes to the box");
    }

    private async Task StartCaptureAsync(Box box, PandARecording recording, CancellationToken cancel)
    {
        lock (_gate)
            recording.WatchFor(_watch);
        await recording.AttachAsync(cancel);
        if (await FreeAsync(box, cancel) is { } occupied)
            throw new IOException(occupied);
        await box.Control.DoAsync(cancel, PandACommand.Set("*PCAP.ARM", ""));
        await recording.BegunAsync(cancel);
        lock (_gate)
            (_recording, _programme, _firedBefore, _firedNow, _enabled, _foreign, _toldHealth) =
                (recording, null, 0, 0, false, null, null);
        Guard(box, recording.Plan);
    }

    /// <summary>From now on nobody else may change what the scan depends on.</summary>
    private void Guard(Box box, CapturePlan plan) => box.Control.Watch(
    [
        .. Settings(box, plan), .. plan.Captures.Select(c => ($"{c.Field}.CAPTURE", c.Options)), ($"{Sequencer}.ENABLE", "ZERO"),
        (_settings.Gate, "0"), ($"{Sequencer}.TABLE", ""),
    ]);

    private async Task UndoAsync(Box box, PandARecording? recording, List<SavedSetting> saved)
    {
        if (recording is not null)
            await recording.UndoAsync();
        // Best effort: the reason why staging failed is what the caller is told; a lost connection cannot be undone on.
        var undo = saved.Select(s => PandACommand.Set(s.Name, s.Value));
        try
        {
            await box.Control.SendAsync([PandACommand.Set("*PCAP.DISARM", ""), .. undo], CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or TimeoutException)
        {
            return;
        }
    }

    /// <summary>Waits for the end of the capture and compares counts; returns what is wrong.</summary>
    private async Task<string?> DrainAsync(Box box, PandARecording recording, CancellationToken cancel)
    {
        try
        {
            var captured = 0L;
            var problem = await recording.EndAsync(
                async () => captured = await ReadCapturedAsync(box, cancel), _firedBefore is null ? null : Triggered(), cancel);
            if ((problem ?? _foreign) is { } wrong)
                return wrong;
            if (_firedBefore is not null && captured != Triggered())
                return $"{Sequencer} fired {Triggered()} frames and the box captured {captured} ({recording.Ended})";
            return recording.EndedEarly is { } early
                ? $"the capture ended before it was disarmed: {early}"
                : await ReadHealthAsync(box, cancel);
        }
        catch (Exception error) when (error is IOException or TimeoutException)
        {
            return error.Message;
        }
    }

    /// <summary>A block's fault does not show in how the capture ended.</summary>
    private async Task<string?> ReadHealthAsync(Box box, CancellationToken cancel)
    {
        var health = await box.Control.DoAsync(cancel, PandACommand.Get("PCAP.HEALTH"), PandACommand.Get($"{Sequencer}.HEALTH"));
        if (health[0] != "OK")
            return $"PCAP: {health[0]}";
        // What failed a take is told already: the frames before it are whole.
        if (health[1] != "OK" && health[1] != _toldHealth)
            return $"{Sequencer}: {health[1]}";
        return await CompareFaultAsync(box, cancel) is { } jumped && jumped != _toldHealth ? jumped : null;
    }

    /// <summary>One whose end was not heard of in time stays, so that it can be ended again.</summary>
    private async Task<long> CloseFileAsync(PandARecording recording, CancellationToken cancel)
    {
        try
        {
            var frames = await recording.CloseAsync(cancel);
            TakeRecording();
            return frames;
        }
        catch (IOException)
        {
            TakeRecording();
            throw;
        }
    }

    private async Task RestoreAsync(Box box, EquatableArray<SavedSetting> restore, CancellationToken cancel)
    {
        var replies = await box.Control.SendAsync([.. restore.Select(s => PandACommand.Set(s.Name, s.Value))], cancel);
        for (var i = 0; i < replies.Length; i++)
            if (replies[i] is PandAReply.Refused refused)
                throw new IOException($"{restore[i].Name} could not be put back to {restore[i].Value}: {refused.Reason}");
    }
}
