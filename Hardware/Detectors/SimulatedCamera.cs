using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Detectors;

/// <summary>How a camera is staged: where its file goes and what it is set to.</summary>
/// <remarks>Folder absolute, RelativePath below it. <b>Units</b> ExposureNs: nanoseconds.</remarks>
internal sealed record CameraStaging(string ScanUid, long Epoch, string Folder, string RelativePath, int Segment, long ExposureNs)
{
    /// <summary>From one frame to the next while its trigger is high; null: a frame on each of its rising edges.</summary>
    public long? FreeRunNs { get; init; }
}

/// <summary>A simulated camera: exposes on rising edges, misses those that come too soon, and writes its own file. Staged to run
/// freely, it takes frame after frame while its trigger is high, by a clock of its own.</summary>
/// <remarks>All members on the world's thread; the file is written apart from it. Staging outlives connections.</remarks>
internal sealed class SimulatedCamera
{
    private readonly CameraSurroundings _around;
    private CameraSession? _session;
    private int _sessions;
    private long _busyUntilNs;
    private bool _isStaging;
    private IBitSignal? _trigger;
    private bool _isRunning;

    public SimulatedCamera(VirtualCameraSettings settings, CameraSurroundings around)
    {
        (Settings, _around) = (settings, around);
        ExposureNs = settings.Detector.MinExposureNs;
    }

    public VirtualCameraSettings Settings { get; }

    /// <summary>Exposure that is set, in nanoseconds.</summary>
    public long ExposureNs { get; private set; }

    /// <summary>When its time stamps begin, nanoseconds since 1970.</summary>
    public long ClockZeroNs => _around.EpochNs;

    /// <summary>Frames in the file that was closed last.</summary>
    public long? LastClosed { get; private set; }

    /// <summary>The session it has; null when it has none.</summary>
    public CameraSession? Session => _session;

    /// <summary>Raised with the session's id and the frames on disk.</summary>
    public event Action<string, long>? Recorded;

    /// <summary>Raised when its file cannot be written.</summary>
    public event Action<string>? Faulted;

    /// <summary>Runs the action on the world's thread.</summary>
    public void OnWorld(Action action) => _around.World.Post(action);

    /// <summary>Exposes on the rising edges of this bit.</summary>
    public void TriggerOn(IBitSignal trigger)
    {
        _trigger = trigger;
        trigger.Changed += value =>
        {
            if (value && _session?.Staging.FreeRunNs is { } periodNs)
                RunFreely(periodNs);
            else if (value)
                Trigger();
        };
    }

    /// <summary>High while it exposes.</summary>
    public CameraPulse Pulse { get; } = new();

    /// <summary>Opens a new session; one that is still open is closed first. Calls back with the exposure set before, or why not.</summary>
    public void Stage(CameraStaging staging, Action<Outcome<long>> done)
    {
        var detector = Settings.Detector;
        if (_isStaging)
            done(new Outcome<long>.Refused("another staging is under way"));
        else if (_session is { } old && staging.Epoch < old.Staging.Epoch)
            done(new Outcome<long>.Refused($"epoch {staging.Epoch} is older than epoch {old.Staging.Epoch}, which staged it"));
        else if (staging.ExposureNs < detector.MinExposureNs || staging.ExposureNs > detector.MaxExposureNs)
            done(new Outcome<long>.Refused(
                $"exposure {staging.ExposureNs} ns; {detector.Name} takes {detector.MinExposureNs} to {detector.MaxExposureNs} ns"));
        else if (staging.FreeRunNs is { } period && (detector.FreeRun is null || period < PeriodNs(staging.ExposureNs)))
            done(new Outcome<long>.Refused(
                $"a frame every {period} ns by itself; with {staging.ExposureNs} ns of exposure {detector.Name} "
                + (detector.FreeRun is null ? "needs a trigger for each" : $"takes one in {PeriodNs(staging.ExposureNs)} ns")));
        else
        {
            _isStaging = true;
            // Whoever staged it last may have died before it could say what it changed.
            var before = _session?.ExposureBeforeNs ?? ExposureNs;
            Unstage(null, _ => Open(staging, before, done));
        }
    }

    /// <summary>Accepts this many more triggers; returns why not.</summary>
    public string? Arm(long frames)
    {
        if (_session is not { } session)
            return "it is not staged: stage it first";
        if (session.Writer.Fault is { } fault)
            return fault;
        if (frames < 1 || session.Acquired + frames > Settings.Detector.MaxFrames)
            return $"{frames} more frames than the {session.Acquired} it has; one staging takes 1 to {Settings.Detector.MaxFrames}";
        session.Remaining = frames;
        return null;
    }

    /// <summary>Accepts no more triggers; those that come count as missed.</summary>
    public void Disarm()
    {
        if (_session is { } session)
            session.Remaining = 0;
    }

    /// <summary>Takes over the session with this id for a newer epoch; false when it is not there. One whose file takes no more frames is
    /// closed, so that others can read back what is in it.</summary>
    public void Adopt(string id, long epoch, Action<bool> done)
    {
        if (_session is not { } session || session.Id != id || epoch < session.Staging.Epoch)
        {
            done(false);
        }
        else if (session.Fault is not null)
        {
            Unstage(null, _ => done(false));
        }
        else
        {
            session.Staging = session.Staging with { Epoch = epoch };
            done(true);
        }
    }

    /// <summary>Stops accepting, lets the exposure under way end, closes the file; calls back with the frames in it.</summary>
    public void Unstage(long? restoreExposureNs, Action<Outcome<long>> done)
    {
        if (restoreExposureNs is { } exposure)
            ExposureNs = exposure;
        if (_session is not { } session)
        {
            done(LastClosed is { } last ? new Outcome<long>.Completed(last) : new Outcome<long>.Refused("it is not staged"));
            return;
        }
        session.Remaining = 0;
        if (!session.Closing.Add(done))
            return;
        // The exposure under way ends before the camera is free again.
        _around.World.At(_busyUntilNs, () => Close(session));
    }

    private long PeriodNs(long exposureNs) => Math.Max(exposureNs + Settings.Detector.DeadTimeNs, Settings.Detector.MinPeriodNs);

    /// <summary>The first frame, once it has seen its gate, and each further one while that is open.</summary>
    private void RunFreely(long periodNs)
    {
        if (_isRunning || Settings.Detector.FreeRun is not { } freeRun)
            return;
        _isRunning = true;
        var session = _session;
        // The worst that its description allows.
        var ownNs = periodNs + periodNs * freeRun.ClockErrorPpm / 1_000_000;
        void Frame()
        {
            _isRunning = _trigger!.Value && _session == session && session!.Remaining > 0;
            if (!_isRunning)
                return;
            Trigger();
            _around.World.At(_around.World.NowNs + ownNs, Frame);
        }
        _around.World.At(_around.World.NowNs + freeRun.StartNs, Frame);
    }

    private void Trigger()
    {
        if (_session is not { } session)
            return;
        var (number, now) = (session.Triggers++, _around.World.NowNs);
        var isMissed = Settings.MissEvery > 0 && session.Triggers % Settings.MissEvery == 0;
        if (isMissed || session.Remaining == 0 || now < _busyUntilNs || session.Writer.Fault is not null)
        {
            session.Miss(number);
            return;
        }
        // What numbers frames and not triggers cannot tell which one it missed.
        if (Settings.Detector.Identity != FrameIdentity.HardwareFrameNumber)
            number = session.Acquired;
        session.Remaining--;
        session.Acquired++;
        _busyUntilNs = now + PeriodNs(ExposureNs);
        Pulse.Set(true);
        _around.World.At(now + ExposureNs, () =>
        {
            Pulse.Set(false);
            if (!session.Writer.TryAdd(number, now))
                session.Overflow(
                    $"the camera's queue of {CameraWriter.QueueFrames} frames is full: the disk is too slow for this frame rate");
        });
    }

    private void Open(CameraStaging staging, long exposureBeforeNs, Action<Outcome<long>> done)
    {
        var path = Path.Combine(staging.Folder, staging.RelativePath);
        var spec = CameraFrames.Spec(
            path, Settings.Detector.Name, Settings.Width, Settings.Height,
            [new SegmentAttribute("scan", staging.ScanUid), new SegmentAttribute("detector", Settings.Detector.Name)]);
        Begin(spec, outcome => _around.World.Post(() =>
        {
            _isStaging = false;
            if (outcome is not Outcome<IFrameStore>.Completed { Value: var store })
            {
                done(outcome.As<long>());
                return;
            }
            ExposureNs = staging.ExposureNs;
            _session = NewSession(staging, exposureBeforeNs, store);
            done(new Outcome<long>.Completed(exposureBeforeNs));
        }));
    }

    private async void Begin(SegmentSpec spec, Action<Outcome<IFrameStore>> done)
    {
        try
        {
            done(new Outcome<IFrameStore>.Completed(await _around.Stores.CreateAsync(spec, CancellationToken.None)));
        }
        catch (IOException error)
        {
            done(new Outcome<IFrameStore>.Failed(error.Message));
        }
    }

    private CameraSession NewSession(CameraStaging staging, long exposureBeforeNs, IFrameStore store)
    {
        var writer = new CameraWriter(store, Settings.ImageBytes, _around.WaitsForWriter, _around.Time);
        var session = new CameraSession($"{Settings.Detector.Name}-{_around.WorldName}-{++_sessions}", staging, writer)
        {
            ExposureBeforeNs = exposureBeforeNs,
        };
        writer.Recorded += frames => _around.World.Post(() => Recorded?.Invoke(session.Id, frames));
        writer.Faulted += reason => _around.World.Post(() => Faulted?.Invoke(reason));
        Run(writer);
        return session;
    }

    /// <summary>What is not the disk's refusal ends the process: a mistake of ours must not look like a camera without frames.</summary>
    private static async void Run(CameraWriter writer) => await writer.RunAsync();

    private async void Close(CameraSession session)
    {
        var closed = await session.Writer.CloseAsync();
        _around.World.Post(() =>
        {
            if (closed is Outcome<long>.Completed { Value: var frames } && frames != session.Acquired)
                closed = new Outcome<long>.Failed(
                    $"{session.Staging.RelativePath} was closed with {frames} frames of {session.Acquired} acquired");
            LastClosed = session.Writer.RecordedFrames;
            if (_session == session)
                _session = null;
            foreach (var done in session.Closing.All)
                done(closed);
        });
    }
}
