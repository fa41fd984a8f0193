using Akka.Actor;
using Flyscan.Engine.Time;

namespace Akka.Persistence;

public abstract partial class Eventsourced
{
    private Phase _phase = Phase.LoadingSnapshot;
    private ScheduledItem? _recoveryTimeout;
    private Recovery _recovery = Recovery.Default;
    private bool _progress;

    private enum Phase
    {
        LoadingSnapshot,
        Replaying,
        Processing,
        Persisting,
    }

    private void StartRecovery()
    {
        _recovery = Recovery;
        _ = Journal;
        _phase = Phase.LoadingSnapshot;
        SetRecoveryTimeout();
        LoadSnapshot(SnapshotterId, _recovery.FromSnapshot, _recovery.ToSequenceNr);
    }

    private void WhileLoadingSnapshot(object message)
    {
        switch (message)
        {
            case SnapshotMessage.Loaded loaded:
                if (loaded.Offer is { } offer && !TryRecover(offer, () => LastSequenceNr = offer.Metadata.SequenceNr))
                    return;
                _phase = Phase.Replaying;
                Journal.Tell(
                    new JournalMessage.Replay(PersistenceId, LastSequenceNr + 1, _recovery.ToSequenceNr, _recovery.ReplayMax, Self), Self);
                break;
            case SnapshotMessage.LoadFailed failed:
                FailRecovery(failed.Cause, null);
                break;
            case RecoveryTick:
                CheckRecoveryProgress("its snapshot was not loaded");
                break;
            default:
                _internalStash.Stash();
                break;
        }
    }

    private void WhileReplaying(object message)
    {
        switch (message)
        {
            case JournalMessage.Replayed replayed:
                _progress = true;
                TryRecover(replayed.Entry.Payload, () => LastSequenceNr = replayed.Entry.SequenceNr);
                break;
            case JournalMessage.ReplayEnded ended:
                CompleteRecovery(ended.HighestSequenceNr);
                break;
            case JournalMessage.ReplayFailed failed:
                FailRecovery(failed.Cause, null);
                break;
            case RecoveryTick:
                CheckRecoveryProgress("no event was replayed");
                break;
            default:
                _internalStash.Stash();
                break;
        }
    }

    private bool TryRecover(object message, Action advance)
    {
        try
        {
            advance();
            base.AroundReceive(ReceiveRecover, message);
            return true;
        }
        catch (Exception cause)
        {
            FailRecovery(cause, message is SnapshotOffer ? null : message);
            return false;
        }
    }

    private void CompleteRecovery(long highest)
    {
        CancelRecoveryTimeout();
        OnReplaySuccess();
        _sequenceNr = LastSequenceNr = Math.Max(highest, LastSequenceNr);
        _phase = Phase.Processing;
        var failed = true;
        try
        {
            base.AroundReceive(ReceiveRecover, RecoveryCompleted.Instance);
            failed = false;
        }
        finally
        {
            FlushBatch();
            if (_pendingStashing > 0 && !failed)
                _phase = Phase.Persisting;
            _internalStash.UnstashAll();
        }
    }

    private void FailRecovery(Exception cause, object? message)
    {
        CancelRecoveryTimeout();
        try
        {
            OnRecoveryFailure(cause, message!);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    private void CheckRecoveryProgress(string what)
    {
        if (_progress)
        {
            SetRecoveryTimeout();
            return;
        }

        var within = RecoveryEventTimeout;
        FailRecovery(new RecoveryTimedOutException($"Recovery of {PersistenceId} timed out: {what} within {within}"), null);
    }

    private void SetRecoveryTimeout()
    {
        CancelRecoveryTimeout();
        _progress = false;
        _recoveryTimeout = Cell.System.Clockwork.TellOnce(RecoveryEventTimeout, Self, new RecoveryTick(), Self);
    }

    private TimeSpan RecoveryEventTimeout => Extension.RecoveryEventTimeout(JournalPluginId);

    private void CancelRecoveryTimeout() => _recoveryTimeout?.Cancel();

    private sealed class RecoveryTick : INoSerializationVerificationNeeded;
}
