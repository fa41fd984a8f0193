using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

/// <summary>A plan of outer × inner frames, taken at most a few at a time.</summary>
internal sealed class FakePlan(int outer, int inner, int atMost, long group = 1) : IRunPlan
{
    public long Frames => (long)outer * inner;

    public string Hash => $"{outer}x{inner}/{atMost}";

    public FrameRange NextTake(FrameRange wanted)
    {
        Assert.True(wanted.First % group == 0 && wanted.End % group == 0, $"{wanted} is asked for, no whole groups of {group}");
        var end = ((wanted.First / inner) + 1) * inner;
        return new FrameRange(wanted.First, Math.Min(Math.Min(end, wanted.End), wanted.First + atMost));
    }

    public OuterPoint OuterPointOf(long frame) => new(frame / inner, [new AxisPosition("z", frame / inner)]);

    public TakeProgramme Compile(FrameRange take) => new(
        take,
        new Trajectory
        {
            Controller = "motion",
            Axes = ["x"],
            Start = [0],
            DurationsNs = [1],
            Positions = [1],
            Velocities = [0],
            Live = [true],
        },
        new TriggerProgramme([new TriggerWindow(take.First, true, null, [new PulseTrain((int)take.Count, 1, 2)])]),
        take.Count * 2,
        take.ToString());
}

/// <summary>Hardware that remembers what really happened: which frame each row of each segment holds. It answers effects in any order,
/// goes on when its supervisor dies, and forgets when its power fails.</summary>
internal sealed class FakeHardware(IRunPlan plan, string uid, Seeded random, double missRate, DetectorRates rates)
{
    private readonly List<Func<ScanCommand?>> _pending = [];
    private readonly Dictionary<string, FakeRecorder> _recorders = new[] { "cam", "panda" }.Concat(rates.Rated.Select(r => r.Detector))
        .ToDictionary(name => name, name => new FakeRecorder(name, name == "panda"));
    private readonly Queue<ScanEffect.AskProgress> _asked = new();
    private int _sessions;
    private FrameRange? _loaded;
    private TakeMark _boxMark;
    private TakeMark _motionMark;
    private MotionPhase _motion;
    private bool _enabled;
    private bool _open;
    private long _fired;
    private long _triggered;

    /// <summary>Frames in each (recorder, segment), row by row: the truth that extents are judged by. A recorder with a rate of its own
    /// counts its own, from the scan's first frame on.</summary>
    public Dictionary<(string Recorder, int Segment), List<long>> Files { get; } = [];

    public const string Needed = "as the scan needs it";

    /// <summary>A setting of each recorder that staging changes.</summary>
    public SortedDictionary<string, string> Settings { get; } = new(new[] { "cam", "panda" }.Concat(rates.Rated.Select(r => r.Detector))
        .ToDictionary(name => name, name => $"as the user had {name}"));

    public int Moves { get; private set; }

    public bool HasShutter { get; init; }

    public bool Idle => _pending.Count == 0 && _asked.Count == 0;

    /// <summary>Its clock, in answers about progress.</summary>
    public long NowNs { get; set; }

    /// <summary>The device that stands still: "panda" fires nothing, "motion" moves nothing, "cam" exposes nothing.</summary>
    public string? Stands { get; set; }

    /// <summary>Frames that the camera misses in a take; null where chance decides.</summary>
    public Func<long, bool>? Misses { get; init; }

    /// <summary>The test itself tells of the beam.</summary>
    public bool IsBeamTold { get; set; }

    /// <summary>What the box captured in a column, by segment and row.</summary>
    public Func<string, int, int, double>? Captured { get; set; }

    /// <summary>Hears for how many frames each recorder is armed.</summary>
    public Action<ScanEffect.ArmRecorder>? Armed { get; set; }

    /// <summary>The beam that frames are exposed in; null where no suspender watches it.</summary>
    public FakeBeam? Beam { get; init; }

    /// <summary>When each row of the box's segments was exposed.</summary>
    public IReadOnlyDictionary<int, List<long>> Exposures => ExposuresOf("panda");

    public IReadOnlyDictionary<int, List<long>> ExposuresOf(string recorder) => _recorders[recorder].Times;

    /// <summary>One random answer, or a little progress of the flight.</summary>
    public ScanCommand? Answer()
    {
        Fly();
        if (Beam?.Report(random) is ScanCommand report)
            return report;
        if (_asked.TryDequeue(out var asked))
            return Progress(asked);
        if (_pending.Count == 0)
            return null;
        var i = random.Next(_pending.Count);
        var answer = _pending[i]();
        if (answer is not null)
            _pending.RemoveAt(i);
        return answer;
    }

    /// <summary>The next answer about progress; null when nothing was asked.</summary>
    public ScanCommand? NextProgress() => _asked.TryDequeue(out var asked) ? Progress(asked) : null;

    /// <summary>The supervisor died: nobody hears its answers. What it wrote itself and had not flushed is gone.</summary>
    public void SupervisorDied()
    {
        _pending.Clear();
        _asked.Clear();
        Beam?.Forget();
        _recorders["panda"].WriterDied();
    }

    /// <summary>Everything lost power.</summary>
    public void PowerFailed()
    {
        SupervisorDied();
        foreach (var recorder in _recorders.Values)
            recorder.PowerFailed(random);
        (_loaded, _boxMark, _motionMark, _motion, _enabled, _fired, _triggered) = (null, default, default, MotionPhase.Idle, false, 0, 0);
    }

    /// <summary>A recorder began anew: it can be reached, and knows nothing of its session.</summary>
    public void Forget(string recorder) => _recorders[recorder].PowerFailed(random);

    public void Carry(ScanEffect effect)
    {
        if (effect is ScanEffect.OrderMotion { Order: MotionOrder.Start })
            Assert.True(_open || !HasShutter, "a take began behind a closed shutter");
        // Words about progress are not held up by waits.
        if (effect is ScanEffect.AskProgress ask)
            _asked.Enqueue(ask);
        else
            _pending.Add(Answering(effect));
    }

    private Func<ScanCommand?> Answering(ScanEffect effect) => effect switch
    {
        ScanEffect.ReadSettings e => () => new ScanCommand.SettingsRead(
            0, e.Recorder, Done<EquatableArray<SavedSetting>>([new SavedSetting("mode", Settings[e.Recorder])])),
        ScanEffect.StageRecorder e => () => Stage(e.Recorder),
        ScanEffect.AdoptRecorder e => () => Adopt(e),
        ScanEffect.MoveOuter e => () => new ScanCommand.OuterSettled(0, e.Take, e.Axis, new Outcome<double>.Completed(e.Target)),
        ScanEffect.MoveShutter e => () => Shutter(e.Open),
        ScanEffect.ArmRecorder e => () => Arm(e),
        ScanEffect.OrderMotion e => () => Motion(e),
        ScanEffect.OrderBox e => () => Box(e),
        ScanEffect.ReadEncoders e => () => new ScanCommand.EncodersRead(0, e.Take,
            Done<EquatableArray<AxisPosition>>([new AxisPosition("x", 0)])),
        ScanEffect.CollectRecorder e => () => Collect(e),
        ScanEffect.JudgeExposures e => () => Judge(e),
        ScanEffect.MatchFrames e => () => Match(e),
        ScanEffect.ProbeDisk => () =>
            _recorders.Values.Any(r => r.CannotWrite) ? null : new ScanCommand.DiskReported(0, true, ""),
        ScanEffect.WatchDisk => () => new ScanCommand.DiskReported(0, true, ""),
        ScanEffect.WatchBeam => () => IsBeamTold ? null : Beam!.Watch(),
        ScanEffect.ReadBeam e => () => Beam!.ReadUpTo(e.NotBeforeNs),
        ScanEffect.MakeSafe e => () => MakeSafe(e.Device),
        ScanEffect.UnstageRecorder e => () => Unstage(e),
        ScanEffect.WatchBlocks e => () => new ScanCommand.BlockDue(0, e.Take),
        ScanEffect.Precompile => () => new ScanCommand.BlockDue(0, -1),
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private ScanCommand Shutter(bool open)
    {
        _open = open;
        return new ScanCommand.ShutterMoved(0, open, Done(open ? ShutterPosition.Open : ShutterPosition.Closed));
    }

    private static Outcome<T> Done<T>(T value) => new Outcome<T>.Completed(value);

    private void Fly()
    {
        Beam?.Pass(random.Next(4), random);
        if (Stands is "panda" or "motion" || !_enabled || _motion != MotionPhase.Running || _loaded is not FrameRange frames)
            return;
        for (var n = random.Next(4); n > 0 && _fired < frames.Count; n--)
        {
            foreach (var recorder in _recorders.Values.Where(r => r.Name != Stands))
                Trigger(recorder, frames.First + _fired);
            Beam?.Pass(FakeBeam.FrameNs, random);
            _fired++;
            _triggered++;
        }
        if (_fired < frames.Count)
            return;
        _enabled = false;
        _motion = MotionPhase.Done;
    }

    private void Trigger(FakeRecorder recorder, long frame)
    {
        var rate = rates.Of(recorder.Name);
        if (rate.IsBase)
        {
            recorder.Trigger(frame, recorder.Name == "cam" && CameraMisses(frame), Beam?.NowNs ?? 0);
            return;
        }
        for (var i = 0; i < rate.Multiple && frame % rate.Divide == 0; i++)
            recorder.Trigger(rate.Of(frame) + i, CameraMisses(frame), Beam?.NowNs ?? 0);
    }

    private bool CameraMisses(long frame) => Misses?.Invoke(frame) ?? random.NextDouble() < missRate;

    private ScanCommand Progress(ScanEffect.AskProgress e) => e.Device == "motion"
        ? new ScanCommand.MotionProgress(NowNs, e.Take, Done(
            new MotionStatus(_motion, _motionMark, [new AxisPosition("x", Stands == "motion" ? 0 : NowNs)], null)))
        : new ScanCommand.RecorderProgress(NowNs, e.Take, e.Device, Done(_recorders[e.Device].Status()));

    private ScanCommand Stage(string recorder)
    {
        var (segment, session) = _recorders[recorder].Stage(Files, $"s{++_sessions}");
        if (recorder == "panda")
            _triggered = 0;
        var before = Settings[recorder];
        Settings[recorder] = Needed;
        return new ScanCommand.RecorderStaged(0, recorder, Done(new RecorderSession(session, segment, [new SavedSetting("mode", before)])));
    }

    private ScanCommand Arm(ScanEffect.ArmRecorder e)
    {
        Armed?.Invoke(e);
        return new ScanCommand.RecorderArmed(0, e.Take, e.Recorder, Done(_recorders[e.Recorder].Status()));
    }

    /// <summary>What recorders answer instead of unstaging, as often as it is not null.</summary>
    public Func<string, Outcome<long>?> RefusesToUnstage { get; set; } = _ => null;

    private ScanCommand Unstage(ScanEffect.UnstageRecorder e)
    {
        if (RefusesToUnstage(e.Recorder) is { } refused)
            return new ScanCommand.RecorderUnstaged(0, e.Recorder, refused);
        foreach (var saved in e.Restore)
            Settings[e.Recorder] = saved.Value;
        return new ScanCommand.RecorderUnstaged(0, e.Recorder, Done(_recorders[e.Recorder].Recorded));
    }

    /// <summary>The disk of a recorder: while it is full, its file takes no more frames, and that file never does again.</summary>
    public void DiskOf(string recorder, bool isFull)
    {
        if (_recorders[recorder].CannotWrite && !isFull)
            _recorders[recorder].CloseStuck();
        _recorders[recorder].CannotWrite = isFull;
    }

    private ScanCommand Adopt(ScanEffect.AdoptRecorder e) =>
        new ScanCommand.RecorderAdopted(0, e.Recorder, Done(_recorders[e.Recorder].Adopt(Files, e)));

    private ScanCommand? Motion(ScanEffect.OrderMotion e)
    {
        switch (e.Order)
        {
            case MotionOrder.Load:
                (_motionMark, _motion) = (Marks.Of(uid, e.Take), MotionPhase.Loaded);
                break;
            case MotionOrder.MoveToStart:
                _motion = MotionPhase.AtStart;
                break;
            case MotionOrder.Start:
                Assert.Equal(MotionPhase.AtStart, _motion);
                Assert.True(_enabled, "motion started before the box was enabled");
                _motion = MotionPhase.Running;
                Moves++;
                break;
            case MotionOrder.Await when _motion == MotionPhase.Running:
                return null;
            case MotionOrder.Stop:
                _motion = _motion == MotionPhase.Running ? MotionPhase.Stopped : _motion;
                break;
        }
        var status = new MotionStatus(_motion, _motionMark, [new AxisPosition("x", 0)], null);
        return new ScanCommand.MotionAnswered(0, e.Take, e.Order, Done(status));
    }

    private ScanCommand? Box(ScanEffect.OrderBox e)
    {
        switch (e.Order)
        {
            case BoxOrder.Load:
                Assert.False(_enabled, "a table was written under a running sequence");
                (_boxMark, _loaded, _fired) = (Marks.Of(uid, e.Take), plan.Compile(e.Frames).Frames, 0);
                break;
            case BoxOrder.Enable:
                _enabled = true;
                break;
            case BoxOrder.Await when _enabled:
                return null;
            case BoxOrder.Halt:
                _enabled = false;
                break;
        }
        var phase = _enabled ? (_fired > 0 ? BoxPhase.Running : BoxPhase.Waiting) : BoxPhase.Idle;
        return new ScanCommand.BoxAnswered(0, e.Take, e.Order, Done(new BoxStatus(phase, _boxMark, _triggered, null)));
    }

    private ScanCommand? Collect(ScanEffect.CollectRecorder e)
    {
        var recorder = _recorders[e.Recorder];
        recorder.Flush();
        var status = recorder.Status();
        if (e.Final && status.Session is not null && recorder.Recorded < e.Recorded && missRate == 0 && Misses is null && Stands is null)
            return null;
        return new ScanCommand.RecorderCollected(0, e.Take, e.Recorder, e.Final, Done(status));
    }

    private ExposureTimes Times => new(FakeBeam.ExposureNs, rates.Group, FakeBeam.FrameNs);

    private ScanCommand Judge(ScanEffect.JudgeExposures e)
    {
        var (lost, why) = Dim(e);
        foreach (var extent in e.Query.IsOfNoSignal ? [] : e.Extents)
        {
            Assert.Equal(extent.Segment == _recorders["panda"].LiveSegment, extent.Segment == e.LiveSegment);
            var starts = Exposures[extent.Segment].Skip((int)extent.Position).Take((int)extent.Count).ToArray();
            var verdict = e.Query.Judge(new FrameRange(extent.Frame, extent.Frame + extent.Count), starts, Times);
            lost = lost.Union(verdict.Lost);
            if (verdict.ClearTo < extent.Frame + extent.Count)
                return new ScanCommand.ExposuresJudged(0, e.Take, e.Final, Done(verdict with { Lost = lost.Ranges, Why = why }));
        }
        return new ScanCommand.ExposuresJudged(0, e.Take, e.Final, Done(new BeamVerdict(long.MaxValue, lost.Ranges, 0) { Why = why }));
    }

    private (RangeSet Frames, string? Why) Dim(ScanEffect.JudgeExposures e)
    {
        var (dim, why) = (RangeSet.Empty, (string?)null);
        foreach (var (limit, extent) in e.Limits.SelectMany(l => e.Extents.Select(x => (l, x))))
        {
            var frames = new FrameRange(extent.Frame, extent.Frame + extent.Count);
            var values = Enumerable.Range(0, (int)extent.Count)
                .Select(i => Captured!(limit.Column, extent.Segment, (int)extent.Position + i)).ToArray();
            if (limit.Outside(frames, values) is { IsEmpty: false } outside)
                (dim, why) = (dim.Union(outside.Ranges), why ?? limit.Describe(frames, values));
        }
        return (dim, why);
    }

    /// <summary>The camera only counts frames from now on.</summary>
    public void CameraOnlyCounts(string camera = "cam") => _recorders[camera].OnlyCounts = true;

    private ScanCommand Match(ScanEffect.MatchFrames e)
    {
        var triggers = e.Triggers
            .SelectMany(r => Enumerable.Range(0, (int)r.Count)
                .Select(i => new StampedTrigger(r.FirstTrigger + i, Exposures[r.Segment][(int)r.Position + i])))
            .ToList();
        // Its clock is a little off.
        var frames = e.Rows
            .SelectMany(r => Enumerable.Range(0, (int)r.Count)
                .Select(i => new StampedFrame(
                    r.Segment, r.Position + i, _recorders[e.Recorder].Times[r.Segment][(int)r.Position + i] + FakeBeam.FrameNs / 3)))
            .ToList();
        return new ScanCommand.FramesMatched(
            0, e.Take, e.Recorder, e.Final, Done(StampMatch.Of(triggers, frames, e.Rows[0].Session, (FakeBeam.FrameNs - 1) / 2)));
    }

    private ScanCommand MakeSafe(string device)
    {
        if (device == "panda")
            _enabled = false;
        if (device == "shutter")
            _open = false;
        if (device == "motion" && _motion == MotionPhase.Running)
            _motion = MotionPhase.Stopped;
        return new ScanCommand.MadeSafe(0, device, Done(Nothing.Value));
    }
}
