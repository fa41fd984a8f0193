using Akka.Actor;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Devices;

/// <summary>Reads one suspender's signal periodically, and at once when asked up to a time, and reports what it means.</summary>
/// <remarks>A signal that cannot be read counts as lost, and is connected again at the next period. Supervision: a restart begins a new
/// watch, and the scan takes the time between for unwatched.</remarks>
public sealed class SuspenderActor : ReceiveActor, IWithTimers
{
    private readonly Suspender _suspender;
    private readonly IBeamMonitor _monitor;
    private readonly TimeProvider _time;
    private SignalWatch _watch = SignalWatch.New;
    private IActorRef _supervisor = ActorRefs.Nobody;
    private (long Epoch, long Number) _last;
    private long? _wanted;
    private bool _reading;
    private bool _isLost;

    public SuspenderActor(Suspender suspender, IBeamMonitor monitor, TimeProvider time)
    {
        (_suspender, _monitor, _time) = (suspender, monitor, time);
        Receive<DeviceOrder>(Hear);
        Receive<ReadDue>(_ => Read());
        Receive<SignalLost>(_ => _isLost = true);
        Receive<Outcome<BeamReading>>(Report);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(Suspender suspender, IBeamMonitor monitor, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new SuspenderActor(suspender, monitor, time));

    protected override void PreStart()
    {
        var self = Self;
        _monitor.Lost += _ => self.Tell(SignalLost.Instance, ActorRefs.NoSender);
        base.PreStart();
    }

    private void Hear(DeviceOrder order)
    {
        if (!order.IsAfter(_last))
            return;
        _last = (order.Epoch, order.Number);
        switch (order.Effect)
        {
            case ScanEffect.WatchBeam:
                (_supervisor, _watch) = (Sender, SignalWatch.New);
                Timers.StartPeriodicTimer("read", ReadDue.Instance, TimeSpan.Zero, TimeSpan.FromTicks(_suspender.PeriodNs / 100));
                break;
            case ScanEffect.ReadBeam e:
                _wanted = Math.Max(_wanted ?? long.MinValue, e.NotBeforeNs + _suspender.LatencyNs);
                Read();
                break;
            default:
                throw new ArgumentException($"suspender {_suspender.Name} cannot carry out {order.Effect}.");
        }
    }

    private void Read()
    {
        if (_reading || Equals(_supervisor, ActorRefs.Nobody))
            return;
        _reading = true;
        var notBefore = _wanted ?? 0;
        _wanted = null;
        ReadAsync(notBefore).PipeTo(
            Self, Self, outcome => outcome, thrown => new Outcome<BeamReading>.Failed(thrown.GetBaseException().Message));
    }

    private async Task<Outcome<BeamReading>> ReadAsync(long notBefore)
    {
        if (_isLost)
        {
            var connected = await _monitor.ConnectAsync(CancellationToken.None);
            if (connected.Problem is not null)
                return connected.As<BeamReading>();
            _isLost = false;
        }
        return await _monitor.ReadAsync(_watch.KnownToNs ?? 0, notBefore, CancellationToken.None);
    }

    private void Report(Outcome<BeamReading> outcome)
    {
        _reading = false;
        (_watch, var report) = outcome is Outcome<BeamReading>.Completed { Value: var reading }
            ? _watch.Hear(_suspender, reading)
            : _watch.Fail(_suspender, outcome.Problem!);
        _supervisor.Tell(new ScanCommand.BeamReported(_time.NowNs(), _suspender.Name, report));
        if (_wanted is not null && outcome is Outcome<BeamReading>.Completed)
            Read();
    }

    private sealed class ReadDue : INoSerializationVerificationNeeded
    {
        public static readonly ReadDue Instance = new();
    }

    private sealed class SignalLost : INoSerializationVerificationNeeded
    {
        public static readonly SignalLost Instance = new();
    }
}
