using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Scans;

/// <summary>A supervisor stopped because its journal did. The scan stands where its last acknowledged event left it.</summary>
/// <param name="Events">How many events the supervisor knew to be in the journal.</param>
/// <param name="End">What it was about.</param>
public sealed record JournalFailed(string Uid, string Reason, long Events = 0, JournalEnd End = JournalEnd.Writing);

/// <summary>What a journal failed at. Damaged: it answers, and what it says cannot be used, so that waiting does not help.</summary>
public enum JournalEnd
{
    Writing,
    Reading,
    Damaged,
}

/// <summary>The journal takes no writes; nothing is begun until <see cref="JournalBack"/>. For people.</summary>
public sealed record JournalAway(string Uid, string Reason);

/// <summary>The journal takes writes again, and a successor is in charge.</summary>
public sealed record JournalBack(string Uid);

/// <summary>To a supervisor that has recovered: go on with the scan, or begin it where its beginning was never journaled.</summary>
/// <param name="Events">Acknowledged by this journal before: one that has fewer is another.</param>
public sealed record TakeCharge(ScanCommand.SubmitScan? Submission, ScanCommand.TakeOver TakeOver, long Events);

/// <summary>What a scan's keeper needs.</summary>
/// <param name="SetupOf">Makes what the supervisor of an epoch needs.</param>
/// <param name="Listener">Hears <see cref="JournalAway"/>, <see cref="JournalBack"/> and, where waiting does not help,
/// <see cref="JournalFailed"/>.</param>
/// <param name="Node">How successors call this process.</param>
public sealed record KeeperSetup(
    string Uid, string Beamline, Func<long, SupervisorSetup> SetupOf, IActorRef Listener, TimeProvider Time, string Node);

/// <summary>Keeps a scan supervised while its journal comes and goes: passes commands on, and where the journal refused its supervisor,
/// asks the journal for a new epoch until it grants one, and puts a successor in charge.</summary>
/// <remarks>A take that hardware has is finished meanwhile: that it was handed over is journaled, and what it records is found in the
/// files. No other begins. Devices hear of nobody, so that their leases bring them to their safe state where it lasts.
/// Supervision: a supervisor that stops for its journal's sake is replaced by a successor of a new epoch. Whoever stops the keeper stops
/// both.</remarks>
public sealed class ScanKeeper : ReceiveActor, IWithTimers
{
    /// <summary>How long the journal may take to answer before it is asked anew.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(15);

    /// <summary>A journal that takes writes and cannot be read so often will not be read.</summary>
    private const int MostUnread = 5;

    private static readonly TimeSpan ShortestWait = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestWait = TimeSpan.FromSeconds(5);

    private readonly KeeperSetup _setup;
    private readonly long _firstEpoch;
    private IActorRef? _supervisor;
    private IActorRef? _authority;
    private ScanCommand.SubmitScan? _submission;
    private string? _away;
    private bool _isOver;
    private int _unread;
    private long _events;
    private int _children;
    private TimeSpan _wait = ShortestWait;

    public ScanKeeper(KeeperSetup setup, long firstEpoch)
    {
        (_setup, _firstEpoch) = (setup, firstEpoch);
        Receive<ScanCommand>(Hear);
        Receive<JournalFailed>(Failed);
        Receive<Terminated>(Stopped);
        Receive<Authority>(Granted);
        Receive<ProbeDue>(_ => Probe());
        Receive<ProbeOverdue>(_ => GiveUpProbe());
        Receive<ScanReply>(_ => { });
    }

    public ITimerScheduler Timers { get; set; } = null!;

    /// <param name="firstEpoch">Granted by the beamline's authority, which nobody uses any more.</param>
    public static Props Props(KeeperSetup setup, long firstEpoch) => Akka.Actor.Props.Create(() => new ScanKeeper(setup, firstEpoch));

    protected override void PreStart()
    {
        base.PreStart();
        _supervisor = Started(_firstEpoch);
    }

    private IActorRef Started(long epoch) => Context.Watch(Context.ActorOf(
        ScanSupervisor.Props(_setup.SetupOf(epoch) with { Keeper = Self }), $"supervisor-{++_children}"));

    private void Hear(ScanCommand command)
    {
        if (command is ScanCommand.SubmitScan submission)
            _submission = submission;
        if (_supervisor is not null && _away is null)
            _supervisor.Forward(command);
        else
            Sender.Tell(new ScanReply.Refused(
                $"the journal does not take writes ({_away}): what flies is finished, nothing else is begun, and the scan goes on by " +
                "itself when it takes them again"));
    }

    /// <summary>Said by the supervisor before it stops.</summary>
    private void Failed(JournalFailed failed)
    {
        if (!Sender.Equals(_supervisor))
            return;
        _wait = failed.Events > _events ? ShortestWait : Longer(_wait);
        _events = Math.Max(_events, failed.Events);
        _away = failed.Reason;
        _unread = failed.End == JournalEnd.Reading ? _unread + 1 : 0;
        _isOver = failed.End == JournalEnd.Damaged || _unread >= MostUnread;
        _setup.Listener.Tell(_isOver ? failed : new JournalAway(_setup.Uid, failed.Reason));
        // One that was told to take charge of another's journal has not stopped.
        Context.Stop(_supervisor);
    }

    private void Stopped(Terminated stopped)
    {
        if (stopped.ActorRef.Equals(_supervisor))
        {
            _supervisor = null;
            if (_away is null)
                _setup.Listener.Tell(new JournalAway(_setup.Uid, _away = "the supervisor stopped, and did not say why"));
        }
        else if (stopped.ActorRef.Equals(_authority))
            _authority = null;
        else
            return;
        if (_away is not null && !_isOver && _supervisor is null && _authority is null)
            Timers.StartSingleTimer(ProbeDue.Instance, ProbeDue.Instance, _wait);
    }

    /// <summary>An epoch that is granted is a write that the journal took.</summary>
    private void Probe()
    {
        _wait = Longer(_wait);
        _authority = Context.Watch(Context.ActorOf(BeamlineAuthority.Props(_setup.Beamline), $"authority-{++_children}"));
        _authority.Tell(new RequestAuthority(_setup.Uid));
        Timers.StartSingleTimer(ProbeOverdue.Instance, ProbeOverdue.Instance, Patience);
    }

    private void GiveUpProbe()
    {
        if (_authority is not null)
            Context.Stop(_authority);
    }

    private void Granted(Authority granted)
    {
        if (!Sender.Equals(_authority))
            return;
        Timers.Cancel(ProbeOverdue.Instance);
        Context.Unwatch(_authority);
        Context.Stop(_authority);
        (_authority, _away) = (null, null);
        _supervisor = Started(granted.Epoch);
        _supervisor.Tell(new TakeCharge(
            _submission is null ? null : _submission with { AtNs = _setup.Time.NowNs(), Epoch = granted.Epoch },
            new ScanCommand.TakeOver(_setup.Time.NowNs(), granted.Epoch, _setup.Node), _events));
        _setup.Listener.Tell(new JournalBack(_setup.Uid));
    }

    private static TimeSpan Longer(TimeSpan wait) => wait * 2 < LongestWait ? wait * 2 : LongestWait;

    private sealed class ProbeDue : INoSerializationVerificationNeeded
    {
        public static readonly ProbeDue Instance = new();
    }

    private sealed class ProbeOverdue : INoSerializationVerificationNeeded
    {
        public static readonly ProbeOverdue Instance = new();
    }
}
