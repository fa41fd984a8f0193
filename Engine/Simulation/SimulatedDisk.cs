using Akka.Persistence;

namespace Flyscan.Engine.Simulation;

/// <summary>What a node has durably: the events of its journal and its snapshots. A crash leaves what was acknowledged; whether it leaves
/// a write that was under way is chosen by the seed, for all of that write or none of it.</summary>
public sealed class SimulatedDisk
{
    private readonly SimulatedNode _node;
    private readonly SortedDictionary<string, Log> _logs = new(StringComparer.Ordinal);
    private readonly List<StoredSnapshot> _snapshots = [];
    private (long Number, IReadOnlyList<StoredEvent> Events)? _underWay;
    private long _writes;

    internal SimulatedDisk(SimulatedNode node) => _node = node;

    /// <summary>The names that have events.</summary>
    public IReadOnlyList<string> PersistenceIds => [.. _logs.Keys];

    /// <summary>Transactions begun so far; a fault names one by this number before it began.</summary>
    public long Writes => _writes;

    /// <summary>Why the journal's database can neither be written nor read; null while it can. What was durable stays so.</summary>
    public string? Gone { get; set; }

    /// <summary>The durable events of one name, in order, as the node that is up reads them.</summary>
    public IReadOnlyList<object> Events(string persistenceId) =>
        _logs.TryGetValue(persistenceId, out var log) ? [.. log.Events.Select(e => e.Payload.Open(_node.Life ?? _node.LastLife))] : [];

    internal long HighestSequenceNr(string persistenceId) => _logs.TryGetValue(persistenceId, out var log) ? log.Highest : 0;

    internal IReadOnlyList<StoredEvent> Read(string persistenceId, long from, long to, int most) =>
        _logs.TryGetValue(persistenceId, out var log) ? [.. log.Events.Where(e => e.Number >= from && e.Number <= to).Take(most)] : [];

    internal void Delete(string persistenceId, long to)
    {
        if (_logs.TryGetValue(persistenceId, out var log))
            log.Events.RemoveAll(e => e.Number <= to);
    }

    /// <summary>A transaction begins; its number.</summary>
    internal long Begin(IReadOnlyList<StoredEvent> events)
    {
        _underWay = (_writes, events);
        return _writes++;
    }

    /// <summary>The transaction under way is durable.</summary>
    internal void Commit()
    {
        foreach (var item in _underWay!.Value.Events)
        {
            if (!_logs.TryGetValue(item.PersistenceId, out var log))
                _logs.Add(item.PersistenceId, log = new Log());
            log.Events.Add(item);
            log.Highest = Math.Max(log.Highest, item.Number);
        }

        _underWay = null;
    }

    /// <summary>The transaction under way leaves nothing.</summary>
    internal void RollBack() => _underWay = null;

    internal void Crash()
    {
        if (_underWay is not { } write)
            return;
        var survives = _node.Run.Decisions.Draw("survives:" + _node.Name, write.Number).Below(2) == 1;
        _node.Run.Trace.Add("disk", _node.Name, $"write #{write.Number} under way {(survives ? "survives" : "is gone")}");
        if (survives)
            Commit();
        else
            RollBack();
    }

    internal StoredSnapshot? Snapshot(string persistenceId, SnapshotSelectionCriteria criteria) => _snapshots
        .Where(s => s.Metadata.PersistenceId == persistenceId && criteria.Matches(s.Metadata))
        .MaxBy(s => s.Metadata.SequenceNr);

    internal void Save(StoredSnapshot snapshot)
    {
        _snapshots.RemoveAll(s => s.Metadata.PersistenceId == snapshot.Metadata.PersistenceId
            && s.Metadata.SequenceNr == snapshot.Metadata.SequenceNr);
        _snapshots.Add(snapshot);
    }

    internal void DeleteSnapshots(string persistenceId, SnapshotSelectionCriteria criteria) =>
        _snapshots.RemoveAll(s => s.Metadata.PersistenceId == persistenceId && criteria.Matches(s.Metadata));

    private sealed class Log
    {
        internal List<StoredEvent> Events { get; } = [];

        internal long Highest { get; set; }
    }
}

/// <summary>An event on a simulated disk.</summary>
internal sealed record StoredEvent(string PersistenceId, long Number, Parcel Payload);

/// <summary>A snapshot on a simulated disk.</summary>
internal sealed record StoredSnapshot(SnapshotMetadata Metadata, Parcel Content);

/// <summary>The engine's snapshot store on a simulated disk.</summary>
internal sealed class SimulatedSnapshots(Life life) : ISnapshotBackend
{
    private readonly SimulatedDisk _disk = life.Node!.Disk;

    public SnapshotOffer? Load(string persistenceId, SnapshotSelectionCriteria criteria) =>
        _disk.Snapshot(persistenceId, criteria) is { } found ? new SnapshotOffer(found.Metadata, found.Content.Open(life)) : null;

    public SnapshotMetadata Save(SnapshotMetadata metadata, object snapshot)
    {
        var saved = new SnapshotMetadata(metadata.PersistenceId, metadata.SequenceNr, life.Run.UtcNow.UtcDateTime);
        var content = Parcel.Pack(life, snapshot);
        _disk.Save(new StoredSnapshot(saved, content));
        life.Run.Trace.Add("snapshot", life.Name, content.Hash, () => $"{saved.PersistenceId} at {saved.SequenceNr}");
        return saved;
    }

    public void Delete(string persistenceId, SnapshotSelectionCriteria criteria) => _disk.DeleteSnapshots(persistenceId, criteria);

    public void Dispose()
    {
    }
}
