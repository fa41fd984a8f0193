using Akka.Actor;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Devices;

/// <summary>What a run's disk must have free.</summary>
/// <remarks><b>Units</b> bytes. Below Floor the scan is held, at Resume and above it goes on.</remarks>
public sealed record DiskLimits(long Floor, long Resume);

/// <summary>How a disk is asked. Free: bytes free for a folder, null where nobody knows. Probe: writes something there and takes it away
/// again; null where that went well, else why not.</summary>
/// <remarks><b>Errors</b> Free: <see cref="FileNotFoundException"/> with a text for people where a file is gone that must be
/// there.</remarks>
public sealed record DiskQuestions(Func<string, Task<long?>> Free, Func<string, Task<string?>> Probe);

/// <summary>Looks once a second at the room on the disk that a run is written to, and tells the scan when it runs out and when there is
/// some again.</summary>
/// <remarks>A file system that does not answer for <see cref="Patience"/> counts as full. After a failed write there is room
/// only once a probe could be written. Supervision: a restart looks anew.</remarks>
public sealed class DiskActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>How long the file system may take to say what is free.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string _folder;
    private readonly DiskLimits _limits;
    private readonly Func<string, Task<long?>> _free;
    private readonly Func<string, Task<string?>> _probe;
    private readonly TimeProvider _time;
    private bool _mustProbe;
    private IActorRef _supervisor = ActorRefs.Nobody;
    private bool? _isGood;
    private long? _askedNs;

    public DiskActor(string folder, DiskLimits limits, DiskQuestions questions, TimeProvider time)
    {
        (_folder, _limits, _free, _probe, _time) = (folder, limits, questions.Free, questions.Probe, time);
        Receive<DeviceOrder>(Watch);
        Receive<LookDue>(_ => Look());
        Receive<Seen>(Judge);
        Receive<Probed>(Judge);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(string folder, DiskLimits limits, DiskQuestions questions, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new DiskActor(folder, limits, questions, time));

    private void Watch(DeviceOrder order)
    {
        _mustProbe = order.Effect switch
        {
            ScanEffect.WatchDisk => false,
            ScanEffect.ProbeDisk => true,
            _ => throw new ArgumentException($"a disk cannot carry out {order.Effect}."),
        };
        // A scan that has seen a write fail holds already.
        (_supervisor, _isGood) = (Sender, _mustProbe ? false : null);
        if (_mustProbe && Timers.IsTimerActive("look"))
            return;
        Timers.StartPeriodicTimer("look", LookDue.Instance, TimeSpan.Zero, Period);
    }

    private void Look()
    {
        var now = _time.NowNs();
        if (_askedNs is long asked)
        {
            if (now - asked >= Patience.Ticks * 100)
                Report(false, $"the file system of {_folder} has not answered for {Patience.TotalSeconds:0} s");
            return;
        }
        _askedNs = now;
        _free(_folder).PipeTo(Self, Self, free => new Seen(free, null), thrown => new Seen(null, thrown.GetBaseException() switch
        {
            FileNotFoundException gone => gone.Message,
            var cause => $"{_folder} cannot be asked for its room: {cause.Message}",
        }));
    }

    private void Judge(Seen seen)
    {
        _askedNs = null;
        if (seen.Problem is string problem)
            Report(false, problem);
        // A system that does not say what is free cannot be watched.
        else if (seen.Free is not long free)
            Report(true, "");
        else if (free < (_isGood == false ? _limits.Resume : _limits.Floor))
            Report(false, FormattableString.Invariant(
                $"{free / 1e6:0} MB are free on the disk of {_folder}, {_limits.Resume / 1e6:0} MB are needed to go on"));
        else if (_mustProbe)
            Probe();
        else
            Report(true, "");
    }

    private void Probe()
    {
        _askedNs = _time.NowNs();
        _probe(_folder).PipeTo(Self, Self, problem => new Probed(problem), thrown => new Probed(thrown.GetBaseException().Message));
    }

    private void Judge(Probed probed)
    {
        _askedNs = null;
        if (probed.Problem is not null)
            return;
        _mustProbe = false;
        Report(true, "");
    }

    private void Report(bool isGood, string reason)
    {
        if (_isGood == isGood)
            return;
        _isGood = isGood;
        _supervisor.Tell(new ScanCommand.DiskReported(_time.NowNs(), isGood, reason));
    }

    private sealed class LookDue : INoSerializationVerificationNeeded
    {
        public static readonly LookDue Instance = new();
    }

    private sealed record Probed(string? Problem) : INoSerializationVerificationNeeded;

    private sealed record Seen(long? Free, string? Problem) : INoSerializationVerificationNeeded;
}
