using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

internal sealed partial class AreaDetectorDriver
{
    private const int MostMissed = 1000;

    /// <summary>What is kept beside a file while it is written, for a process that takes over.</summary>
    private const string KeptSuffix = AreaDetectorKept.Suffix;

    private bool IsCounted => _settings.Identity == AreaDetectorIdentity.Counted;

    private string PathHere => Path.Combine(_runFolder, "data", $"{_ledger!.File}.h5");

    /// <summary>Says how many frames a take must have given; when they have come, what became of it is decided.</summary>
    public void WatchFor(long recorded)
    {
        lock (_gate)
        {
            if (_ledger is not { Open: { } open } || recorded + _toldMissed <= open.Trigger)
                return;
            _expected = recorded + _toldMissed - open.Trigger;
        }
        // Its end is told by Recorded; what goes wrong is met again, and told, by the flush that follows.
        _ = InTurnAsync(() => DecideAsync(CancellationToken.None), CancellationToken.None);
    }

    /// <summary>Takes over a file that the IOC still writes, with what a former process kept of it.</summary>
    public Task<Outcome<AdoptedSession?>> AdoptAsync(
        RecorderStaging staging, string session, long alreadyRecorded, CancellationToken cancel) => InTurnAsync(
        async () =>
        {
            if (_ledger?.Session != session)
            {
                (_runFolder, _plannedFrames, _toldMissed, _expected) = (staging.RunFolder, staging.PlannedFrames, 0, null);
                _ledger = Kept(session);
            }
            var read = await StateAsync(cancel);
            if (read is not Outcome<AreaDetectorState>.Completed { Value: var state })
                return read.As<AdoptedSession?>();
            if (_ledger is not null && WhyGone(state) is null)
                return Done<AdoptedSession?>(new AdoptedSession(SessionOf([]), false, 0));
            _ledger = null;
            // Who hears that it is gone reads its file back, and closes it where its writer did not: nobody may write it then.
            var folder = _settings.Paths.TheirsOf(Path.Combine(staging.RunFolder, "data"));
            if (!state.IsCapturing || folder is null || !AreaDetectorPaths.AreSame(state.Folder, folder))
                return Done<AdoptedSession?>(null);
            var closed = await CloseAsync(cancel);
            return closed.Problem is null ? Done<AdoptedSession?>(null) : closed.As<AdoptedSession?>();
        },
        cancel);

    public async Task<Outcome<RecorderStatus>> GetStatusAsync(CancellationToken cancel)
    {
        var read = await BridgedAsync(() => StateAsync(cancel), cancel);
        return read is Outcome<AreaDetectorState>.Completed { Value: var state } ? Done(StatusOf(state)) : read.As<RecorderStatus>();
    }

    public Task<Outcome<RecorderStatus>> FlushAsync(CancellationToken cancel) => InTurnAsync(
        async () =>
        {
            var decided = _expected is not null ? await DecideAsync(cancel) : IsCounted ? Done(Nothing.Value) : await SoFarAsync(cancel);
            if (decided.Problem is not null)
                return decided.As<RecorderStatus>();
            if (_ledger is { Rows: > 0 })
                await _written.SyncAsync(PathHere, cancel);
            var read = await StateAsync(cancel);
            return read is Outcome<AreaDetectorState>.Completed { Value: var state } ? Done(Told(state)) : read.As<RecorderStatus>();
        },
        cancel);

    public Task<Outcome<long>> UnstageAsync(EquatableArray<SavedSetting> restore, CancellationToken cancel) => InTurnAsync(
        async () =>
        {
            // Each by itself: a file that was closed must not be closed again because a setting was not put back.
            var closed = _ledger is null
                ? new Outcome<long>.Refused($"{Name}: it is not staged")
                : await BridgedAsync(() => CloseFileAsync(cancel), cancel);
            var restored = await BridgedAsync(() => RestoreAsync(restore), CancellationToken.None);
            return closed is Outcome<long>.Failed || restored.Problem is null ? closed : restored.As<long>();
        },
        cancel, isBridged: false);

    private async Task<Outcome<long>> CloseFileAsync(CancellationToken cancel)
    {
        var stopped = await StopAcquiringAsync(cancel);
        if (stopped.Problem is not null)
            return stopped.As<long>();
        var read = await StateAsync(cancel);
        if (read is not Outcome<AreaDetectorState>.Completed { Value: var state })
            return read.As<long>();
        if (WhyGone(state) is { } gone)
        {
            _ledger = null;
            return new Outcome<long>.Refused($"{Name}: {gone}");
        }
        var decided = await DecideAsync(cancel);
        var closed = decided.Problem is null ? await CloseAsync(cancel) : decided;
        if (closed.Problem is not null)
            return closed.As<long>();
        var (captured, path) = (state.Captured, PathHere);
        var rows = await _written.CountAsync(path, cancel);
        if (rows < captured)
            return new Outcome<long>.Failed($"{Name}: {path} was closed with {rows} frames, and the plugin says that it wrote {captured}");
        // A file that never got a frame does not hold its number by itself.
        if (_written.Exists(path))
            File.Delete(KeptPath);
        _ledger = null;
        return Done(rows);
    }

    /// <summary>Ends the file, by a plain write.</summary>
    private async Task<Outcome<Nothing>> CloseAsync(CancellationToken cancel)
    {
        var written = _writer["Capture"].Put(new PvValue.Integer(0));
        if (written.Problem is not null)
            return written;
        var closed = await UntilAsync(s => !s.IsCapturing, _settings.DrainWithinNs + _settings.ReplyWithinNs, cancel);
        return closed is Outcome<AreaDetectorState>.TimedOut
            ? new Outcome<Nothing>.Failed($"{Name}: {_settings.Writer}Capture was set to 0, and Capture_RBV stays 1")
            : WithoutValue(closed);
    }

    /// <summary>Decides which trigger each frame since the last arming is of: waits for the frames, has them flushed, and reads their
    /// numbers back from the file.</summary>
    private async Task<Outcome<Nothing>> DecideAsync(CancellationToken cancel)
    {
        if (_ledger is not { Open: { } open } ledger)
            return Done(Nothing.Value);
        var drained = await DrainAsync(ledger, open, cancel);
        if (drained is not Outcome<AreaDetectorState>.Completed { Value: var state })
            return drained.As<Nothing>();
        // The session is gone: whoever asked sees that by its status.
        if (WhyGone(state) is not null)
            return Done(Nothing.Value);
        var numbers = await NumbersAsync(ledger, state, cancel);
        if (numbers is not Outcome<EquatableArray<long>>.Completed { Value: var inFile })
            return numbers.As<Nothing>();
        var made = IsCounted ? state.Counter - ledger.Number : inFile.Count;
        // Not told how many triggers came: none, where nothing came of them, else as many as it was armed for.
        var triggers = _expected ?? (made == 0 && inFile.Count == 0 ? ledger.NextTrigger - open.Trigger : open.Frames);
        var due = Math.Max(0, triggers - (ledger.NextTrigger - open.Trigger));
        Keep(ledger.Close(new ClosedArming(due, made, inFile, IsCounted, WhyLost(state, open))));
        lock (_gate)
            _expected = null;
        Recorded?.Invoke(_ledger!.Rows);
        return Done(Nothing.Value);
    }

    /// <summary>Waits until every frame that was triggered is written, or nothing more comes in time.</summary>
    private async Task<Outcome<AreaDetectorState>> DrainAsync(AreaDetectorLedger ledger, OpenArming open, CancellationToken cancel)
    {
        AreaDetectorState? last = null;
        var drained = await UntilAsync(HasAll, _settings.DrainWithinNs, cancel);
        return drained is Outcome<AreaDetectorState>.TimedOut && last is not null ? Done(last) : drained;

        bool HasAll(AreaDetectorState state)
        {
            last = state;
            var wanted = _expected is { } triggers ? triggers - (ledger.NextTrigger - open.Trigger) : 0;
            var made = IsCounted ? state.Counter - ledger.Number : state.Captured - ledger.Rows;
            return WhyGone(state) is not null
                || (made >= wanted && state.Captured - ledger.Rows + state.Dropped - open.Dropped >= made);
        }
    }

    /// <summary>What a detector whose numbers count triggers has so far.</summary>
    private async Task<Outcome<Nothing>> SoFarAsync(CancellationToken cancel)
    {
        if (_ledger is not { Open: { } open } ledger)
            return Done(Nothing.Value);
        var read = await StateAsync(cancel);
        if (read is not Outcome<AreaDetectorState>.Completed { Value: var state } || WhyGone(state) is not null)
            return WithoutValue(read);
        var numbers = await NumbersAsync(ledger, state, cancel);
        if (numbers is Outcome<EquatableArray<long>>.Completed { Value: var inFile })
            Keep(ledger.SoFar(inFile, WhyLost(state, open)));
        return WithoutValue(numbers);
    }

    /// <summary>The driver's numbers of the frames that are not decided, from the file that the IOC writes.</summary>
    private async Task<Outcome<EquatableArray<long>>> NumbersAsync(
        AreaDetectorLedger ledger, AreaDetectorState state, CancellationToken cancel)
    {
        if (state.Captured == ledger.Rows)
            return Done<EquatableArray<long>>([]);
        var flushed = await _writer["FlushNow"].PutAndWaitAsync(
            new PvValue.Integer(1), _settings.ReplyWithinNs + _settings.DrainWithinNs, cancel);
        if (flushed.Problem is not null)
            return flushed.As<EquatableArray<long>>();
        var path = PathHere;
        if (!_written.Exists(path))
            return new Outcome<EquatableArray<long>>.Failed(
                $"{Name}: the IOC says that it wrote {state.Captured} frames to {state.FullFile}, and {path} is not there; does path-map "
                + "say how the IOC's folder is called here?");
        var rows = await _written.CountAsync(path, cancel);
        if (rows < state.Captured)
            return new Outcome<EquatableArray<long>>.Failed(
                $"{Name}: the IOC says that it wrote {state.Captured} frames to {state.FullFile}, and {rows} can be read from {path}");
        var numbers = await _written.NumbersAsync(path, ledger.Rows, state.Captured - ledger.Rows, cancel);
        return Done(numbers.ToEquatableArray());
    }

    /// <summary>Where frames that are not in the file were lost.</summary>
    private string WhyLost(AreaDetectorState state, OpenArming open) => state.Dropped > open.Dropped
        ? $"{_settings.Writer} dropped {state.Dropped - open.Dropped} arrays: its queue was full, as the disk is too slow for this rate "
            + "(DroppedArrays, QueueSize)"
        : $"the driver of {_settings.Camera} gave out no array for them, and {_settings.Writer} dropped none";

    /// <summary>Why the session that was staged is there no more; null while it is.</summary>
    private string? WhyGone(AreaDetectorState state)
    {
        if (_ledger is not { } ledger)
            return "it is not staged";
        if (!AreaDetectorPaths.AreSame(state.Folder, ledger.Folder) || state.File != ledger.File)
            return $"{_settings.Writer} is set to '{state.Folder}{state.File}', and '{ledger.Folder}{ledger.File}' was staged: the IOC "
                + "began anew, or somebody else used it";
        return !state.IsCapturing
            ? $"{_settings.Writer} stopped writing {ledger.Folder}{ledger.File} by itself after {state.Captured} frames "
                + $"({state.WriterSays})"
            : state.Captured < ledger.Rows
                ? $"{_settings.Writer} began {ledger.Folder}{ledger.File} anew: {state.Captured} frames, and it had {ledger.Rows}"
                : null;
    }

    /// <summary>As whoever reconciles hears it, which is what later counts refer to.</summary>
    private RecorderStatus Told(AreaDetectorState state)
    {
        var status = StatusOf(state);
        _toldMissed = _ledger?.Missed.Sum(m => m.Count) ?? 0;
        return status;
    }

    private RecorderStatus StatusOf(AreaDetectorState state)
    {
        if (_ledger is not { } ledger)
            return new RecorderStatus(null, false, 0, 0, [], false, null);
        if (WhyGone(state) is { } gone)
            return new RecorderStatus(null, false, 0, 0, [], false, gone);
        var acquired = ledger.Open is null ? ledger.Rows : Math.Max(ledger.Rows, state.Captured);
        return new RecorderStatus(
            ledger.Session, state.IsAcquiring, acquired, ledger.Rows, [.. ledger.Missed.Take(MostMissed)],
            ledger.Missed.Count > MostMissed, null)
        {
            WhyMissed = ledger.Why,
        };
    }

    private string KeptPath => Path.Combine(_runFolder, "data", $"{_ledger!.File}{KeptSuffix}");

    private void Keep(AreaDetectorLedger ledger)
    {
        lock (_gate)
            _ledger = ledger;
        var temporary = $"{KeptPath}~";
        File.WriteAllBytes(temporary, ledger.ToBytes());
        File.Move(temporary, KeptPath, overwrite: true);
    }

    /// <summary>What a former process kept of a session.</summary>
    private AreaDetectorLedger? Kept(string session)
    {
        var data = Path.Combine(_runFolder, "data");
        return Directory.Exists(data)
            ? Directory.EnumerateFiles(data, $"{Name}.*{KeptSuffix}").Select(f => AreaDetectorLedger.Read(File.ReadAllBytes(f)))
                .FirstOrDefault(l => l?.Session == session)
            : null;
    }
}
