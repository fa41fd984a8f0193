using Akka.Actor;
using Akka.Persistence.Journal;

namespace Akka.Dispatch;

/// <summary>What stands around an actor system in place of the machine.</summary>
internal sealed class SystemSurroundings
{
    /// <summary>Where continuations of the system's own asynchronous operations run.</summary>
    internal DeterministicContext? Context { get; init; }

    /// <summary>No actor of the system has a uid up to this one, so that refs to an earlier life of it fit nobody.</summary>
    internal long UidsAfter { get; init; }

    /// <summary>The reference for a path with another system's address.</summary>
    internal Func<ActorPath, IInternalActorRef>? Remote { get; init; }

    /// <summary>The journal in place of the configured one; given the reading of its event adapters.</summary>
    internal Func<Func<EventAdapters>, Props>? Journal { get; init; }

    /// <summary>The snapshot store in place of the configured one.</summary>
    internal Func<Props>? Snapshots { get; init; }
}
