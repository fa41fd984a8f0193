using Akka.Persistence.Journal;
using Flyscan.Engine.Time;

namespace Akka.Persistence;

/// <summary>Events in memory, for as long as the actor system lives.</summary>
internal sealed class MemoryJournalStore(EventAdapters adapters) : IJournalStore
{
    private readonly Dictionary<string, Log> _logs = [];

    public IReadOnlyList<Exception?> Write(IReadOnlyList<PersistentEnvelope.AtomicWrite> writes)
    {
        foreach (var entry in writes.SelectMany(write => write.Entries))
        {
            if (!_logs.TryGetValue(entry.PersistenceId, out var log))
                _logs.Add(entry.PersistenceId, log = new Log());
            var (payload, _) = adapters.ToJournal(entry.Payload);
            log.Entries.Add((entry with { Payload = payload, Sender = null }, adapters.ManifestOf(entry.Payload)));
            log.Highest = entry.SequenceNr;
        }

        return new Exception?[writes.Count];
    }

    public long HighestSequenceNr(string persistenceId) => _logs.TryGetValue(persistenceId, out var log) ? log.Highest : 0;

    public IReadOnlyList<PersistentEntry> Read(string persistenceId, long from, long to, int max, out long last)
    {
        last = 0;
        if (!_logs.TryGetValue(persistenceId, out var log))
            return [];
        var rows = log.Entries.Where(row => row.Entry.SequenceNr >= from && row.Entry.SequenceNr <= to).Take(max).ToArray();
        last = rows.Length == 0 ? 0 : rows[^1].Entry.SequenceNr;
        return [.. rows.SelectMany(row => adapters.FromJournal(row.Entry, row.Manifest))];
    }

    public void Delete(string persistenceId, long to)
    {
        if (_logs.TryGetValue(persistenceId, out var log))
            log.Entries.RemoveAll(row => row.Entry.SequenceNr <= to);
    }

    public void Dispose()
    {
    }

    private sealed class Log
    {
        internal List<(PersistentEntry Entry, string Manifest)> Entries { get; } = [];

        internal long Highest { get; set; }
    }
}

/// <summary>Snapshots in memory, for as long as the actor system lives.</summary>
internal sealed class MemorySnapshotBackend(Clockwork clockwork) : ISnapshotBackend
{
    private readonly List<SnapshotOffer> _snapshots = [];

    public SnapshotOffer? Load(string persistenceId, SnapshotSelectionCriteria criteria) => _snapshots
        .Where(offer => offer.Metadata.PersistenceId == persistenceId && criteria.Matches(offer.Metadata))
        .MaxBy(offer => offer.Metadata.SequenceNr);

    public SnapshotMetadata Save(SnapshotMetadata metadata, object snapshot)
    {
        var saved = new SnapshotMetadata(metadata.PersistenceId, metadata.SequenceNr, clockwork.Now.UtcDateTime);
        _snapshots.RemoveAll(o => o.Metadata.PersistenceId == saved.PersistenceId && o.Metadata.SequenceNr == saved.SequenceNr);
        _snapshots.Add(new SnapshotOffer(saved, snapshot));
        return saved;
    }

    public void Delete(string persistenceId, SnapshotSelectionCriteria criteria) =>
        _snapshots.RemoveAll(offer => offer.Metadata.PersistenceId == persistenceId && criteria.Matches(offer.Metadata));

    public void Dispose()
    {
    }
}

/// <summary>What stands in where no snapshot store is configured: there is nothing to load, and nothing can be saved.</summary>
internal sealed class NoSnapshotBackend : ISnapshotBackend
{
    public SnapshotOffer? Load(string persistenceId, SnapshotSelectionCriteria criteria) => null;

    public SnapshotMetadata Save(SnapshotMetadata metadata, object snapshot) => throw None();

    public void Delete(string persistenceId, SnapshotSelectionCriteria criteria) => throw None();

    public void Dispose()
    {
    }

    private static InvalidOperationException None() => new(
        "No snapshot store is configured: set akka.persistence.snapshot-store.plugin to akka.persistence.snapshot-store.sql or .inmem");
}
