using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

internal sealed partial class AreaDetectorDriver
{
    private const string Template = "%s%s.h5";

    /// <summary>How far a time may be off what was written before it is somebody else's.</summary>
    private const double TimeTolerance = 0.01;

    /// <summary>What staging would change. What it changed before somebody died is not in it any more, and was told before.</summary>
    public Task<Outcome<EquatableArray<SavedSetting>>> ReadSettingsAsync(RecorderStaging staging, CancellationToken cancel) => InTurnAsync(
        async () =>
        {
            // A folder without a name there is refused by staging, which changes nothing.
            if (_settings.Paths.TheirsOf(Path.Combine(staging.RunFolder, "data")) is not { } theirs)
                return Done<EquatableArray<SavedSetting>>([]);
            var found = new List<SavedSetting>();
            foreach (var setting in SettingsOf(staging, theirs))
            {
                var read = await BeforeAsync(setting, cancel);
                if (read is not Outcome<PvReading>.Completed { Value: var was })
                    return read.As<EquatableArray<SavedSetting>>();
                if (setting.IsChangedFrom(was.Value))
                    found.Add(new SavedSetting(setting.Name, Kept(was.Value)));
            }
            return Done(found.ToEquatableArray());
        },
        cancel);

    public Task<Outcome<RecorderSession>> StageAsync(RecorderStaging staging, CancellationToken cancel) =>
        InTurnAsync(() => StageInTurnAsync(staging, cancel), cancel);

    private async Task<Outcome<RecorderSession>> StageInTurnAsync(RecorderStaging staging, CancellationToken cancel)
    {
        var file = FileOf(staging);
        var folder = Path.Combine(staging.RunFolder, "data");
        if (_settings.Paths.TheirsOf(folder) is not { } theirs)
            return new Outcome<RecorderSession>.Refused(
                $"{Name}: {folder} is not below path-map.ours ({_settings.Paths.Ours}), so that the IOC has no name for it");
        if (_written.Exists(Path.Combine(folder, $"{file}.h5")))
            return new Outcome<RecorderSession>.Refused(
                $"{Name}: {Path.Combine(folder, $"{file}.h5")} exists already, and the plugin would overwrite it without a word");
        var freed = await FreeAsync(folder, cancel);
        if (freed.Problem is not null)
            return freed.As<RecorderSession>();
        var saved = new List<SavedSetting>();
        var set = await SetUpAsync(staging, theirs, saved, cancel);
        // What was begun is not left half done.
        if (set.Problem is null && !cancel.IsCancellationRequested)
        {
            var session = $"{Name}-{staging.ScanUid}-{staging.Segment}";
            (_runFolder, _plannedFrames, _toldMissed, _expected) = (staging.RunFolder, staging.PlannedFrames, 0, null);
            Keep(new AreaDetectorLedger(session, staging.Segment, theirs, file, 0, [], 0, null));
            return Done(SessionOf(saved.ToEquatableArray()));
        }
        var undone = await CloseAsync(CancellationToken.None);
        var restored = await RestoreAsync(saved.ToEquatableArray());
        return (undone.Problem ?? restored.Problem) is { } problem
            ? new Outcome<RecorderSession>.Failed($"{set.Problem ?? "cancelled"}; and it could not be undone: {problem}")
            : set.Problem is null ? new Outcome<RecorderSession>.Cancelled() : set.As<RecorderSession>();
    }

    private RecorderSession SessionOf(EquatableArray<SavedSetting> restore) => new(
        _ledger!.Session,
        new Segment(Name, _ledger.Segment, $"data/{_ledger.File}.h5", AreaDetectorFile.Datasets(Name, _settings)),
        restore);

    /// <summary>Stops a live view, and what a dead process of ours left open. What somebody else writes is left alone.</summary>
    private async Task<Outcome<Nothing>> FreeAsync(string folder, CancellationToken cancel)
    {
        var read = await StateAsync(cancel);
        if (read is not Outcome<AreaDetectorState>.Completed { Value: var state })
            return read.As<Nothing>();
        var isOurs = _settings.Paths.TheirsOf(folder) is { } theirs && AreaDetectorPaths.AreSame(state.Folder, theirs);
        if (state.IsCapturing && !isOurs && _ledger?.File != state.File)
            return new Outcome<Nothing>.Refused(
                $"{Name}: {_settings.Writer} is writing {state.Folder}{state.File} for somebody else; wait, or set Capture to 0");
        var stopped = await StopAcquiringAsync(cancel);
        return stopped.Problem is null && state.IsCapturing ? await CloseAsync(cancel) : stopped;
    }

    /// <summary>The writer first, then the camera; every set-point read back.</summary>
    private async Task<Outcome<Nothing>> SetUpAsync(
        RecorderStaging staging, string theirs, List<SavedSetting> saved, CancellationToken cancel)
    {
        foreach (var setting in SettingsOf(staging, theirs))
        {
            var set = await SetAsync(setting, saved, cancel);
            if (set.Problem is not null)
                return set;
            if (setting.Record != "FilePath"
                || await StateAsync(cancel) is not Outcome<AreaDetectorState>.Completed { Value.FolderExists: false })
                continue;
            return new Outcome<Nothing>.Refused(
                $"{Name}: the IOC has no folder {theirs} (FilePathExists_RBV is 0); mount it there, or say in path-map how it is called");
        }
        return await OpenAsync(cancel);
    }

    private string FileOf(RecorderStaging staging) => $"{Name}.{staging.Segment:0000}";

    /// <summary>All that staging sets, in order.</summary>
    private IEnumerable<Setting> SettingsOf(RecorderStaging staging, string theirs) =>
        WriterSettings(theirs, FileOf(staging)).Concat(CameraSettings(staging));

    private IEnumerable<Setting> WriterSettings(string theirs, string file)
    {
        Setting Of(string record, PvValue value) => new(_writer, _settings.Writer, record, value);
        yield return Of("EnableCallbacks", new PvValue.Integer(1));
        yield return Of("ChunkSizeAuto", new PvValue.Integer(1));
        yield return Of("NumExtraDims", new PvValue.Integer(0));
        // Opened by the first frame: opened before, a size that changed since gives a file without frames and no error.
        yield return Of("LazyOpen", new PvValue.Integer(1));
        yield return Of("SWMRMode", new PvValue.Integer(1));
        yield return Of("XMLFileName", new PvValue.Text(""));
        // The folder is ours: one that the IOC makes would hide that it sees another disk.
        yield return Of("CreateDirectory", new PvValue.Integer(0));
        yield return Of("FilePath", new PvValue.Text(theirs));
        yield return Of("FileName", new PvValue.Text(file));
        yield return Of("FileTemplate", new PvValue.Text(Template));
        yield return Of("AutoIncrement", new PvValue.Integer(1));
        yield return Of("FileNumber", new PvValue.Integer(0));
        yield return Of("FileWriteMode", new PvValue.Text("Stream"));
        yield return Of("NumCapture", new PvValue.Integer(0));
    }

    private IEnumerable<Setting> CameraSettings(RecorderStaging staging)
    {
        Setting Of(string record, PvValue value) => new(_camera, _settings.Camera, record, value);
        yield return Of("ArrayCallbacks", new PvValue.Integer(1));
        yield return Of("WaitForPlugins", new PvValue.Integer(1));
        yield return Of("ImageMode", new PvValue.Text("Multiple"));
        yield return Of("NumImages", new PvValue.Integer(WantedFor(staging.PlannedFrames)));
        foreach (var (record, text) in _settings.TriggerSettings)
            yield return Of(record, new PvValue.Text(text));
        if (_settings.Trigger == AreaDetectorTrigger.Level)
            yield break;
        var exposureNs = staging.ExposureNs;
        yield return Of("AcquireTime", new PvValue.Number(exposureNs / 1e9)) with { Tolerance = TimeTolerance * exposureNs / 1e9 };
        var periodNs = exposureNs + _settings.Detector.DeadTimeNs;
        yield return Of("AcquirePeriod", new PvValue.Number(periodNs / 1e9)) with { Tolerance = TimeTolerance * periodNs / 1e9 };
    }

    /// <summary>Numbers from 0, and the writer waits for its first frame.</summary>
    private async Task<Outcome<Nothing>> OpenAsync(CancellationToken cancel)
    {
        var zeroed = await _camera["ArrayCounter"].PutAndWaitAsync(new PvValue.Integer(0), _settings.ReplyWithinNs, cancel);
        if (zeroed.Problem is not null)
            return zeroed;
        var written = _writer["Capture"].Put(new PvValue.Integer(1));
        if (written.Problem is not null)
            return written;
        var opened = await UntilAsync(s => s is { IsCapturing: true, Captured: 0, Counter: 0 }, _settings.ReplyWithinNs, cancel);
        if (opened is not Outcome<AreaDetectorState>.TimedOut)
            return WithoutValue(opened);
        var now = await StateAsync(cancel);
        return now is Outcome<AreaDetectorState>.Completed { Value: var state }
            ? new Outcome<Nothing>.Failed(
                $"{Name}: {_settings.Writer}Capture was set to 1, and {_settings.ReplyWithinNs / 1e9:0.###} s later Capture_RBV is "
                + $"{(state.IsCapturing ? 1 : 0)}, NumCaptured_RBV {state.Captured}, ArrayCounter_RBV {state.Counter} ({state.WriterSays})")
            : now.As<Nothing>();
    }

    private async Task<Outcome<Nothing>> SetAsync(Setting setting, List<SavedSetting> saved, CancellationToken cancel)
    {
        var channel = setting.Channels[setting.Record];
        var before = await BeforeAsync(setting, cancel);
        if (before is not Outcome<PvReading>.Completed { Value: var was })
            return before.As<Nothing>();
        if (setting.IsChangedFrom(was.Value))
            saved.Add(new SavedSetting(setting.Name, Kept(was.Value)));
        var put = await channel.PutAndWaitAsync(setting.Value, _settings.ReplyWithinNs, cancel);
        if (put.Problem is not null)
            return put;
        var readBack = setting.Channels.GetValueOrDefault($"{setting.Record}_RBV") ?? channel;
        var deadlineNs = Clock.NowNs + _settings.ReplyWithinNs;
        while (true)
        {
            var after = await readBack.GetAsync(_settings.ReplyWithinNs, cancel, setting.Form(readBack));
            if (after is not Outcome<PvReading>.Completed { Value: var reread })
                return after.As<Nothing>();
            var now = Whole(readBack, reread);
            if (setting.Matches(now.Value))
                return Done(Nothing.Value);
            if (Clock.NowNs >= deadlineNs || cancel.IsCancellationRequested)
                return new Outcome<Nothing>.Failed(
                    $"{Name}: {setting.Name} was set to '{setting.Value.AsText()}', and {readBack.Name} is '{now.Value.AsText()}'"
                    + (setting.Record == "AcquirePeriod" ? "; correct dead-time: the detector needs longer between frames" : ""));
            await WaitUntilAsync(Clock.NowNs + LookPeriodNs, cancel);
        }
    }

    private async Task<Outcome<PvReading>> BeforeAsync(Setting setting, CancellationToken cancel)
    {
        var channel = setting.Channels[setting.Record];
        var read = await channel.GetAsync(_settings.ReplyWithinNs, cancel, setting.Form(channel));
        return read is Outcome<PvReading>.Completed { Value: var was } ? Done(Whole(channel, was)) : read;
    }

    private static string Kept(PvValue value) => value switch
    {
        PvValue.Number n => n.Value.ToString("R", CultureInfo.InvariantCulture),
        PvValue.Choice c => c.Index.ToString(CultureInfo.InvariantCulture),
        _ => value.AsText(),
    };

    /// <summary>Puts back what staging changed, the last first.</summary>
    private async Task<Outcome<Nothing>> RestoreAsync(EquatableArray<SavedSetting> restore)
    {
        string? problem = null;
        foreach (var saved in restore.Reverse())
        {
            var channel = saved.Name.StartsWith(_settings.Camera, StringComparison.Ordinal)
                ? _camera.GetValueOrDefault(saved.Name[_settings.Camera.Length..])
                : saved.Name.StartsWith(_settings.Writer, StringComparison.Ordinal)
                    ? _writer.GetValueOrDefault(saved.Name[_settings.Writer.Length..])
                    : null;
            if (channel is null)
                continue;
            var put = await channel.PutAndWaitAsync(ValueOf(saved.Value, channel.Info), _settings.ReplyWithinNs, CancellationToken.None);
            problem ??= put.Problem is null ? null : $"{saved.Name} was not put back to '{saved.Value}': {put.Problem}";
        }
        return problem is null ? Done(Nothing.Value) : new Outcome<Nothing>.Failed($"{Name}: {problem}");
    }

    private static PvValue ValueOf(string saved, PvChannelInfo? info)
    {
        var isNumber = double.TryParse(saved, NumberStyles.Float, CultureInfo.InvariantCulture, out var number);
        return info switch
        {
            { Count: 1, NativeType: "DBF_DOUBLE" or "DBF_FLOAT" or "DBF_LONG" or "DBF_SHORT" } when isNumber => new PvValue.Number(number),
            { NativeType: "DBF_ENUM" } when isNumber => new PvValue.Integer((long)number),
            _ => new PvValue.Text(saved),
        };
    }

    /// <summary>A record and what it is to be. Tolerance: for numbers.</summary>
    private sealed record Setting(Dictionary<string, IPvChannel> Channels, string Prefix, string Record, PvValue Value)
    {
        public double Tolerance { get; init; }

        public string Name => Prefix + Record;

        /// <summary>Whether it is another one than before the scan, at the latest once it is armed.</summary>
        public bool IsChangedFrom(PvValue before) => !Matches(before) || Record == "NumImages";

        public bool Matches(PvValue read) => Value switch
        {
            PvValue.Number n => Math.Abs(read.AsNumber() - n.Value) <= Tolerance,
            PvValue.Integer i => read.AsNumber() == i.Value,
            _ when Record == "FilePath" => AreaDetectorPaths.AreSame(read.AsText(), Value.AsText()),
            _ => read.AsText() == Value.AsText(),
        };

        /// <summary>Choices are told by text where they are set by text.</summary>
        public PvAs Form(IPvChannel channel) =>
            Value is PvValue.Text && channel.Info is { NativeType: "DBF_ENUM" } ? PvAs.Text : PvAs.Native;
    }
}
