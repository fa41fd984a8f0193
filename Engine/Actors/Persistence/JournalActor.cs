using Akka.Actor;

namespace Akka.Persistence;

/// <summary>
/// Serves a journal's requests. Writes that wait in the mailbox are put together into one transaction: the first of them sends a note
/// to the end of the queue, and all that came before the note is written when it arrives.
/// </summary>
internal sealed class JournalActor : UntypedActor
{
    private const int PageSize = 500;
    private const int LargestGroup = 4096;

    private readonly Func<IJournalStore> _open;
    private readonly List<JournalMessage.Write> _waiting = [];
    private IJournalStore? _store;
    private int _waitingEntries;
    private bool _noted;

    public JournalActor(Func<IJournalStore> open) => _open = open;

    private IJournalStore Store => _store ??= _open();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case JournalMessage.Write write:
                Gather(write);
                break;
            case Flush:
                _noted = false;
                WriteWaiting();
                break;
            case JournalMessage.Replay replay:
                WriteWaiting();
                StartReplay(replay);
                break;
            case ReplayPage page:
                ReplayNext(page);
                break;
            case JournalMessage.Delete delete:
                WriteWaiting();
                DeleteTo(delete);
                break;
            default:
                Unhandled(message);
                break;
        }
    }

    protected override void PostStop()
    {
        WriteWaiting();
        _store?.Dispose();
    }

    private void Gather(JournalMessage.Write write)
    {
        _waiting.Add(write);
        _waitingEntries += write.Batch.Count;
        if (_waitingEntries >= LargestGroup)
        {
            WriteWaiting();
        }
        else if (!_noted)
        {
            _noted = true;
            Self.Tell(Flush.Instance, Self);
        }
    }

    private void WriteWaiting()
    {
        if (_waiting.Count == 0)
            return;
        var group = _waiting.ToArray();
        _waiting.Clear();
        _waitingEntries = 0;
        if (group.Length == 1 || !TryWrite(group))
        {
            // One actor's fault must not fail the others of its group: each is tried by itself.
            foreach (var write in group)
                WriteOne(write);
        }
    }

    private bool TryWrite(JournalMessage.Write[] group)
    {
        IReadOnlyList<Exception?> refused;
        try
        {
            refused = Store.Write([.. group.SelectMany(write => write.Batch.OfType<PersistentEnvelope.AtomicWrite>())]);
        }
        catch (Exception)
        {
            return false;
        }

        var next = 0;
        foreach (var write in group)
            next = Answer(write, refused, next);
        return true;
    }

    private void WriteOne(JournalMessage.Write write)
    {
        try
        {
            Answer(write, Store.Write([.. write.Batch.OfType<PersistentEnvelope.AtomicWrite>()]), 0);
        }
        catch (Exception cause)
        {
            write.Actor.Tell(JournalMessage.WriteEnded.Instance, Self);
            foreach (var entry in write.Batch.OfType<PersistentEnvelope.AtomicWrite>().SelectMany(atomic => atomic.Entries))
                write.Actor.Tell(new JournalMessage.Failed(entry, cause, write.Instance), entry.Sender);
        }
    }

    private int Answer(JournalMessage.Write write, IReadOnlyList<Exception?> refused, int next)
    {
        write.Actor.Tell(JournalMessage.WriteEnded.Instance, Self);
        foreach (var envelope in write.Batch)
        {
            if (envelope is PersistentEnvelope.Deferred deferred)
            {
                write.Actor.Tell(new JournalMessage.Passed(deferred.Payload, write.Instance), deferred.Sender);
                continue;
            }

            var cause = refused[next++];
            foreach (var entry in ((PersistentEnvelope.AtomicWrite)envelope).Entries)
            {
                JournalMessage answer = cause is null
                    ? new JournalMessage.Written(entry, write.Instance)
                    : new JournalMessage.Rejected(entry, cause, write.Instance);
                write.Actor.Tell(answer, entry.Sender);
            }
        }

        return next;
    }

    private void StartReplay(JournalMessage.Replay replay)
    {
        try
        {
            var highest = Store.HighestSequenceNr(replay.PersistenceId);
            var to = Math.Min(replay.To, highest);
            ReplayNext(new ReplayPage(replay, replay.From, to, replay.Max, highest));
        }
        catch (Exception cause)
        {
            replay.Actor.Tell(new JournalMessage.ReplayFailed(cause), Self);
        }
    }

    private void ReplayNext(ReplayPage page)
    {
        try
        {
            var last = 0L;
            var entries = page.From <= page.To && page.Left > 0
                ? Store.Read(page.Request.PersistenceId, page.From, page.To, (int)Math.Min(PageSize, page.Left), out last)
                : [];
            foreach (var entry in entries)
                page.Request.Actor.Tell(new JournalMessage.Replayed(entry), ActorRefs.NoSender);
            if (last == 0)
                page.Request.Actor.Tell(new JournalMessage.ReplayEnded(page.Highest), Self);
            else
                Self.Tell(page with { From = last + 1, Left = page.Left - entries.Count }, Self);
        }
        catch (Exception cause)
        {
            page.Request.Actor.Tell(new JournalMessage.ReplayFailed(cause), Self);
        }
    }

    private void DeleteTo(JournalMessage.Delete delete)
    {
        object answer;
        try
        {
            Store.Delete(delete.PersistenceId, delete.To);
            answer = new DeleteMessagesSuccess(delete.To);
        }
        catch (Exception cause)
        {
            answer = new DeleteMessagesFailure(cause, delete.To);
        }

        delete.Actor.Tell(answer, Self);
    }

    private sealed class Flush
    {
        internal static readonly Flush Instance = new();
    }

    private sealed record ReplayPage(JournalMessage.Replay Request, long From, long To, long Left, long Highest);
}

/// <summary>Serves a snapshot store's requests.</summary>
internal sealed class SnapshotActor : UntypedActor
{
    private readonly Func<ISnapshotBackend> _open;
    private ISnapshotBackend? _backend;

    public SnapshotActor(Func<ISnapshotBackend> open) => _open = open;

    protected override void OnReceive(object message)
    {
        if (message is SnapshotMessage request)
            Sender.Tell(Answer(request), Self);
        else
            Unhandled(message);
    }

    protected override void PostStop() => _backend?.Dispose();

    private object Answer(SnapshotMessage request)
    {
        try
        {
            _backend ??= _open();
            switch (request)
            {
                case SnapshotMessage.Load load:
                    return new SnapshotMessage.Loaded(_backend.Load(load.PersistenceId, load.Criteria));
                case SnapshotMessage.Save save:
                    return new SaveSnapshotSuccess(_backend.Save(save.Metadata, save.Snapshot));
                case SnapshotMessage.DeleteOne one:
                    var sequenceNr = one.Metadata.SequenceNr;
                    _backend.Delete(one.Metadata.PersistenceId, new(sequenceNr, DateTime.MaxValue, sequenceNr));
                    return new DeleteSnapshotSuccess(one.Metadata);
                case SnapshotMessage.DeleteMany many:
                    _backend.Delete(many.PersistenceId, many.Criteria);
                    return new DeleteSnapshotsSuccess(many.Criteria);
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        }
        catch (Exception cause)
        {
            return request switch
            {
                SnapshotMessage.Load => new SnapshotMessage.LoadFailed(cause),
                SnapshotMessage.Save save => new SaveSnapshotFailure(save.Metadata, cause),
                _ => new SnapshotMessage.DeleteFailed(request, cause),
            };
        }
    }
}
