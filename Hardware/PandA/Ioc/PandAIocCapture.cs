using System.Text.Json;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>Samples that the IOC takes from the box and writes.</summary>
/// <remarks>
/// A COUNTER block numbers the frames inside the file, so that it says by itself which trigger a row is of, also when its writer has died.
/// The file is the IOC's: it outlives this process, and another one goes on with it. What must be known for that stands beside it.
/// <b>Source</b> PandABlocks-ioc: its writer's records.
/// </remarks>
internal sealed class PandAIocCapture(
    string name, PandAIocSettings settings, IClock clock, IWrittenColumns written, Func<PandAIocControl> connected) : IPandACapture
{
    private const string KeptSuffix = ".staged";
    private const long FileWithinNs = 10_000_000_000;
    private const long PollNs = 10_000_000;

    public bool WritesHere => false;

    public CapturePlan Plan(RecorderStaging staging) => new(
        settings.Box.Encoders, settings.Box.Detectors.Where(d => staging.Detectors.Contains(d.Name)),
        settings.Box.ExposureOuts.Where(o => staging.Detectors.Contains(o.Detector)), settings.FrameCounter);

    public IEnumerable<(string Name, string Value)> Settings(CapturePlan plan)
    {
        // After the first frame it shows 0.
        foreach (var setting in CountProgramme.Staged(settings.FrameCounter, $"{settings.Box.Sequencer}.OUTA", start: -1))
            yield return setting;
        foreach (var detector in settings.Box.Detectors.Where(PandAIocFile.IsDifference))
            yield return ($"{detector.Capture}.OFFSET", "0");
        var control = connected();
        foreach (var (field, _) in plan.Captures)
            if (control.Has($"{field}.DATASET"))
                yield return ($"{field}.DATASET", "");
    }

    /// <summary>Ends a file of this run that is still open.</summary>
    public async Task EndLeftAsync(RecorderStaging staging, CancellationToken cancel)
    {
        var control = connected();
        if (await control.TextAsync("DATA.CAPTURE", cancel) != "1")
            return;
        var folder = await control.TextAsync("DATA.HDF_DIRECTORY", cancel);
        if (!AreaDetectorPaths.AreSame(folder, TheirFolder(staging)))
            throw new IOException(
                $"the IOC writes {await control.TextAsync("DATA.HDF_FULL_FILE_PATH", cancel)}, which is not of this scan: end that capture "
                    + $"first ({settings.Prefix}:DATA:CAPTURE)");
        await control.DoAsync(cancel, PandACommand.Set("*PCAP.DISARM", ""));
        await StopWritingAsync(control, cancel);
    }

    public async Task<PandARecording> OpenAsync(
        PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan, EquatableArray<SavedSetting> saved, CancellationToken cancel)
    {
        var control = connected();
        var file = FileOf(staging.Segment);
        var recording = new Recording(this, watch, staging, plan, saved, $"{settings.Prefix}/{staging.ScanUid}/{file}");
        if (written.Exists(recording.PathHere))
            throw new IOException($"{recording.PathHere} is there already: nothing that was written is written over");
        // Its number is taken from now on, whatever becomes of the file.
        await recording.KeepAsync(cancel);
        await control.DoAsync(
            cancel,
            PandACommand.Set("DATA.CREATE_DIRECTORY", "0"),
            PandACommand.Set("DATA.FLUSH_PERIOD", PandAText.Number(settings.FlushPeriodNs / 1e9)),
            PandACommand.Set("DATA.HDF_DIRECTORY", TheirFolder(staging)), PandACommand.Set("DATA.HDF_FILE_NAME", $"{file}.h5"),
            PandACommand.Set("DATA.CAPTURE_MODE", "FOREVER"), PandACommand.Set("DATA.NUM_CAPTURE", "0"));
        if (await control.TextAsync("DATA.DIRECTORY_EXISTS", cancel) is "0" or "No")
            throw new IOException(
                $"the IOC cannot write into {TheirFolder(staging)} ({await control.TextAsync("DATA.STATUS", cancel)}); does path-map say how "
                    + "the run's folder is called where it runs?");
        await control.DoAsync(cancel, PandACommand.Set("DATA.CAPTURE", "1"));
        return recording;
    }

    public async Task<PandARecording?> FindAsync(
        PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan, string session, long alreadyRecorded, PandARecording? held,
        CancellationToken cancel)
    {
        var control = connected();
        var data = Path.Combine(staging.RunFolder, "data");
        var kept = written.Kept(data, $"{name}.*{KeptSuffix}").Select(k => Kept.Read(k.Content)).FirstOrDefault(k => k?.Session == session);
        if (kept is null || await control.TextAsync("DATA.CAPTURE", cancel) != "1"
            || await control.TextAsync("DATA.HDF_FILE_NAME", cancel) != $"{FileOf(kept.Segment)}.h5"
            || !AreaDetectorPaths.AreSame(await control.TextAsync("DATA.HDF_DIRECTORY", cancel), TheirFolder(staging)))
        {
            if (held?.Session == session)
                ((Recording)held).Forget();
            return null;
        }
        if (held is { Fault: null } && held.Session == session)
            return held;
        if (held is not null)
            await held.AbandonAsync();
        return new Recording(this, watch, staging with { Segment = kept.Segment }, plan, [], session) { Zero = kept.ClockZeroNs };
    }

    private string FileOf(int segment) => $"{name}.{segment:0000}";

    private string TheirFolder(RecorderStaging staging)
    {
        var folder = Path.Combine(staging.RunFolder, "data");
        return settings.Paths.TheirsOf(folder)?.TrimEnd('/', '\\')
            ?? throw new IOException($"the run's folder {folder} is not in path-map.ours ({settings.Paths.Ours}): the IOC does not know it");
    }

    private async Task StopWritingAsync(PandAIocControl control, CancellationToken cancel)
    {
        await control.DoAsync(cancel, PandACommand.Set("DATA.CAPTURE", "0"));
        await UntilAsync(
            async () => await control.TextAsync("DATA.CAPTURE", cancel) == "0", FileWithinNs, $"{settings.Prefix}:DATA:CAPTURE to be 0", cancel);
    }

    private async Task<bool> HoldsAsync(Func<Task<bool>> condition, long withinNs, CancellationToken cancel)
    {
        var deadlineNs = clock.NowNs + withinNs;
        while (!await condition())
        {
            if (clock.NowNs >= deadlineNs)
                return false;
            await clock.SleepAsync(PollNs, cancel);
        }
        return true;
    }

    private async Task UntilAsync(Func<Task<bool>> condition, long withinNs, string what, CancellationToken cancel)
    {
        if (!await HoldsAsync(condition, withinNs, cancel))
            throw new TimeoutException($"waited {withinNs / 1e9:0.#} s for {what}");
    }

    /// <summary>What another process must know of a file that is being written.</summary>
    private sealed record Kept(string Session, int Segment, long? ClockZeroNs)
    {
        /// <summary>Null where it is not that.</summary>
        public static Kept? Read(byte[] content)
        {
            try
            {
                return JsonSerializer.Deserialize<Kept>(content) is { Session: not null } kept ? kept : null;
            }
            catch (JsonException)
            {
                return null;
            }
        }
    }

    /// <summary>A file that the IOC writes.</summary>
    private sealed class Recording : PandARecording
    {
        private readonly PandAIocCapture _owner;
        private readonly PandACaptureWatch _watch;
        private readonly string[] _datasets;
        private readonly List<IDisposable> _followed = [];
        private long _captured;
        private string? _fault;
        private bool _isClosing;

        public Recording(
            PandAIocCapture owner, PandACaptureWatch watch, RecorderStaging staging, CapturePlan plan,
            EquatableArray<SavedSetting> saved, string session)
            : base(plan, new Segment(owner.Name, staging.Segment, $"data/{owner.FileOf(staging.Segment)}.h5", PandAIocFile.Datasets(plan)), 0, saved)
        {
            (_owner, _watch, Session) = (owner, watch, session);
            _datasets = [.. Segment.Datasets.Select(d => d.Path)];
            PathHere = Path.Combine(staging.RunFolder, Segment.Path);
        }

        public string PathHere { get; }

        public long? Zero
        {
            init => ClockZeroNs = value;
        }

        public override long Accepted => Volatile.Read(ref _captured);

        public override long Recorded => Volatile.Read(ref _captured);

        public override string? Fault => _fault;

        public override string? Ended => null;

        public override string? EndedEarly => null;

        private string KeptPath => Path.ChangeExtension(PathHere, KeptSuffix);

        /// <summary>The IOC began anew, or writes another file.</summary>
        public void Forget()
        {
            Detach();
            IsGone = true;
        }

        public Task KeepAsync(CancellationToken cancel) => _owner.KeepAsync(
            KeptPath, JsonSerializer.SerializeToUtf8Bytes(new Kept(Session, Segment.Number, ClockZeroNs)), cancel);

        /// <remarks>The IOC tells of rows as often as it writes them.</remarks>
        public override void WatchFor(long recorded)
        {
        }

        public override Task AttachAsync(CancellationToken cancel)
        {
            Detach();
            Follow("DATA.NUM_CAPTURED", reading =>
            {
                // The writer of another file begins anew: what follows says so.
                var rows = (long)reading.Value.AsNumber();
                if (rows <= Interlocked.Read(ref _captured))
                    return;
                Interlocked.Exchange(ref _captured, rows);
                _watch.Recorded(rows);
            });
            Follow("DATA.CAPTURE", reading =>
            {
                if (!_isClosing && reading.Value.AsText() == "0")
                    _fault ??= $"the IOC stopped writing {Segment.Path}";
            });
            return Task.CompletedTask;
        }

        /// <summary>Waits until the file is there and every dataset in it.</summary>
        public override async Task BegunAsync(CancellationToken cancel)
        {
            ClockZeroNs = (await _owner.Control.ReadingAsync("PCAP.ARM", cancel)).StampNs;
            await KeepAsync(cancel);
            string? missing = null;
            if (await _owner.HoldsAsync(IsThereAsync, FileWithinNs, cancel))
                return;
            throw new IOException(
                $"the IOC did not begin {PathHere} ({missing}; it says: {await _owner.Control.TextAsync("DATA.STATUS", cancel)}); does path-map say "
                    + "how the run's folder is called where it runs?");

            async Task<bool> IsThereAsync()
            {
                if (!_owner.Written.Exists(PathHere))
                {
                    missing = "there is no such file here";
                    return false;
                }
                try
                {
                    await _owner.Written.CountAsync(PathHere, _datasets, cancel);
                    return true;
                }
                catch (IOException notYet)
                {
                    missing = notYet.Message;
                    return false;
                }
            }
        }

        public override async Task FlushAsync(long triggered, CancellationToken cancel)
        {
            if (_fault is null)
                await _owner.HoldsAsync(() => Task.FromResult(Recorded >= triggered || _fault is not null), _owner.LagNs, cancel);
            if (await CountAsync(cancel) > 0)
                await _owner.Written.SyncAsync(PathHere, cancel);
        }

        public override async Task<string?> EndAsync(Func<Task<long>> readCaptured, long? triggered, CancellationToken cancel)
        {
            if (_fault is { } fault)
                return fault;
            // What it was made to capture has to come; else what it says until it says nothing new.
            var (captured, sinceNs) = (-1L, 0L);
            await _owner.HoldsAsync(
                async () =>
                {
                    var now = await readCaptured();
                    if (now != captured)
                        (captured, sinceNs) = (now, _owner.NowNs);
                    return Recorded >= captured && (captured == triggered || _owner.NowNs - sinceNs > _owner.LagNs);
                },
                FileWithinNs, cancel);
            return Recorded == captured ? null : $"the IOC received {captured} samples and wrote {Recorded}";
        }

        public override async Task<long> CloseAsync(CancellationToken cancel)
        {
            if (IsGone)
                return Accepted;
            _isClosing = true;
            try
            {
                if (_fault is null)
                    await _owner.StopWritingAsync(_owner.Control, cancel);
            }
            finally
            {
                Detach();
            }
            var rows = await CountAsync(cancel);
            // A file that never came does not hold its number by itself.
            if (_owner.Written.Exists(PathHere))
                _owner.Written.Forget(KeptPath);
            return rows;
        }

        public override void Detach()
        {
            foreach (var followed in _followed)
                followed.Dispose();
            _followed.Clear();
        }

        public override Task AbandonAsync()
        {
            Detach();
            return Task.CompletedTask;
        }

        public override async Task UndoAsync()
        {
            _isClosing = true;
            Detach();
            // Best effort: why staging failed is what the caller is told.
            try
            {
                await _owner.StopWritingAsync(_owner.Control, CancellationToken.None);
            }
            catch (Exception error) when (error is IOException or TimeoutException)
            {
                return;
            }
        }

        public override async Task<long[]> ReadTimesAsync(string path, long position, long count, CancellationToken cancel) =>
            [.. (await ReadNumbersAsync(path, position, count, cancel)).Select(seconds => (long)Math.Round(seconds * 1e9))];

        public override Task<double[]> ReadNumbersAsync(string path, long position, long count, CancellationToken cancel) =>
            _owner.Written.NumbersAsync(PathHere, path, position, count, cancel);

        /// <summary>Rows that can be read; throws where they are fewer than the IOC says, or not those of the frames.</summary>
        private async Task<long> CountAsync(CancellationToken cancel)
        {
            var said = Recorded;
            var rows = _owner.Written.Exists(PathHere) ? await _owner.Written.CountAsync(PathHere, _datasets, cancel) : 0;
            if (rows < said)
                throw new IOException($"the IOC says that it wrote {said} rows, and {rows} can be read from {PathHere}");
            if (rows == 0)
                return 0;
            var identity = Segment.Datasets.First(d => d.Role == "identity").Path;
            var last = await _owner.Written.NumbersAsync(PathHere, identity, rows - 1, 1, cancel);
            return last[0] == rows - 1
                ? rows
                : throw new IOException($"row {rows - 1} of {PathHere} is of frame {last[0]}: rows are missing, or {identity} counted others");
        }

        private void Follow(string name, Action<PvReading> told)
        {
            if (_owner.Control.Follow(name, told) is { } followed)
                _followed.Add(followed);
        }
    }

    private string Name => name;

    private PandAIocControl Control => connected();

    private long NowNs => clock.NowNs;

    private IWrittenColumns Written => written;

    private long LagNs => 3 * settings.FlushPeriodNs + 2 * settings.StatusWithinNs;

    private Task KeepAsync(string path, byte[] content, CancellationToken cancel) => written.KeepAsync(path, content, cancel);
}
