using Akka.Actor;
using Akka.Event;
using Akka.Persistence;
using Flyscan.Actors.Devices;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Scans;

/// <summary>What a supervisor needs beside its journal. All of it can be made again from the first journal event and the
/// beamline file.</summary>
/// <param name="Devices">Actor of each device by name.</param>
/// <param name="Listener">Hears <see cref="ScanJournaled"/> and <see cref="ScanProgress"/>; never waited for.</param>
public sealed record SupervisorSetup(
    string Uid,
    RunSetup Run,
    RunParameters Facts,
    IReadOnlyDictionary<string, IActorRef> Devices,
    IActorRef Listener,
    TimeProvider Time,
    JournalFaults Faults,
    HandoverMeter Meter)
{
    /// <summary>Hears <see cref="JournalFailed"/>; the listener does where there is nobody.</summary>
    public IActorRef? Keeper { get; init; }
}

/// <summary>An event as it stands in the journal.</summary>
public sealed record ScanJournaled(long Sequence, ScanEvent Event);

/// <summary>Where the scan is, after each decision. For people and pages; a slow reader misses some.</summary>
public sealed record ScanProgress(string Uid, ScanState State, ScanStep Step);

/// <summary>One scan: translates messages, asks the decider, journals, carries out effects, answers. Nothing is decided here.</summary>
/// <remarks>Supervision: stopped, never restarted, when its journal fails; a successor (see <see cref="ScanKeeper"/>) recovers from what
/// was acknowledged.</remarks>
public sealed class ScanSupervisor : ReceivePersistentActor, IWithTimers
{
    private const string FlightTimer = "flight";
    private const int TicksPerBlock = 10;
    private const long FlightMarginNs = 1_000_000_000;

    private static readonly TimeSpan FirstLook = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan TickPeriod = TimeSpan.FromTicks(ScanDecider.LookPeriodNs / 100);

    private readonly SupervisorSetup _setup;
    private readonly ILoggingAdapter _log = Context.GetLogger();
    private readonly List<IActorRef> _standing = [];
    private ScanState _state = ScanState.New;
    private ScanWork _work = ScanWork.Fresh;
    private IActorRef? _asker;
    private int _ticks;
    private long _orders;

    public ScanSupervisor(SupervisorSetup setup)
    {
        _setup = setup;
        PersistenceId = $"scan-{setup.Uid}";
        Recover<ScanEvent>(e =>
        {
            _state = _state.Evolve(e);
            Publish(LastSequenceNr, e);
        });
        Command<ScanCommand>(Hear);
        Command<FlightTick>(Hear);
        Command<HeartbeatDue>(_ => KeepLeases());
        Command<TakeCharge>(Hear);
    }

    public override string PersistenceId { get; }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <summary>What the disk's actor is called among the setup's devices.</summary>
    public const string DiskKey = "disk watch";

    /// <summary>What a suspender's actor is called among the setup's devices.</summary>
    public static string SuspenderKey(string suspender) => $"suspender {suspender}";

    public static Props Props(SupervisorSetup setup) => Akka.Actor.Props.Create(() => new ScanSupervisor(setup));

    protected override void PreStart()
    {
        base.PreStart();
        Timers.StartPeriodicTimer(HeartbeatDue.Instance, HeartbeatDue.Instance, _setup.Facts.Lease.Length / 5);
    }

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr)
    {
        _log.Error(
            cause, "The journal does not take {0} of scan {1}; this supervisor stops here", @event.GetType().Name, _setup.Uid);
        var reason = cause.GetBaseException().Message;
        // Who asked for what is not journaled, and who waits for word of it, would hear nothing.
        foreach (var waiting in _asker is null ? _standing : [.. _standing.Where(s => !s.Equals(_asker)), _asker])
            waiting.Tell(new ScanReply.Refused($"the journal does not take writes: {reason}"));
        Fail(reason, JournalEnd.Writing);
        base.OnPersistFailure(cause, @event, sequenceNr);
    }

    protected override void OnRecoveryFailure(Exception reason, object? message = null)
    {
        _log.Error(reason, "The journal of scan {0} cannot be read", _setup.Uid);
        Fail(reason.GetBaseException().Message, message is null ? JournalEnd.Reading : JournalEnd.Damaged);
        base.OnRecoveryFailure(reason, message!);
    }

    private void Fail(string reason, JournalEnd end) =>
        (_setup.Keeper ?? _setup.Listener).Tell(new JournalFailed(_setup.Uid, reason, LastSequenceNr, end));

    private void Hear(TakeCharge charge)
    {
        if (LastSequenceNr < charge.Events)
            Fail(
                $"it has {LastSequenceNr} events of scan {_setup.Uid}, {charge.Events} were written: it is not the same journal",
                JournalEnd.Damaged);
        else
            Hear(_state.Uid is null && charge.Submission is { } submission ? submission : charge.TakeOver);
    }

    private void Hear(FlightTick tick)
    {
        Hear(new ScanCommand.ProgressDue(_setup.Time.NowNs(), tick.Take));
        if (++_ticks % TicksPerBlock == 0)
            Hear(new ScanCommand.BlockDue(_setup.Time.NowNs(), tick.Take));
    }

    private void Hear(ScanCommand command)
    {
        var asker = Sender;
        _asker = command is ScanCommand.PauseScan or ScanCommand.ResumeScan or ScanCommand.SeekScan or ScanCommand.AbortScan ? asker : null;
        if (command is ScanCommand.PauseScan)
            _standing.Add(asker);
        var before = _work.Step;
        var decision = ScanDecider.Decide(_setup.Run, _state, _work, command);
        if (command is ScanCommand.BoxAnswered { Order: BoxOrder.Await } && before is ScanStep.Flying)
            _setup.Meter.HardwareIdle();
        if (before.GetType() != decision.Work.Step.GetType())
            _setup.Meter.WaitEnded();
        if (before is ScanStep.Enabling && command is ScanCommand.BoxAnswered { Order: BoxOrder.Enable })
            _setup.Meter.HardwareEnabled();
        if (decision.Events.Count == 0)
        {
            Settle(decision, asker);
            return;
        }
        _setup.Faults.Before(decision.Events);
        var began = _setup.Meter.Begin();
        var left = decision.Events.Count;
        PersistAll<ScanEvent>(decision.Events, happened =>
        {
            _setup.Faults.After(happened);
            Publish(LastSequenceNr, happened);
            if (--left > 0)
                return;
            _setup.Meter.Journaled(began);
            Settle(decision, asker);
        });
    }

    /// <summary>What was decided is in the journal: now it is so, and is done.</summary>
    private void Settle(Decision decision, IActorRef asker)
    {
        var isNewInCharge = decision.State.Epoch != _state.Epoch;
        _state = decision.State;
        _work = decision.Work;
        if (isNewInCharge)
            KeepLeases();
        if (_work.Step is not ScanStep.Flying)
            Timers.Cancel(FlightTimer);
        if (_work.Step is ScanStep.Ended)
            ReleaseLeases();
        foreach (var effect in decision.Effects)
            Carry(effect);
        if (_work.Step is ScanStep.Preparing or ScanStep.Enabling or ScanStep.AwaitingRecords)
            _setup.Meter.WaitBegan();
        else if (_work.Step is ScanStep.Held or ScanStep.Unstaging or ScanStep.MakingSafe)
            _setup.Meter.Forget();
        // Before any word of where it stands, so that whoever hears that sees why.
        _setup.Listener.Tell(new ScanProgress(_setup.Uid, _state, _work.Step));
        if (decision.Reply is ScanReply reply)
            asker.Tell(reply);
        if (decision.Notice is ScanReply notice)
        {
            foreach (var waiting in _standing)
                waiting.Tell(notice);
            _standing.Clear();
            _setup.Listener.Tell(notice);
        }
    }

    /// <summary>Devices hear that somebody is there for them, and for how long they are needed whatever happens to us.</summary>
    private void KeepLeases()
    {
        if (_state.Uid is null || _work.Step is ScanStep.Ended)
            return;
        var busyNs = _work.Step switch
        {
            ScanStep.Flying s => s.StartNs + FlightNs(s.Programme) - _setup.Time.NowNs(),
            ScanStep.Enabling s => FlightNs(s.Programme),
            ScanStep.Starting s => FlightNs(s.Programme),
            _ => 0,
        };
        foreach (var device in _setup.Run.Devices)
            _setup.Devices[device].Tell(new KeepLease(_state.Epoch, Math.Max(0, busyNs), _setup.Facts.Lease));
    }

    private long FlightNs(Flyscan.Scanning.Planning.TakeProgramme programme) =>
        (long)(programme.DurationNs * _setup.Run.WallPerPlan) + FlightMarginNs;

    private void ReleaseLeases()
    {
        Timers.Cancel(HeartbeatDue.Instance);
        foreach (var device in _setup.Run.Devices)
            _setup.Devices[device].Tell(new ReleaseLease(_state.Epoch));
    }

    private void Carry(ScanEffect effect)
    {
        switch (effect)
        {
            case ScanEffect.WatchBlocks e:
                _ticks = 0;
                Timers.StartPeriodicTimer(FlightTimer, new FlightTick(e.Take), FirstLook, TickPeriod);
                KeepLeases();
                break;
            case ScanEffect.Precompile e:
                _setup.Run.Plan.Compile(e.Frames);
                break;
            default:
                _setup.Devices[DeviceOf(effect)].Tell(new DeviceOrder(_state.Epoch, ++_orders, _setup.Uid, _setup.Facts, effect));
                break;
        }
    }

    private string DeviceOf(ScanEffect effect) => effect switch
    {
        ScanEffect.ReadSettings e => e.Recorder,
        ScanEffect.StageRecorder e => e.Recorder,
        ScanEffect.AdoptRecorder e => e.Recorder,
        ScanEffect.MoveOuter e => e.Axis,
        ScanEffect.MoveShutter e => e.Shutter,
        ScanEffect.ArmRecorder e => e.Recorder,
        ScanEffect.OrderMotion => _setup.Run.Motion!,
        ScanEffect.OrderBox or ScanEffect.ReadEncoders => _setup.Run.Box,
        ScanEffect.CollectRecorder e => e.Recorder,
        ScanEffect.AskProgress e => e.Device,
        ScanEffect.JudgeExposures e => e.Box,
        ScanEffect.MatchFrames e => e.Box,
        ScanEffect.WatchBeam e => SuspenderKey(e.Suspender),
        ScanEffect.ReadBeam e => SuspenderKey(e.Suspender),
        ScanEffect.WatchDisk or ScanEffect.ProbeDisk => DiskKey,
        ScanEffect.MakeSafe e => e.Device,
        ScanEffect.UnstageRecorder e => e.Recorder,
        _ => throw new System.Diagnostics.UnreachableException(),
    };

    private void Publish(long sequence, ScanEvent happened) => _setup.Listener.Tell(new ScanJournaled(sequence, happened));

    private sealed class HeartbeatDue : INoSerializationVerificationNeeded
    {
        public static readonly HeartbeatDue Instance = new();
    }

    private sealed record FlightTick(int Take) : INoSerializationVerificationNeeded;
}
