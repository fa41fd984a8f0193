using Akka.Actor;
using Akka.Persistence;

namespace Flyscan.Actors.Scans;

/// <summary>Asks for the right to command the beamline's devices for a scan. Answered with <see cref="AuthorityGranted"/>.</summary>
public sealed record RequestAuthority(string Uid);

/// <summary>The journal's fact that a scan was put in charge; its sequence number is the epoch.</summary>
public sealed record AuthorityGranted(string Uid);

/// <summary>The answer to <see cref="RequestAuthority"/>.</summary>
public sealed record Authority(string Uid, long Epoch);

/// <summary>The one source of epochs of a beamline: each grant outranks all before it, over scans and restarts.</summary>
public sealed class BeamlineAuthority : ReceivePersistentActor
{
    public BeamlineAuthority(string beamline)
    {
        PersistenceId = $"beamline-{beamline}";
        Recover<AuthorityGranted>(_ => { });
        Command<RequestAuthority>(request =>
        {
            var asker = Sender;
            Persist(new AuthorityGranted(request.Uid), granted => asker.Tell(new Authority(granted.Uid, LastSequenceNr)));
        });
    }

    public override string PersistenceId { get; }

    public static Props Props(string beamline) => Akka.Actor.Props.Create(() => new BeamlineAuthority(beamline));
}
