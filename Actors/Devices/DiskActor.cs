using Akka.Actor;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Devices;

/// <summary>What a run's disk must have free.</summary>
/// <remarks><b>Units</b> bytes. Below Floor the scan is held, at Resume and above it goes on.</remarks>
public sealed record DiskLimits(long Floor, long Resume);

/// <summary>Looks once a second at the room on the disk that a run is written to, and tells the scan when it runs out and when there is
/// some again.</summary>
/// <remarks>A file system that does not answer for <see cref="Patience"/> counts as full. Supervision: a restart looks anew.</remarks>
public sealed class DiskActor : ReceiveActor, IWithTimers
{
    private static readonly TimeSpan Period = TimeSpan.FromSeconds(1);

    /// <summary>How long the file system may take to say what is free.</summary>
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string _folder;
    private readonly DiskLimits _limits;
    private readonly Func<string, Task<long?>> _free;
    private readonly TimeProvider _time;
    private IActorRef _supervisor = ActorRefs.Nobody;
    private bool? _isGood;
    private long? _askedNs;

    public DiskActor(string folder, DiskLimits limits, Func<string, Task<long?>> free, TimeProvider time)
    {
        (_folder, _limits, _free, _time) = (folder, limits, free, time);
        Receive<DeviceOrder>(Watch);
        Receive<LookDue>(_ => Look());
        Receive<Seen>(Judge);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(string folder, DiskLimits limits, Func<string, Task<long?>> free, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new DiskActor(folder, limits, free, time));

    private void Watch(DeviceOrder order)
    {
        if (order.Effect is not ScanEffect.WatchDisk)
            throw new ArgumentException($"a disk cannot carry out {order.Effect}.");
        (_supervisor, _isGood) = (Sender, null);
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
        _free(_folder).PipeTo(Self, Self, free => new Seen(free, null), thrown => new Seen(null, thrown.GetBaseException().Message));
    }

    private void Judge(Seen seen)
    {
        _askedNs = null;
        if (seen.Problem is string problem)
            Report(false, $"{_folder} cannot be asked for its room: {problem}");
        // A system that does not say what is free cannot be watched.
        else if (seen.Free is not long free)
            Report(true, "");
        else if (free < (_isGood == false ? _limits.Resume : _limits.Floor))
            Report(false, FormattableString.Invariant(
                $"{free / 1e6:0} MB are free on the disk of {_folder}, {_limits.Resume / 1e6:0} MB are needed to go on"));
        else
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

    private sealed record Seen(long? Free, string? Problem) : INoSerializationVerificationNeeded;
}
