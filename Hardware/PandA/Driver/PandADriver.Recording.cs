using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Driver;

/// <content>The capture: adopt, arm, count, flush.</content>
internal sealed partial class PandADriver
{
    /// <summary>A count that has not changed for this long is final: a real box counts every 100 ms.</summary>
    private const long SettleNs = 250_000_000;
    private const long SettlePollNs = 50_000_000;
    private const long HeaderWithinNs = 5_000_000_000;

    private RecordingState? _recording;

    /// <summary>Samples in the segment are those from this one on, counted from the arm.</summary>
    private long _watch = long.MaxValue;

    public bool WritesHere => true;

    public bool HoldsSession(string session) => Recording() is { Recorder.Fault: null } recording && recording.Session == session;

    public void WatchFor(long recorded)
    {
        lock (_gate)
            _watch = recorded;
        Recording()?.Recorder.WatchFor(recorded);
    }

    public Task<Outcome<RecorderStatus>> ArmAsync(long frames, CancellationToken cancel) => RunAsync("arm", async () =>
    {
        var box = Connected();
        if (Recording() is not { } recording)
            return new Outcome<RecorderStatus>.Refused($"{Name}: not staged");
        await LearnFiredAsync(box, cancel);
        var status = await StatusAsync(box, recording, cancel);
        return status.CannotWrite || (status.Fault is null && status.Accepting)
            ? Done(status)
            : new Outcome<RecorderStatus>.Failed($"{Name}: does not accept triggers: {status.Fault ?? "the capture has ended"}");
    });

    public Task<Outcome<RecorderStatus>> GetStatusAsync(CancellationToken cancel) => RunAsync("read the status", async () =>
    {
        if (Recording() is not { } recording)
            return Done(new RecorderStatus(null, false, 0, 0, [], false, null));
        return Done(await StatusAsync(Connected(), recording, cancel));
    });

    public Task<Outcome<RecorderStatus>> FlushAsync(CancellationToken cancel) => RunAsync("flush", async () =>
    {
        if (Recording() is not { } recording)
            return new Outcome<RecorderStatus>.Refused($"{Name}: not staged");
        await recording.Recorder.FlushOrFaultAsync().OrCancelled(cancel);
        return Done(await StatusAsync(Connected(), recording, cancel));
    });

    /// <remarks>alreadyRecorded counts from the arm, as positions do.</remarks>
    public Task<Outcome<AdoptedSession?>> AdoptAsync(
        RecorderStaging staging, string session, long alreadyRecorded, CancellationToken cancel) => RunAsync("adopt", async () =>
    {
        var box = Connected();
        var plan = Plan(staging);
        var busy = (await box.Control.DoAsync(cancel, PandACommand.Get("*PCAP.STATUS")))[0].StartsWith("Busy", StringComparison.Ordinal);
        var header = busy ? await PeekAsync(box, plan, cancel) : null;
        if (header is null || SessionOf(header) != session)
            return Done<AdoptedSession?>(null);
        if (Recording() is { Recorder.Fault: null } old && old.Session == session && header.Missed <= old.First + old.Recorder.Accepted)
        {
            // Two connections would each record every sample.
            old.Data?.Dispose();
            await AttachAsync(box, old, cancel);
            await CheckSettingsAsync(box, plan, cancel);
            return Done<AdoptedSession?>(new(new(session, old.Segment, []) { ClockZeroNs = old.ClockZeroNs }, false, old.First));
        }
        if (TakeRecording() is { } stale)
            await stale.Recorder.AbandonAsync();
        var first = Math.Max(header.Missed, alreadyRecorded);
        // The server's memory did not reach back to what is recorded: those samples exist nowhere any more.
        var gap = header.Missed > alreadyRecorded
            ? $"samples {alreadyRecorded} to {header.Missed - 1} were lost: the box kept no more"
            : null;
        var recording = await OpenAsync(staging, plan, first, [], cancel, gap);
        (recording.Session, recording.ClockZeroNs) = (session, ClockZeroOf(header));
        lock (_gate)
            // What the sequencer holds stays known: whoever asks for the box's status meanwhile reads it from the box.
            (_recording, _firedBefore, _firedNow, _enabled, _disabled) = (recording, null, 0, false, false);
        await AttachAsync(box, recording, cancel);
        // What the box is set to, was set by the process before: it is as good as ours only where it reads as ours would.
        await CheckSettingsAsync(box, plan, cancel);
        return Done<AdoptedSession?>(
            new(new(session, recording.Segment, []) { ClockZeroNs = recording.ClockZeroNs }, true, first));
    });

    /// <summary>Reads back what staging had set, after a time in which we could not see the box; watches it from here on.</summary>
    private async Task CheckSettingsAsync(Box box, CapturePlan plan, CancellationToken cancel)
    {
        // The programme's own: loading sets them, and reads the table back.
        var programme = new[] { "PRESCALE.RAW", "POSA", "POSB", "POSC", "BITC" }.Select(f => $"{Sequencer}.{f}")
            .Concat(RateProgramme.Names(_settings.Outputs)).ToArray();
        var settings = Settings(box).Where(s => !programme.Contains(s.Name) && !IsOfCompare(s.Name)).ToList();
        var held = await box.Control.DoAsync(cancel, [.. settings.Select(s => PandACommand.Get(s.Name))]);
        for (var i = 0; i < settings.Count; i++)
            if (!PandABoxControl.Same(settings[i].Value, held[i]))
                OnForeign($"somebody else set {settings[i].Name} to {held[i]} while the box was out of reach; it was {settings[i].Value}");
        box.Control.Watch(settings.Concat(plan.Captures.Select(c => ($"{c.Field}.CAPTURE", c.Options))));
    }

    private string SessionOf(PandADataHeader header) => $"{_settings.Host}:{_settings.DataPort}/{header.ArmTime}";

    private RecordingState? Recording()
    {
        lock (_gate)
            return _recording;
    }

    private RecordingState? TakeRecording()
    {
        lock (_gate)
        {
            var taken = _recording;
            _recording = null;
            return taken;
        }
    }

    private CapturePlan Plan(RecorderStaging staging) =>
        new(_settings.Encoders, _settings.Detectors.Where(d => staging.Detectors.Contains(d.Name)),
            _settings.ExposureOuts.Where(o => staging.Detectors.Contains(o.Detector)));

    private async Task<RecordingState> OpenAsync(
        RecorderStaging staging, CapturePlan plan, long first, EquatableArray<SavedSetting> saved, CancellationToken cancel,
        string? gap = null)
    {
        var path = $"data/{Name}.{staging.Segment:0000}.h5";
        List<SegmentAttribute> attributes = [new("recorder", Name), new("scan_uid", staging.ScanUid), new("first_sample", $"{first}")];
        if (gap is not null)
            attributes.Add(new("gap", gap));
        var spec = new SegmentSpec(Path.Combine(staging.RunFolder, path), plan.Specs, attributes.ToEquatableArray());
        var store = await _stores.CreateAsync(spec, cancel);
        var recorder = new SampleRecorder(
            store, _clock, _settings.MostPendingBytes, n => Recorded?.Invoke(n), OnRecorderFault);
        recorder.WatchFor(_watch);
        return new RecordingState(plan, recorder, new Segment(Name, staging.Segment, path, plan.Datasets), first) { Saved = saved };
    }

    /// <summary>Opens the data connection of a recording; the server then counts us as a reader.</summary>
    private async Task AttachAsync(Box box, RecordingState recording, CancellationToken cancel)
    {
        var connection = await _connector.ConnectStreamAsync(_settings.Host, _settings.DataPort, cancel);
        var next = recording.First + recording.Recorder.Accepted;
        var data = new PandADataClient(connection, recording.Plan, box.TickNs, recording.Recorder, next, OnLost);
        lock (_gate)
            recording.Data = data;
        await data.Ready.OrCancelled(cancel);
    }

    /// <summary>Reads the header of the capture under way on a connection of its own, so that nothing is opened for a capture that is not
    /// ours.</summary>
    private async Task<PandADataHeader?> PeekAsync(Box box, CapturePlan plan, CancellationToken cancel)
    {
        var connection = await _connector.ConnectStreamAsync(_settings.Host, _settings.DataPort, cancel);
        using var data = new PandADataClient(connection, plan, box.TickNs, null, 0, _ => { });
        try
        {
            return await _clock.WithinAsync(data.HeaderRead, HeaderWithinNs, "the header of the capture", cancel);
        }
        catch (IOException)
        {
            // Its fields are not those of this scan: somebody else's capture.
            return null;
        }
    }

    private void OnRecorderFault(string reason) => Recording()?.Fail(reason);

    private async Task<long> ReadCapturedAsync(Box box, CancellationToken cancel) =>
        Integer("*PCAP.CAPTURED", (await box.Control.DoAsync(cancel, PandACommand.Get("*PCAP.CAPTURED")))[0]);

    private async Task<RecorderStatus> StatusAsync(Box box, RecordingState recording, CancellationToken cancel)
    {
        var answers = await box.Control.DoAsync(
            cancel, PandACommand.Get("*PCAP.STATUS"), PandACommand.Get("*PCAP.CAPTURED"), PandACommand.Get("PCAP.HEALTH"));
        var busy = answers[0].StartsWith("Busy", StringComparison.Ordinal);
        var ended = recording.Data is { CaptureEnded: { IsCompletedSuccessfully: true } end }
            ? $"the capture ended: {end.Result.Reason}"
            : null;
        var health = answers[2] == "OK" ? null : $"PCAP: {answers[2]}";
        var fault = recording.Fault ?? recording.Recorder.Fault ?? ended ?? health ?? _foreign;
        var acquired = Math.Max(Integer("*PCAP.CAPTURED", answers[1]), Triggered()) - recording.First;
        return new RecorderStatus(recording.Session, busy && fault is null, acquired, recording.Recorder.Recorded, [], false, fault)
        {
            CannotWrite = recording.Recorder.Fault is not null,
        };
    }

    /// <summary>Makes the count of frames fired since staging known from the capture, where it is not.</summary>
    /// <param name="settle">The sequencer ended in a way that its own lines do not tell.</param>
    private async Task LearnFiredAsync(Box box, CancellationToken cancel, bool settle = false)
    {
        if (Recording() is null || _firedBefore is not null && !settle)
            return;
        var captured = await ReadCapturedAsync(box, cancel);
        for (var quiet = 0L; quiet < SettleNs; quiet += SettlePollNs)
        {
            await _clock.SleepAsync(SettlePollNs, cancel);
            var now = await ReadCapturedAsync(box, cancel);
            if (now != captured)
                (captured, quiet) = (now, -SettlePollNs);
        }
        lock (_gate)
            _firedBefore = captured - _firedNow;
    }

    /// <summary>One staging: where its samples go.</summary>
    private sealed class RecordingState(CapturePlan plan, SampleRecorder recorder, Segment segment, long first)
    {
        public CapturePlan Plan => plan;

        public SampleRecorder Recorder => recorder;

        public Segment Segment => segment;

        /// <summary>First sample of the segment, counted from the arm.</summary>
        public long First => first;

        public string Session { get; set; } = "";

        public long? ClockZeroNs { get; set; }

        public PandADataClient? Data { get; set; }

        /// <summary>What staging changed, with the values to put back; empty where another process staged it.</summary>
        public EquatableArray<SavedSetting> Saved { get; init; }

        public string? Fault { get; private set; }

        public void Fail(string reason) => Fault ??= reason;
    }
}
