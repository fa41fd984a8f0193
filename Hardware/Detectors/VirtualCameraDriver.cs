using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Detectors;

/// <summary>Drives the camera of the virtual beamline, which writes its own file; only counts come here.</summary>
internal sealed class VirtualCameraDriver(LineAddress address, VirtualCameraSettings settings, DeviceEnvironment environment)
    : LineDriver(address, VirtualCameraFactory.KindName, environment), IRecorder
{
    private const string ExposureSetting = "exposure-ns";
    private readonly object _gate = new();
    private string? _session;
    private long _watched;

    public event Action<long>? Recorded;

    /// <summary>The longest that a flush or a close may take: the exposure under way and the disk.</summary>
    private long PatientNs => Address.Allow(settings.Detector.MaxExposureNs) + 2 * LineAddress.MarginNs;

    public void WatchFor(long recorded)
    {
        lock (_gate)
            _watched = recorded;
        // The answer is the notification; a lost connection is told by Lost, and the count is asked for again after it.
        _ = AskAsync("watch-for", [LineText.Number(recorded)], CancellationToken.None);
    }

    public async Task<Outcome<EquatableArray<SavedSetting>>> ReadSettingsAsync(RecorderStaging staging, CancellationToken cancel) =>
        ReadValue<EquatableArray<SavedSetting>>(
            await AskAsync("exposure", [], cancel), words => words.Count == 1 ? [new SavedSetting(ExposureSetting, words[0])] : null);

    public async Task<Outcome<RecorderSession>> StageAsync(RecorderStaging staging, CancellationToken cancel)
    {
        var path = $"data/{Name}.{staging.Segment:0000}.h5";
        string[] words =
        [
            staging.ScanUid, LineText.Number(staging.Epoch), staging.RunFolder, path,
            LineText.Number((long)staging.Segment), LineText.Number(staging.ExposureNs),
            staging.FreeRunNs is { } freeRun ? LineText.Number(freeRun) : "",
        ];
        // Not given up half way: what was staged would stay so.
        var reply = await Link.AskAsync("stage", words, PatientNs, CancellationToken.None);
        if (cancel.IsCancellationRequested && reply is Outcome<EquatableArray<string>>.Completed { Value: [_, var exposure, _] })
        {
            var undone = await Link.AskAsync("unstage", [exposure], PatientNs, CancellationToken.None);
            return undone is Outcome<EquatableArray<string>>.Completed
                ? new Outcome<RecorderSession>.Cancelled()
                : new Outcome<RecorderSession>.Failed($"{Name}: cancelled, but it could not be unstaged: {undone.Problem}");
        }
        return Read(reply, answer => answer.Count != 3 || !LineText.TryLong(answer[2], out var zero)
            ? null
            : SessionOf(answer[0], staging.Segment, path, [new SavedSetting(ExposureSetting, answer[1])]) with { ClockZeroNs = zero });
    }

    public bool WritesHere => false;

    public bool HoldsSession(string session) => false;

    public async Task<Outcome<AdoptedSession?>> AdoptAsync(
        RecorderStaging staging, string session, long alreadyRecorded, CancellationToken cancel)
    {
        var reply = await AskAsync("adopt", [session, LineText.Number(staging.Epoch)], cancel);
        if (reply is not Outcome<EquatableArray<string>>.Completed { Value: var words })
            return reply.As<AdoptedSession?>();
        if (words is ["none"])
            return new Outcome<AdoptedSession?>.Completed(null);
        if (words.Count != 4 || words[0] != "found" || !LineText.TryLong(words[2], out var segment)
            || !LineText.TryLong(words[3], out var zero))
            return new Outcome<AdoptedSession?>.Failed($"{Name}: cannot understand the reply '{string.Join(' ', words)}'");
        return new Outcome<AdoptedSession?>.Completed(new AdoptedSession(
            SessionOf(session, (int)segment, words[1], []) with { ClockZeroNs = zero }, false, 0));
    }

    public async Task<Outcome<RecorderStatus>> ArmAsync(long frames, CancellationToken cancel)
    {
        var armed = await OrCannotWriteAsync(Status(await AskAsync("arm", [LineText.Number(frames)], cancel)), cancel);
        return armed is Outcome<RecorderStatus>.Completed { Value: { CannotWrite: false, Accepting: false } }
            ? new Outcome<RecorderStatus>.Failed($"{Name}: armed, but it accepts no triggers")
            : armed;
    }

    public async Task<Outcome<RecorderStatus>> GetStatusAsync(CancellationToken cancel) => Status(await AskAsync("status", [], cancel));

    public async Task<Outcome<RecorderStatus>> FlushAsync(CancellationToken cancel) =>
        await OrCannotWriteAsync(Status(await Link.AskAsync("flush", [], PatientNs, cancel)), cancel);

    /// <summary>What failed because the camera's file takes no more frames is answered by its status, which says so.</summary>
    private async Task<Outcome<RecorderStatus>> OrCannotWriteAsync(Outcome<RecorderStatus> outcome, CancellationToken cancel)
    {
        if (outcome is not (Outcome<RecorderStatus>.Failed or Outcome<RecorderStatus>.Refused))
            return outcome;
        var status = await GetStatusAsync(cancel);
        return status is Outcome<RecorderStatus>.Completed { Value.CannotWrite: true } ? status : outcome;
    }

    public async Task<Outcome<long>> UnstageAsync(EquatableArray<SavedSetting> restore, CancellationToken cancel)
    {
        var exposure = restore.FirstOrDefault(s => s.Name == ExposureSetting)?.Value ?? "";
        var reply = await Link.AskAsync("unstage", [exposure], PatientNs, cancel);
        var closed = ReadValue<long>(reply, words => words.Count == 1 && LineText.TryLong(words[0], out var frames) ? frames : null);
        if (closed is Outcome<long>.Completed)
            Remember(null);
        return closed;
    }

    public override async Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel)
    {
        var disarmed = Status(await AskAsync("disarm", [], cancel));
        return disarmed is Outcome<RecorderStatus>.Completed { Value.Accepting: true }
            ? new Outcome<Nothing>.Failed($"{Name}: still accepts triggers after it was disarmed")
            : WithoutValue(disarmed);
    }

    protected override void Connected()
    {
        long watched;
        lock (_gate)
            watched = _session is null ? 0 : _watched;
        if (watched > 0)
            WatchFor(watched);
    }

    protected override void Notified(LineNotification notification)
    {
        if (notification.Topic != "recorded" || notification.Values.Count != 2
            || !LineText.TryLong(notification.Values[1], out var frames))
            return;
        lock (_gate)
            if (notification.Values[0] != _session)
                return;
        Recorded?.Invoke(frames);
    }

    private RecorderSession SessionOf(string session, int number, string path, EquatableArray<SavedSetting> restore)
    {
        Remember(session);
        return new RecorderSession(
            session, new Segment(Name, number, path, CameraFrames.Datasets(Name, settings.Width, settings.Height)), restore);
    }

    private void Remember(string? session)
    {
        lock (_gate)
            (_session, _watched) = (session, 0);
    }

    private Outcome<RecorderStatus> Status(Outcome<EquatableArray<string>> reply) => Read(reply, ReadStatus);

    private static RecorderStatus? ReadStatus(EquatableArray<string> words)
    {
        if (words.Count != 7 || !LineText.TryLong(words[2], out var acquired) || !LineText.TryLong(words[3], out var recorded))
            return null;
        List<FrameRange> missed = [];
        foreach (var range in words[6].Split(',', StringSplitOptions.RemoveEmptyEntries))
        {
            if (range.Split('-') is not [var first, var end]
                || !LineText.TryLong(first, out var from) || !LineText.TryLong(end, out var to))
                return null;
            missed.Add(new FrameRange(from, to));
        }
        return new RecorderStatus(
            words[0].Length == 0 ? null : words[0], words[1] == "1", acquired, recorded, [.. missed], words[4] == "1",
            words[5].Length == 0 ? null : words[5])
        {
            // The simulated camera has no other faults.
            CannotWrite = words[5].Length > 0,
        };
    }
}
