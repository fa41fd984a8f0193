using Akka.Actor;

namespace Akka.Persistence;

public abstract partial class Eventsourced
{
    private const int LargestBatch = 200;

    private readonly LinkedList<Invocation> _pending = new();
    private List<PersistentEnvelope> _eventBatch = [];
    private List<PersistentEnvelope> _journalBatch = [];
    private int _pendingStashing;
    private long _sequenceNr;
    private bool _writeInProgress;
    private bool _asyncRunning;

    /// <summary>Writes an event, then calls the handler; commands wait until then.</summary>
    public void Persist<TEvent>(TEvent @event, Action<TEvent> handler) => Enqueue([@event!], handler, stashing: true);

    /// <summary>Writes events together, then calls the handler for each; commands wait until then.</summary>
    public void PersistAll<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) =>
        Enqueue([.. events.Select(e => (object)e!)], handler, stashing: true);

    /// <summary>Writes an event, then calls the handler; commands are processed meanwhile.</summary>
    public void PersistAsync<TEvent>(TEvent @event, Action<TEvent> handler) => Enqueue([@event!], handler, stashing: false);

    public void PersistAllAsync<TEvent>(IEnumerable<TEvent> events, Action<TEvent> handler) =>
        Enqueue([.. events.Select(e => (object)e!)], handler, stashing: false);

    /// <summary>Calls the handler when those of all earlier events have been called; nothing is written.</summary>
    public void DeferAsync<TEvent>(TEvent evt, Action<TEvent> handler)
    {
        RefuseWhileRecovering();
        if (_pending.Count == 0)
        {
            handler(evt);
            return;
        }

        _pending.AddLast(new Invocation(payload => handler((TEvent)payload), Stashing: false));
        _eventBatch.Add(new PersistentEnvelope.Deferred(evt!, Cell.RawSender));
    }

    private void Enqueue<TEvent>(object[] events, Action<TEvent> handler, bool stashing)
    {
        RefuseWhileRecovering();
        if (events.Length == 0)
            return;
        var entries = new PersistentEntry[events.Length];
        for (var i = 0; i < events.Length; i++)
        {
            entries[i] = new PersistentEntry(PersistenceId, ++_sequenceNr, events[i], Cell.RawSender);
            _pending.AddLast(new Invocation(payload => handler((TEvent)payload), stashing));
        }

        if (stashing)
            _pendingStashing += events.Length;
        _eventBatch.Add(new PersistentEnvelope.AtomicWrite(entries));
    }

    private void RefuseWhileRecovering()
    {
        if (IsRecovering)
            throw new InvalidOperationException(
                "Cannot persist during replay. Events can be persisted when receiving RecoveryCompleted or later.");
    }

    private void WhileProcessing(Receive receive, object message)
    {
        if (JournalAnswer(message))
            return;
        var failed = true;
        try
        {
            base.AroundReceive(receive, message);
            failed = false;
        }
        finally
        {
            if (!_asyncRunning)
                AfterCommand(failed);
        }
    }

    private void WhilePersisting(object message)
    {
        if (!JournalAnswer(message))
            _internalStash.Stash();
    }

    private void AfterCommand(bool failed)
    {
        FlushBatch();
        if (_pendingStashing > 0)
            _phase = Phase.Persisting;
        else
            Unstash(failed);
    }

    private void Unstash(bool all)
    {
        if (all)
            _internalStash.UnstashAll();
        else
            _internalStash.Unstash();
    }

    private bool JournalAnswer(object message)
    {
        switch (message)
        {
            // An answer to an earlier incarnation is of no concern to this one.
            case JournalMessage.Written written:
                if (written.Instance == _instance)
                {
                    LastSequenceNr = Math.Max(LastSequenceNr, written.Entry.SequenceNr);
                    Handle(written.Entry.Payload);
                }

                return true;
            case JournalMessage.Passed passed:
                if (passed.Instance == _instance)
                    Handle(passed.Payload);
                return true;
            case JournalMessage.Rejected rejected:
                if (rejected.Instance == _instance)
                {
                    LastSequenceNr = Math.Max(LastSequenceNr, rejected.Entry.SequenceNr);
                    AfterWrite(failed: false);
                    OnPersistRejected(rejected.Cause, rejected.Entry.Payload, rejected.Entry.SequenceNr);
                }

                return true;
            case JournalMessage.Failed failed:
                if (failed.Instance == _instance)
                    StopAfterFailure(failed);
                return true;
            case JournalMessage.WriteEnded:
                _writeInProgress = false;
                FlushJournalBatch();
                return true;
            case RecoveryTick:
                return true;
            default:
                return false;
        }
    }

    private void StopAfterFailure(JournalMessage.Failed failed)
    {
        AfterWrite(failed: false);
        try
        {
            OnPersistFailure(failed.Cause, failed.Entry.Payload, failed.Entry.SequenceNr);
        }
        finally
        {
            Context.Stop(Self);
        }
    }

    private void Handle(object payload)
    {
        var failed = true;
        try
        {
            try
            {
                _pending.First!.Value.Handler(payload);
            }
            finally
            {
                FlushBatch();
            }

            failed = false;
        }
        finally
        {
            AfterWrite(failed);
        }
    }

    private void AfterWrite(bool failed)
    {
        var invocation = _pending.First!.Value;
        _pending.RemoveFirst();
        if (invocation.Stashing)
            _pendingStashing--;
        if (_phase == Phase.Processing)
        {
            Unstash(failed);
        }
        else if (_pendingStashing == 0)
        {
            _phase = Phase.Processing;
            Unstash(failed);
        }
    }

    private void FlushBatch()
    {
        if (_eventBatch.Count > 0)
        {
            // Batches keep their order; a write that is longer than the largest batch still goes as one.
            foreach (var envelope in _eventBatch)
                _journalBatch.Add(envelope);
            _eventBatch = [];
        }

        FlushJournalBatch();
    }

    private void FlushJournalBatch()
    {
        if (_writeInProgress || _journalBatch.Count == 0)
            return;
        _writeInProgress = true;
        var batch = _journalBatch;
        if (batch.Count > LargestBatch)
        {
            _journalBatch = batch.GetRange(LargestBatch, batch.Count - LargestBatch);
            batch = batch.GetRange(0, LargestBatch);
        }
        else
        {
            _journalBatch = [];
        }

        Journal.Tell(new JournalMessage.Write(batch, Self, _instance), Self);
    }

    private sealed record Invocation(Action<object> Handler, bool Stashing);
}
