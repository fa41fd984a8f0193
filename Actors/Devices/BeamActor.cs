using Akka.Actor;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Devices;

/// <summary>Reads the beam signal once a second and tells whoever asked. Watches only; it stops no scan.</summary>
public sealed class BeamActor : ReceiveActor, IWithTimers
{
    private readonly IActorRef _listener;
    private readonly IBeamMonitor _beam;
    private bool _reading;

    public BeamActor(IBeamMonitor beam, IActorRef listener)
    {
        _beam = beam;
        _listener = listener;
        Receive<ReadDue>(_ => Read());
        Receive<Outcome<BeamReading>>(Tell);
    }

    public ITimerScheduler Timers { get; set; } = null!;

    public static Props Props(IBeamMonitor beam, IActorRef listener) => Akka.Actor.Props.Create(() => new BeamActor(beam, listener));

    protected override void PreStart() =>
        Timers.StartPeriodicTimer("read", ReadDue.Instance, TimeSpan.Zero, TimeSpan.FromSeconds(1));

    private void Read()
    {
        if (_reading)
            return;
        _reading = true;
        _beam.ReadAsync(CancellationToken.None).PipeTo(
            Self, Self, outcome => outcome, thrown => new Outcome<BeamReading>.Failed(thrown.GetBaseException().Message));
    }

    private void Tell(Outcome<BeamReading> outcome)
    {
        _reading = false;
        _listener.Tell(new BeamSeen(outcome));
    }

    private sealed class ReadDue : INoSerializationVerificationNeeded
    {
        public static readonly ReadDue Instance = new();
    }
}

/// <summary>The beam signal as last read.</summary>
public sealed record BeamSeen(Outcome<BeamReading> Reading);
