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
    private const long SettlePollNs = 50_000_000;

    private PandARecording? _recording;

    /// <summary>Samples in the segment are those from this one on, counted from the arm.</summary>
    private long _watch = long.MaxValue;

    public bool WritesHere => _line.Capture.WritesHere;

    public bool HoldsSession(string session) => WritesHere && Recording() is { Fault: null } recording && recording.Session == session;

    public void WatchFor(long recorded)
    {
        lock (_gate)
            _watch = recorded;
        Recording()?.WatchFor(recorded);
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
        await recording.FlushAsync(Triggered() - recording.First, cancel);
        return Done(await StatusAsync(Connected(), recording, cancel));
    });

    /// <remarks>alreadyRecorded counts from the arm, as positions do.</remarks>
    public Task<Outcome<AdoptedSession?>> AdoptAsync(
        RecorderStaging staging, string session, long alreadyRecorded, CancellationToken cancel) => RunAsync("adopt", async () =>
    {
        var box = Connected();
        var plan = _line.Capture.Plan(staging);
        var busy = (await box.Control.DoAsync(cancel, PandACommand.Get("*PCAP.STATUS")))[0].StartsWith("Busy", StringComparison.Ordinal);
        var held = Recording();
        var found = await _line.Capture.FindAsync(Watch(box), staging, plan, session, alreadyRecorded, held, busy, cancel);
        if (found is null)
            return Done<AdoptedSession?>(null);
        if (!ReferenceEquals(found, held))
            lock (_gate)
            {
                found.WatchFor(_watch);
                // What the sequencer holds stays known: whoever asks for the box's status meanwhile reads it from the box.
                (_recording, _firedBefore, _firedNow, _enabled, _disabled) = (found, null, 0, false, false);
            }
        await found.AttachAsync(cancel);
        // What the box is set to, was set by the process before: it is as good as ours only where it reads as ours would.
        await CheckSettingsAsync(box, plan, cancel);
        var isNew = !ReferenceEquals(found, held) && _line.Capture.WritesHere;
        return Done<AdoptedSession?>(new(
            new(session, found.Segment, []) { ClockZeroNs = found.ClockZeroNs }, isNew, found.First));
    });

    /// <summary>Reads back what staging had set, after a time in which we could not see the box; watches it from here on.</summary>
    private async Task CheckSettingsAsync(Box box, CapturePlan plan, CancellationToken cancel)
    {
        // The programme's own: loading sets them, and reads the table back.
        var programme = new[] { "PRESCALE.RAW", "POSA", "POSB", "POSC", "BITC" }.Select(f => $"{Sequencer}.{f}")
            .Concat(RateProgramme.Names(_settings.Outputs)).ToArray();
        var settings = Settings(box, plan).Where(s => !programme.Contains(s.Name) && !IsOfCompare(s.Name)).ToList();
        var held = await box.Control.DoAsync(cancel, [.. settings.Select(s => PandACommand.Get(s.Name))]);
        for (var i = 0; i < settings.Count; i++)
            if (!PandABoxControl.Same(settings[i].Value, held[i]))
                OnForeign($"somebody else set {settings[i].Name} to {held[i]} while the box was out of reach; it was {settings[i].Value}");
        box.Control.Watch(settings.Concat(plan.Captures.Select(c => ($"{c.Field}.CAPTURE", c.Options))));
    }

    private PandARecording? Recording()
    {
        lock (_gate)
            return _recording;
    }

    private PandARecording? TakeRecording()
    {
        lock (_gate)
        {
            var taken = _recording;
            _recording = null;
            return taken;
        }
    }

    private PandACaptureWatch Watch(Box box) =>
        new(box.TickNs, n => Recorded?.Invoke(n), OnLost);

    private async Task<long> ReadCapturedAsync(Box box, CancellationToken cancel) =>
        Integer("*PCAP.CAPTURED", (await box.Control.DoAsync(cancel, PandACommand.Get("*PCAP.CAPTURED")))[0]);

    private async Task<RecorderStatus> StatusAsync(Box box, PandARecording recording, CancellationToken cancel)
    {
        var answers = await box.Control.DoAsync(
            cancel, PandACommand.Get("*PCAP.STATUS"), PandACommand.Get("*PCAP.CAPTURED"), PandACommand.Get("PCAP.HEALTH"));
        var busy = answers[0].StartsWith("Busy", StringComparison.Ordinal);
        // Nobody here ends it before the recording is closed; a line that lags may say so for a moment.
        if (!busy && recording is { Ended: null, Fault: null } && !WritesHere)
        {
            await _clock.SleepAsync(_line.SettleNs, cancel);
            busy = (await box.Control.DoAsync(cancel, PandACommand.Get("*PCAP.STATUS")))[0].StartsWith("Busy", StringComparison.Ordinal);
        }
        var ended = recording.Ended is { } reason ? $"the capture ended: {reason}"
            : busy || WritesHere ? null : "the capture ended, and nobody here disarmed it";
        var health = answers[2] == "OK" ? null : $"PCAP: {answers[2]}";
        var fault = recording.Fault ?? ended ?? health ?? _foreign;
        var acquired = Math.Max(Integer("*PCAP.CAPTURED", answers[1]), Triggered()) - recording.First;
        return new RecorderStatus(recording.Session, busy && fault is null, acquired, recording.Recorded, [], false, fault)
        {
            CannotWrite = recording.Fault is not null,
        };
    }

    /// <summary>Makes the count of frames fired since staging known from the capture, where it is not.</summary>
    /// <param name="settle">The sequencer ended in a way that its own lines do not tell.</param>
    private async Task LearnFiredAsync(Box box, CancellationToken cancel, bool settle = false)
    {
        if (Recording() is null || _firedBefore is not null && !settle)
            return;
        var captured = await ReadCapturedAsync(box, cancel);
        for (var quiet = 0L; quiet < _line.SettleNs; quiet += SettlePollNs)
        {
            await _clock.SleepAsync(SettlePollNs, cancel);
            var now = await ReadCapturedAsync(box, cancel);
            if (now != captured)
                (captured, quiet) = (now, -SettlePollNs);
        }
        lock (_gate)
            _firedBefore = captured - _firedNow;
    }
}
