using Akka.Actor;
using Akka.Dispatch;
using Akka.Event;

namespace Akka.Persistence;

/// <summary>A persistent actor's stash, apart from the one that holds commands back while events are being written.</summary>
public interface IPersistenceStash : IWithUnboundedStash;

/// <summary>An actor whose state is what its events made of it.</summary>
public abstract partial class Eventsourced : ActorBase, IPersistentIdentity, IPersistenceStash, IPersistenceRecovery
{
    /// <summary>What may go back to the mailbox when an incarnation ends: not the journal's answers to it.</summary>
    public static readonly Func<Envelope, bool> UnstashFilterPredicate =
        envelope => envelope.Message is not (JournalMessage.Written or JournalMessage.Replayed);

    private readonly ActorStash _internalStash;
    private readonly long _instance;
    private IActorRef? _journal;
    private IActorRef? _snapshotStore;
    private ILoggingAdapter? _log;

    protected Eventsourced()
    {
        Extension = Persistence.Instance.Apply(Context.System);
        _instance = Extension.NextInstance();
        _internalStash = new ActorStash(Cell);
    }

    public abstract string PersistenceId { get; }

    public virtual Recovery Recovery => Recovery.Default;

    public string JournalPluginId { get; protected set; } = "";

    public string SnapshotPluginId { get; protected set; } = "";

    public IStash Stash { get; set; } = null!;

    public IActorRef Journal => _journal ??= Extension.JournalFor(JournalPluginId);

    public IActorRef SnapshotStore => _snapshotStore ??= Extension.SnapshotStoreFor(SnapshotPluginId);

    public string SnapshotterId => PersistenceId;

    /// <summary>The sequence number of the last event that was replayed or whose handler was called.</summary>
    public long LastSequenceNr { get; private set; }

    public long SnapshotSequenceNr => LastSequenceNr;

    public bool IsRecovering => _phase is Phase.LoadingSnapshot or Phase.Replaying;

    public bool IsRecoveryFinished => !IsRecovering;

    protected PersistenceExtension Extension { get; }

    protected virtual ILoggingAdapter Log => _log ??= Context.GetLogger();

    public void SaveSnapshot(object snapshot) =>
        SnapshotStore.Tell(new SnapshotMessage.Save(new SnapshotMetadata(SnapshotterId, SnapshotSequenceNr), snapshot), Self);

    public void LoadSnapshot(string persistenceId, SnapshotSelectionCriteria criteria, long toSequenceNr) =>
        SnapshotStore.Tell(new SnapshotMessage.Load(persistenceId, criteria.Limit(toSequenceNr)), Self);

    public void DeleteMessages(long toSequenceNr) =>
        Journal.Tell(new JournalMessage.Delete(PersistenceId, toSequenceNr, Self), Self);

    public void DeleteSnapshot(long sequenceNr) =>
        SnapshotStore.Tell(new SnapshotMessage.DeleteOne(new SnapshotMetadata(SnapshotterId, sequenceNr)), Self);

    public void DeleteSnapshots(SnapshotSelectionCriteria criteria) =>
        SnapshotStore.Tell(new SnapshotMessage.DeleteMany(SnapshotterId, criteria), Self);

    public override void AroundPreStart()
    {
        if (string.IsNullOrEmpty(PersistenceId))
            throw new ArgumentNullException(nameof(PersistenceId), $"PersistenceId of {GetType()} is null or empty");
        StartRecovery();
        base.AroundPreStart();
    }

    public override void AroundPreRestart(Exception cause, object message)
    {
        CancelRecoveryTimeout();
        ReturnStash();
        var inner = message switch
        {
            JournalMessage.Written written => written.Entry.Payload,
            JournalMessage.Passed passed => passed.Payload,
            JournalMessage.Replayed replayed => replayed.Entry.Payload,
            _ => message,
        };
        FlushJournalBatch();
        base.AroundPreRestart(cause, inner);
    }

    public override void AroundPostRestart(Exception reason, object message)
    {
        StartRecovery();
        base.AroundPostRestart(reason, message);
    }

    public override void AroundPostStop()
    {
        CancelRecoveryTimeout();
        base.AroundPostStop();
    }

    private protected override void ReturnStash()
    {
        _internalStash.UnstashAll(UnstashFilterPredicate);
        Stash?.UnstashAll(UnstashFilterPredicate);
    }

    protected abstract bool ReceiveRecover(object message);

    protected abstract bool ReceiveCommand(object message);

    protected internal override bool AroundReceive(Receive receive, object message)
    {
        switch (_phase)
        {
            case Phase.LoadingSnapshot:
                WhileLoadingSnapshot(message);
                break;
            case Phase.Replaying:
                WhileReplaying(message);
                break;
            case Phase.Processing:
                WhileProcessing(receive, message);
                break;
            default:
                WhilePersisting(message);
                break;
        }

        return true;
    }

    protected override void Unhandled(object message)
    {
        switch (message)
        {
            case RecoveryCompleted:
                break;
            case SaveSnapshotFailure failure:
                Log.Warning("Failed to SaveSnapshot {0} due to: {1}", failure.Metadata, failure.Cause.Message);
                break;
            case SnapshotMessage.DeleteFailed failure:
                Log.Warning("Failed to delete snapshots of [{0}] due to: {1}", PersistenceId, failure.Cause.Message);
                break;
            case DeleteMessagesFailure failure:
                Log.Warning(
                    "Failed to DeleteMessages ToSequenceNr [{0}] for PersistenceId [{1}] due to: [{2}]",
                    failure.ToSequenceNr,
                    PersistenceId,
                    failure.Cause.Message);
                break;
            default:
                base.Unhandled(message);
                break;
        }
    }

    /// <summary>Called where an event could not be written; the actor is stopped afterwards.</summary>
    protected virtual void OnPersistFailure(Exception cause, object @event, long sequenceNr) => Log.Error(
        cause,
        "Failed to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}].",
        @event.GetType(),
        sequenceNr,
        PersistenceId);

    /// <summary>Called where the journal refused an event, before anything was written; the actor goes on.</summary>
    protected virtual void OnPersistRejected(Exception cause, object @event, long sequenceNr) => Log.Error(
        cause,
        "Rejected to persist event type [{0}] with sequence number [{1}] for persistenceId [{2}] due to [{3}].",
        @event.GetType(),
        sequenceNr,
        PersistenceId,
        cause.Message);

    /// <summary>Called where a recovery failed; the actor is stopped afterwards.</summary>
    protected virtual void OnRecoveryFailure(Exception reason, object message = null!)
    {
        if (message is null)
        {
            Log.Error(
                reason,
                "Persistence failure when replaying events for persistenceId [{0}]. Last known sequence number [{1}]",
                PersistenceId,
                LastSequenceNr);
            return;
        }

        Log.Error(
            reason,
            "Exception in ReceiveRecover when replaying event type [{0}] with sequence number [{1}] for persistenceId [{2}]",
            message.GetType(),
            LastSequenceNr,
            PersistenceId);
    }

    protected virtual void OnReplaySuccess()
    {
    }

    /// <summary>Runs an asynchronous command; other commands wait for its end.</summary>
    protected void RunTask(Func<Task> action)
    {
        if (_asyncRunning)
            throw new NotSupportedException("RunTask calls cannot be nested");
        _asyncRunning = true;
        ActorTaskScheduler.Run(async () =>
        {
            var failed = true;
            try
            {
                await action();
                failed = false;
            }
            finally
            {
                _asyncRunning = false;
                AfterCommand(failed);
            }
        });
    }
}
