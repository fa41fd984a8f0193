using Akka.Actor;

namespace Akka.Persistence;

/// <summary>One event with its place in the journal.</summary>
internal sealed record PersistentEntry(string PersistenceId, long SequenceNr, object Payload, IActorRef? Sender);

/// <summary>Something that waits for its turn in the journal.</summary>
internal abstract record PersistentEnvelope
{
    /// <summary>Events that are written together or not at all.</summary>
    internal sealed record AtomicWrite(IReadOnlyList<PersistentEntry> Entries) : PersistentEnvelope;

    /// <summary>A deferred handler's argument, which only passes through.</summary>
    internal sealed record Deferred(object Payload, IActorRef? Sender) : PersistentEnvelope;
}

/// <summary>What persistent actors and journals say to each other.</summary>
internal abstract record JournalMessage : INoSerializationVerificationNeeded
{
    internal sealed record Write(IReadOnlyList<PersistentEnvelope> Batch, IActorRef Actor, long Instance) : JournalMessage;

    internal sealed record WriteEnded : JournalMessage
    {
        internal static readonly WriteEnded Instance = new();
    }

    internal sealed record Written(PersistentEntry Entry, long Instance) : JournalMessage;

    internal sealed record Rejected(PersistentEntry Entry, Exception Cause, long Instance) : JournalMessage;

    internal sealed record Failed(PersistentEntry Entry, Exception Cause, long Instance) : JournalMessage;

    internal sealed record Passed(object Payload, long Instance) : JournalMessage;

    internal sealed record Replay(string PersistenceId, long From, long To, long Max, IActorRef Actor) : JournalMessage;

    internal sealed record Replayed(PersistentEntry Entry) : JournalMessage;

    internal sealed record ReplayEnded(long HighestSequenceNr) : JournalMessage;

    internal sealed record ReplayFailed(Exception Cause) : JournalMessage;

    internal sealed record Delete(string PersistenceId, long To, IActorRef Actor) : JournalMessage;
}

/// <summary>What persistent actors and snapshot stores say to each other.</summary>
internal abstract record SnapshotMessage : INoSerializationVerificationNeeded
{
    internal sealed record Load(string PersistenceId, SnapshotSelectionCriteria Criteria) : SnapshotMessage;

    internal sealed record Loaded(SnapshotOffer? Offer) : SnapshotMessage;

    internal sealed record LoadFailed(Exception Cause) : SnapshotMessage;

    internal sealed record Save(SnapshotMetadata Metadata, object Snapshot) : SnapshotMessage;

    internal sealed record DeleteOne(SnapshotMetadata Metadata) : SnapshotMessage;

    internal sealed record DeleteMany(string PersistenceId, SnapshotSelectionCriteria Criteria) : SnapshotMessage;

    /// <summary>The answer where a snapshot could not be deleted.</summary>
    internal sealed record DeleteFailed(object Request, Exception Cause) : SnapshotMessage;
}

/// <summary>Where a journal keeps its events. Calls come from one actor, one at a time.</summary>
internal interface IJournalStore : IDisposable
{
    /// <summary>Writes all in one transaction; each write's own exception where it was refused before anything was stored.</summary>
    IReadOnlyList<Exception?> Write(IReadOnlyList<PersistentEnvelope.AtomicWrite> writes);

    long HighestSequenceNr(string persistenceId);

    /// <summary>The next events; an adapter may drop some, so <paramref name="last"/> is the last row read, 0 where there
    /// is none.</summary>
    IReadOnlyList<PersistentEntry> Read(string persistenceId, long from, long to, int max, out long last);

    void Delete(string persistenceId, long to);
}

/// <summary>Where snapshots are kept.</summary>
internal interface ISnapshotBackend : IDisposable
{
    SnapshotOffer? Load(string persistenceId, SnapshotSelectionCriteria criteria);

    SnapshotMetadata Save(SnapshotMetadata metadata, object snapshot);

    void Delete(string persistenceId, SnapshotSelectionCriteria criteria);
}
