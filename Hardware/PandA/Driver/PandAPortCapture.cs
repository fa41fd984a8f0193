using System.Globalization;
using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Driver;

/// <summary>Samples that come over the box's data port, written by this process.</summary>
internal sealed class PandAPortCapture(string name, PandASettings settings, DeviceEnvironment environment) : IPandACapture
{
    private const long HeaderWithinNs = 5_000_000_000;

    public bool WritesHere => true;

    public CapturePlan Plan(RecorderStaging staging) =>
        new(settings.Encoders, settings.Detectors.Where(d => staging.Detectors.Contains(d.Name)),
            settings.ExposureOuts.Where(o => staging.Detectors.Contains(o.Detector)));

    public IEnumerable<(string Name, string Value)> Settings(CapturePlan plan) => [];

    public IReadOnlyList<string> Kept => [];

    /// <remarks>What nobody takes is seen by the box's own count of readers.</remarks>
    public Task<string?> EndLeftAsync(RecorderStaging staging, CancellationToken cancel) => Task.FromResult<string?>(null);

    public Task<PandARecording> OpenAsync(
        PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan, EquatableArray<SavedSetting> saved, CancellationToken cancel) =>
        OpenAsync(watch, staging, plan, 0, saved, null, cancel);

    public async Task<PandARecording?> FindAsync(
        PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan, string session, long alreadyRecorded, PandARecording? held,
        bool isBusy, CancellationToken cancel)
    {
        var header = isBusy ? await PeekAsync(watch, plan, cancel) : null;
        if (header is null || SessionOf(header) != session)
            return null;
        if (held is { Fault: null } && held.Session == session && header.Missed <= held.First + held.Accepted)
            return held;
        var first = Math.Max(header.Missed, alreadyRecorded);
        // The server's memory did not reach back to what is recorded: those samples exist nowhere any more.
        var gap = header.Missed > alreadyRecorded
            ? $"samples {alreadyRecorded} to {header.Missed - 1} were lost: the box kept no more"
            : null;
        if (held is not null)
            await held.AbandonAsync();
        var recording = (Recording)await OpenAsync(watch, staging, plan, first, [], gap, cancel);
        recording.Began(header);
        return recording;
    }

    /// <summary>The moment that time stamps of a capture count from, by the server's clock; null where an old server is
    /// silent.</summary>
    internal static long? ClockZeroOf(PandADataHeader header)
    {
        var text = header.StartTime.Length > 0 ? header.StartTime : header.ArmTime;
        return DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var began)
            ? (began - DateTimeOffset.UnixEpoch).Ticks * 100
            : null;
    }

    private string SessionOf(PandADataHeader header) => $"{settings.Host}:{settings.DataPort}/{header.ArmTime}";

    private async Task<PandARecording> OpenAsync(
        PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan, long first, EquatableArray<SavedSetting> saved, string? gap,
        CancellationToken cancel)
    {
        var path = $"data/{name}.{staging.Segment:0000}.h5";
        List<SegmentAttribute> attributes =
            [new("recorder", name), new("scan_uid", staging.ScanUid), new("first_sample", $"{first}")];
        if (gap is not null)
            attributes.Add(new("gap", gap));
        var spec = new SegmentSpec(Path.Combine(staging.RunFolder, path), plan.Specs, attributes.ToEquatableArray());
        var store = await environment.Stores.CreateAsync(spec, cancel);
        return new Recording(this, watch, store, plan, new Segment(name, staging.Segment, path, plan.Datasets), first, saved);
    }

    /// <summary>Reads the header of the capture under way on a connection of its own, so that nothing is opened for a capture that is not
    /// ours.</summary>
    private async Task<PandADataHeader?> PeekAsync(PandACaptureWatch watch, CapturePlan plan, CancellationToken cancel)
    {
        var connection = await environment.Connector.ConnectStreamAsync(settings.Host, settings.DataPort, cancel);
        using var data = new PandADataClient(connection, plan, watch.TickNs, null, 0, _ => { });
        try
        {
            return await environment.Clock.WithinAsync(data.HeaderRead, HeaderWithinNs, "the header of the capture", cancel);
        }
        catch (IOException)
        {
            // Its fields are not those of this scan: somebody else's capture.
            return null;
        }
    }

    private sealed class Recording : PandARecording
    {
        private const long EndWithinNs = 5_000_000_000;
        private readonly PandAPortCapture _owner;
        private readonly PandACaptureWatch _watch;
        private readonly SampleRecorder _recorder;
        private PandADataClient? _data;

        public Recording(
            PandAPortCapture owner, PandACaptureWatch watch, IFrameStore store, CapturePlan plan, Segment segment, long first,
            EquatableArray<SavedSetting> saved) : base(plan, segment, first, saved)
        {
            (_owner, _watch) = (owner, watch);
            _recorder = new SampleRecorder(store, owner.Clock, owner.MostPendingBytes, watch.Recorded, _ => { });
        }

        public override long Accepted => _recorder.Accepted;

        public override long Recorded => _recorder.Recorded;

        public override string? Fault => _recorder.Fault;

        public override string? Ended =>
            Volatile.Read(ref _data) is { CaptureEnded: { IsCompletedSuccessfully: true } end } ? end.Result.Reason : null;

        /// <remarks>Ok says only that ENABLE fell; a capture of ours ends by being disarmed.</remarks>
        public override string? EndedEarly =>
            Ended is { } reason && PandAEnd.Of(0, reason).Reason != PandAEndReason.Disarmed ? reason : null;

        public void Began(PandADataHeader header) => (Session, ClockZeroNs) = (_owner.SessionOf(header), ClockZeroOf(header));

        public override void WatchFor(long recorded) => _recorder.WatchFor(recorded);

        /// <summary>Opens the data connection; the server then counts us as a reader.</summary>
        /// <remarks>Two connections would each record every sample: the one before, if any, is closed.</remarks>
        public override async Task AttachAsync(CancellationToken cancel)
        {
            Detach();
            var connection = await _owner.ConnectAsync(cancel);
            var data = new PandADataClient(connection, Plan, _watch.TickNs, _recorder, First + _recorder.Accepted, _watch.Lost);
            Volatile.Write(ref _data, data);
            await data.Ready.OrCancelled(cancel);
        }

        public override async Task BegunAsync(CancellationToken cancel) =>
            Began(await _owner.Clock.WithinAsync(_data!.HeaderRead, HeaderWithinNs, "the header of the capture", cancel));

        public override Task FlushAsync(long triggered, CancellationToken cancel) => _recorder.FlushOrFaultAsync().OrCancelled(cancel);

        public override async Task<string?> EndAsync(
            Func<Task<long>> readCaptured, long? triggered, CancellationToken cancel)
        {
            if (_recorder.Fault is { } fault)
                return fault;
            if (_data is not { } data)
                return "the data connection is not open";
            var (sent, reason) = await _owner.Clock.WithinAsync(data.CaptureEnded, EndWithinNs, "the end of the capture", cancel);
            var captured = await readCaptured();
            if (sent != data.Received)
                return $"the box sent {sent} samples and {data.Received} came ({reason})";
            return captured != First + _recorder.Accepted
                ? $"the box captured {captured} samples, {First + _recorder.Accepted} came ({reason})"
                : null;
        }

        public override async Task<long> CloseAsync(CancellationToken cancel)
        {
            Detach();
            if (_recorder.Fault is null)
                return await _recorder.CloseAsync(cancel);
            await _recorder.AbandonAsync();
            return _recorder.Recorded;
        }

        public override void Detach() => Volatile.Read(ref _data)?.Dispose();

        public override Task AbandonAsync()
        {
            Detach();
            return _recorder.AbandonAsync();
        }

        public override Task<long[]> ReadTimesAsync(string path, long position, long count, CancellationToken cancel) =>
            _recorder.ReadIntegersAsync(path, position, count, cancel);

        public override Task<double[]> ReadNumbersAsync(string path, long position, long count, CancellationToken cancel) =>
            _recorder.ReadNumbersAsync(path, position, count, cancel);
    }

    private IClock Clock => environment.Clock;

    private long MostPendingBytes => settings.MostPendingBytes;

    private Task<IConnection> ConnectAsync(CancellationToken cancel) =>
        environment.Connector.ConnectStreamAsync(settings.Host, settings.DataPort, cancel);
}
