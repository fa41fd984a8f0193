using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <content>The capture: samples into the segment, counts, adoption.</content>
internal sealed partial class ZebraDriver
{
    private const int MostMissed = 1000;
    private const long MostPendingBytes = 64 * 1024 * 1024;

    private RecordingState? _recording;
    private long _watch = long.MaxValue;

    public bool WritesHere => true;

    public bool HoldsSession(string session) => Recording() is { Fault: null } recording && recording.Session == session;

    public void WatchFor(long recorded)
    {
        lock (_gate)
            _watch = recorded;
        Recording()?.Recorder.WatchFor(recorded);
    }

    public Task<Outcome<RecorderStatus>> ArmAsync(long frames, CancellationToken cancel) => RunAsync("arm", async () =>
    {
        var client = Client();
        if (Recording() is not { } recording)
            return new Outcome<RecorderStatus>.Refused($"{Name}: not staged");
        var errors = await client.ReadAsync(ZebraRegister.SysStatErr, cancel);
        var status = Status(recording, errors);
        return status.CannotWrite || status is { Fault: null, Accepting: true }
            ? Done(status)
            : new Outcome<RecorderStatus>.Failed($"{Name}: does not accept triggers: {status.Fault}");
    });

    public Task<Outcome<RecorderStatus>> GetStatusAsync(CancellationToken cancel) => RunAsync("read the status", async () =>
    {
        if (Recording() is not { } recording)
            return Done(new RecorderStatus(null, false, 0, 0, [], false, null));
        return Done(Status(recording, await Client().ReadAsync(ZebraRegister.SysStatErr, cancel)));
    });

    public Task<Outcome<RecorderStatus>> FlushAsync(CancellationToken cancel) => RunAsync("flush", async () =>
    {
        if (Recording() is not { } recording)
            return new Outcome<RecorderStatus>.Refused($"{Name}: not staged");
        await Client().PullAsync(cancel);
        await recording.Recorder.FlushOrFaultAsync().OrCancelled(cancel);
        return Done(Status(recording, await Client().ReadAsync(ZebraRegister.SysStatErr, cancel)));
    });

    /// <remarks>The box sends each sample once, to whoever listens: what another process was sent cannot be had again. A session goes on
    /// only in the driver that has its file open; frames that passed meanwhile are missed, by their number.</remarks>
    public Task<Outcome<AdoptedSession?>> AdoptAsync(
        RecorderStaging staging, string session, long alreadyRecorded, CancellationToken cancel) => InTurnAsync("adopt", async () =>
    {
        var client = Client();
        if (HoldsSession(session) && await IsOursAsync(client, cancel))
        {
            var recording = Recording()!;
            return Done<AdoptedSession?>(new(
                new(session, recording.Segment, []) { ClockZeroNs = recording.ClockZeroNs }, false, 0));
        }
        await QuietAsync(client, cancel);
        if (TakeRecording() is { } stale)
            await stale.Recorder.AbandonAsync();
        return Done<AdoptedSession?>(null);
    });

    public Task<Outcome<EquatableArray<long>>> ExposureStartsAsync(long position, long count, CancellationToken cancel) =>
        RunAsync("read back when frames were exposed", async () =>
        {
            if (Recording() is not { } recording)
                return new Outcome<EquatableArray<long>>.Refused($"{Name}: not staged");
            if (recording.ClockZeroNs is not long zero)
                return new Outcome<EquatableArray<long>>.Failed(
                    $"{Name}: a Zebra has no calendar, and this process's clock does not run at the beamline's pace");
            var starts = await recording.Recorder.ReadIntegersAsync("/entry/data/timestamp_start", position, count, cancel);
            return Done(starts.Select(s => zero + s).ToEquatableArray());
        });

    void IZebraListener.Armed()
    {
        lock (_gate)
        {
            if (_flight is not { } flight)
                return;
            flight.LastHeardNs = _clock.NowNs;
            flight.Armed.TrySetResult(true);
        }
    }

    void IZebraListener.Sample(uint[] words)
    {
        lock (_gate)
        {
            if (_flight is not { IsOver: false } flight || _recording is not { } recording)
                return;
            flight.LastHeardNs = _clock.NowNs;
            if (flight.Take(words) is { } row)
                recording.Add(row);
            if (flight.Fault is { } fault)
                recording.Fail(fault);
        }
    }

    void IZebraListener.Damaged(string line)
    {
        lock (_gate)
            _flight?.Damage();
    }

    void IZebraListener.Disarmed()
    {
        lock (_gate)
            _flight?.Disarmed.TrySetResult(true);
    }

    /// <summary>The box has not restarted, and holds what was set.</summary>
    private async Task<bool> IsOursAsync(IZebraLink client, CancellationToken cancel) => await ForeignAsync(client, cancel) is null;

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
            (_recording, _flight, _programme) = (null, null, null);
            return taken;
        }
    }

    private async Task<RecordingState> OpenAsync(RecorderStaging staging, ZebraCapture capture, CancellationToken cancel)
    {
        var path = $"data/{Name}.{staging.Segment:0000}.h5";
        SegmentAttribute[] attributes = [new("recorder", Name), new("scan_uid", staging.ScanUid), new("first_sample", "0")];
        var spec = new SegmentSpec(Path.Combine(staging.RunFolder, path), capture.Specs, attributes.ToEquatableArray());
        var store = await _stores.CreateAsync(spec, cancel);
        RecordingState? recording = null;
        var recorder = new SampleRecorder(store, _clock, MostPendingBytes, n => Recorded?.Invoke(n), fault => recording?.Fail(fault));
        recorder.WatchFor(_watch);
        var session = $"{Name}/{staging.ScanUid}/{staging.Epoch}/{staging.Segment}";
        return recording = new RecordingState(
            capture, recorder, new Segment(Name, staging.Segment, path, capture.Datasets), session, _clock.NowNs)
        {
            // The box stamps from its arming on: the calendar is this process's, and only where both run at one pace.
            ClockZeroNs = _timeScale == 1 ? _clock.UnixNowNs : null,
        };
    }

    private RecorderStatus Status(RecordingState recording, ushort errors)
    {
        lock (_gate)
        {
            var overflow = (errors >> ZebraRegister.BufferOverflowBit & 1) != 0
                ? "SYS_STATERR: its buffer of samples ran over: frames come faster than the serial line takes them for too long"
                : null;
            var fault = recording.Fault ?? recording.Recorder.Fault ?? overflow;
            EquatableArray<FrameRange> missed =
                [.. recording.Missed, .. _flight is { IsOver: false } flying ? flying.Missed : []];
            var overflowed = missed.Count > MostMissed;
            return new RecorderStatus(
                recording.Session, fault is null, recording.Recorder.Accepted, recording.Recorder.Recorded,
                overflowed ? missed.Take(MostMissed).ToEquatableArray() : missed, overflowed, fault)
            {
                CannotWrite = recording.Recorder.Fault is not null,
            };
        }
    }

    /// <summary>One staging: where its samples go.</summary>
    private sealed class RecordingState(ZebraCapture capture, SampleRecorder recorder, Segment segment, string session, long stagedAtNs)
    {
        private readonly SampleReader[] _readers = capture.Readers;

        public ZebraCapture Capture => capture;

        public SampleRecorder Recorder => recorder;

        public Segment Segment => segment;

        public string Session => session;

        public long StagedAtNs => stagedAtNs;

        public long? ClockZeroNs { get; init; }

        /// <summary>Frames fired in takes that are over.</summary>
        public long Fired { get; set; }

        /// <summary>Frames whose samples were lost, in takes that are over.</summary>
        public List<FrameRange> Missed { get; } = [];

        /// <summary>The encoders as last read.</summary>
        public (long AtNs, uint[] Words)? Probed { get; set; }

        public string? Fault { get; private set; }

        public void Add(ZebraRow row)
        {
            recorder.Add(capture.RowOf(row), capture.RowBytes, 1, row.Trigger, _readers);
            recorder.Kick();
        }

        public void Fail(string reason) => Fault ??= reason;
    }
}
