using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;

namespace Flyscan.Engine.Simulation;

/// <summary>The engine's journal on a simulated disk: one request at a time, waiting writes as one transaction, and time between a
/// write's beginning and its acknowledgement in which the node may crash.</summary>
internal sealed class SimulatedJournal : UntypedActor
{
    private const int PageSize = 500;

    private readonly Life _life;
    private readonly Func<EventAdapters> _read;
    private readonly Queue<JournalMessage> _waiting = new();
    private EventAdapters? _adapters;
    private Transaction? _underWay;

    public SimulatedJournal(Life life, Func<EventAdapters> adapters) => (_life, _read) = (life, adapters);

    private SimulatedDisk Disk => _life.Node!.Disk;

    private EventAdapters Adapters => _adapters ??= _read();

    protected override void OnReceive(object message)
    {
        switch (message)
        {
            case JournalMessage.Write or JournalMessage.Replay or JournalMessage.Delete:
                _waiting.Enqueue((JournalMessage)message);
                break;
            case Ended:
                End();
                break;
            default:
                Unhandled(message);
                return;
        }

        while (_underWay is null && _waiting.TryPeek(out var next))
            Serve(next);
    }

    protected override void PostStop()
    {
        if (_underWay is not null)
            End();
        while (_waiting.TryPeek(out var next))
        {
            Serve(next);
            if (_underWay is not null)
                End();
        }
    }

    private void Serve(JournalMessage request)
    {
        switch (request)
        {
            case JournalMessage.Write:
                Begin();
                break;
            case JournalMessage.Replay replay:
                _waiting.Dequeue();
                Replay(replay);
                break;
            case JournalMessage.Delete delete:
                _waiting.Dequeue();
                Disk.Delete(delete.PersistenceId, delete.To);
                delete.Actor.Tell(new DeleteMessagesSuccess(delete.To), Self);
                break;
        }
    }

    private void Begin()
    {
        var writes = new List<JournalMessage.Write>();
        while (_waiting.TryPeek(out var next) && next is JournalMessage.Write write)
        {
            writes.Add(write);
            _waiting.Dequeue();
        }

        var refused = new Dictionary<PersistentEnvelope, Exception>(ReferenceEqualityComparer.Instance);
        var events = new List<StoredEvent>();
        foreach (var atomic in writes.SelectMany(w => w.Batch).OfType<PersistentEnvelope.AtomicWrite>())
            Encode(atomic, events, refused);
        var number = Disk.Begin(events);
        var fate = _life.Run.Decisions.ForWrite(_life.Name, number);
        var failure = Disk.Gone ?? (fate.Fails ? "simulated I/O error" : null);
        _underWay = new Transaction(writes, refused, failure is null ? null : new IOException($"write #{number}: {failure}"));
        var hash = events.Aggregate(0UL, (sum, item) => StableHash.Join(sum, item.Payload.Hash));
        _life.Run.Trace.Add("write", _life.Name, hash, () =>
            $"#{number} {string.Join(", ", events.Select(e => $"{e.PersistenceId}:{e.Number}"))}");
        var self = Self;
        _life.At(_life.Run.NowNs + _life.Run.Options.WriteNs + fate.DelayNs, "written", () => self.Tell(Ended.Instance, self));
    }

    private void Encode(PersistentEnvelope.AtomicWrite atomic, List<StoredEvent> events, Dictionary<PersistentEnvelope, Exception> refused)
    {
        var encoded = new List<StoredEvent>();
        try
        {
            foreach (var entry in atomic.Entries)
                encoded.Add(new StoredEvent(
                    entry.PersistenceId, entry.SequenceNr, Parcel.Pack(_life, Adapters.ToJournal(entry.Payload).Payload)));
            events.AddRange(encoded);
        }
        catch (Exception cause)
        {
            refused.Add(atomic, cause);
        }
    }

    private void End()
    {
        var ended = _underWay!;
        _underWay = null;
        if (ended.Failure is null)
            Disk.Commit();
        else
            Disk.RollBack();
        foreach (var write in ended.Writes)
        {
            write.Actor.Tell(JournalMessage.WriteEnded.Instance, Self);
            foreach (var envelope in write.Batch)
                Answer(write, envelope, ended);
        }
    }

    private void Answer(JournalMessage.Write write, PersistentEnvelope envelope, Transaction ended)
    {
        if (envelope is PersistentEnvelope.Deferred deferred)
        {
            if (ended.Failure is null)
                write.Actor.Tell(new JournalMessage.Passed(deferred.Payload, write.Instance), deferred.Sender);
            return;
        }

        foreach (var entry in ((PersistentEnvelope.AtomicWrite)envelope).Entries)
        {
            JournalMessage answer = ended.Failure is { } failure
                ? new JournalMessage.Failed(entry, failure, write.Instance)
                : ended.Refused.TryGetValue(envelope, out var cause)
                    ? new JournalMessage.Rejected(entry, cause, write.Instance)
                    : new JournalMessage.Written(entry, write.Instance);
            write.Actor.Tell(answer, entry.Sender);
        }
    }

    private void Replay(JournalMessage.Replay replay)
    {
        try
        {
            if (Disk.Gone is { } gone)
                throw new IOException($"{replay.PersistenceId} cannot be read: {gone}");
            var highest = Disk.HighestSequenceNr(replay.PersistenceId);
            var left = replay.Max;
            for (var from = replay.From; left > 0;)
            {
                var page = Disk.Read(replay.PersistenceId, from, Math.Min(replay.To, highest), (int)Math.Min(PageSize, left));
                if (page.Count == 0)
                    break;
                foreach (var entry in page.SelectMany(Decode))
                {
                    replay.Actor.Tell(new JournalMessage.Replayed(entry), ActorRefs.NoSender);
                    left--;
                }

                from = page[^1].Number + 1;
            }

            replay.Actor.Tell(new JournalMessage.ReplayEnded(highest), Self);
        }
        catch (Exception cause)
        {
            replay.Actor.Tell(new JournalMessage.ReplayFailed(cause), Self);
        }
    }

    private IEnumerable<PersistentEntry> Decode(StoredEvent item) => Adapters.FromJournal(
        new PersistentEntry(item.PersistenceId, item.Number, item.Payload.Open(_life), null), "");

    private sealed class Ended
    {
        internal static readonly Ended Instance = new();
    }

    private sealed record Transaction(
        IReadOnlyList<JournalMessage.Write> Writes, Dictionary<PersistentEnvelope, Exception> Refused, Exception? Failure);
}
