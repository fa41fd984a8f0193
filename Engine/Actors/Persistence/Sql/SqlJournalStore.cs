using Akka.Actor;
using Akka.Persistence.Journal;
using Flyscan.Engine.Time;
using Microsoft.Data.Sqlite;

namespace Akka.Persistence.Sql;

/// <summary>Events in SQLite, in the tables of Akka.Persistence.Sql 1.5.30.</summary>
internal sealed class SqlJournalStore : IJournalStore
{
    internal const string Schema =
        """
        CREATE TABLE IF NOT EXISTS [journal]
        (
            [ordering]        INTEGER        NOT NULL PRIMARY KEY AUTOINCREMENT,
            [created]         BigInt         NOT NULL,
            [deleted]         Bit            NOT NULL,
            [persistence_id]  NVarChar(255)  NOT NULL,
            [sequence_number] BigInt         NOT NULL,
            [message]         VarBinary      NOT NULL,
            [manifest]        NVarChar(500)      NULL,
            [identifier]      INTEGER            NULL,
            [writer_uuid]     NVarChar(128)      NULL
        );
        CREATE TABLE IF NOT EXISTS [tags]
        (
            [ordering_id]    INTEGER       NOT NULL,
            [tag]            NVarChar(64)  NOT NULL,
            [sequence_nr]    INTEGER       NOT NULL,
            [persistence_id] NVarChar(255) NOT NULL,

            CONSTRAINT [PK_tags] PRIMARY KEY ([ordering_id], [tag])
        );
        CREATE UNIQUE INDEX IF NOT EXISTS journal_uq ON journal (persistence_id, sequence_number);
        CREATE INDEX IF NOT EXISTS journal_created_idx ON journal (created);
        CREATE INDEX IF NOT EXISTS journal_sequence_number_idx ON journal (sequence_number);
        CREATE INDEX IF NOT EXISTS tags_persistence_id_sequence_nr_idx ON tags (persistence_id, sequence_nr);
        CREATE INDEX IF NOT EXISTS tags_tag_idx ON tags (tag);
        """;

    private readonly ActorSystemImpl _system;
    private readonly SqlSettings _settings;
    private readonly EventAdapters _adapters;
    private readonly SqliteConnection _connection;
    private readonly SqliteCommand _insert;
    private readonly SqliteCommand _tag;
    private readonly SqliteCommand _read;
    private readonly SqliteCommand _highest;
    private readonly string _writer = EngineIds.NewWriter();

    internal SqlJournalStore(ActorSystemImpl system, SqlSettings settings, EventAdapters adapters)
    {
        _system = system;
        _settings = settings;
        _adapters = adapters;
        _connection = SqlDatabase.Open(settings, Schema);
        _insert = SqlDatabase.Prepare(
            _connection,
            "INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid) "
            + "VALUES ($created, 0, $id, $nr, $message, $manifest, $identifier, $writer)",
            "$created", "$id", "$nr", "$message", "$manifest", "$identifier", "$writer");
        _tag = SqlDatabase.Prepare(
            _connection,
            "INSERT INTO tags (ordering_id, tag, sequence_nr, persistence_id) "
            + "SELECT ordering, $tag, sequence_number, persistence_id FROM journal WHERE persistence_id = $id AND sequence_number = $nr",
            "$tag", "$id", "$nr");
        _read = SqlDatabase.Prepare(
            _connection,
            "SELECT sequence_number, message, manifest, identifier FROM journal "
            + "WHERE persistence_id = $id AND sequence_number BETWEEN $from AND $to AND deleted = 0 ORDER BY sequence_number LIMIT $max",
            "$id", "$from", "$to", "$max");
        _highest = SqlDatabase.Prepare(
            _connection, "SELECT coalesce(max(sequence_number), 0) FROM journal WHERE persistence_id = $id", "$id");
    }

    public IReadOnlyList<Exception?> Write(IReadOnlyList<PersistentEnvelope.AtomicWrite> writes)
    {
        var refused = new Exception?[writes.Count];
        var rows = new List<Row>();
        for (var i = 0; i < writes.Count; i++)
        {
            var count = rows.Count;
            try
            {
                foreach (var entry in writes[i].Entries)
                    rows.Add(ToRow(entry));
            }
            catch (Exception e)
            {
                refused[i] = e;
                rows.RemoveRange(count, rows.Count - count);
            }
        }

        if (rows.Count > 0)
            Insert(rows);
        return refused;
    }

    public long HighestSequenceNr(string persistenceId) => Explaining(() => (long)_highest.With(persistenceId).ExecuteScalar()!);

    public IReadOnlyList<PersistentEntry> Read(string persistenceId, long from, long to, int max, out long last)
    {
        last = 0;
        try
        {
            var entries = new List<PersistentEntry>();
            using var reader = _read.With(persistenceId, from, to, max).ExecuteReader();
            while (reader.Read())
            {
                last = reader.GetInt64(0);
                var manifest = reader.IsDBNull(2) ? "" : reader.GetString(2);
                var payload = Deserialize(persistenceId, last, reader.GetFieldValue<byte[]>(1), manifest, reader.GetInt32(3));
                entries.AddRange(_adapters.FromJournal(new PersistentEntry(persistenceId, last, payload, null), manifest));
            }

            return entries;
        }
        catch (SqliteException e)
        {
            throw SqlDatabase.Explained(_settings, e);
        }
    }

    // The highest deleted row stays, marked, so that the sequence number survives.
    public void Delete(string persistenceId, long to) => Explaining(() =>
    {
        using var transaction = _connection.BeginTransaction();
        Run(transaction, "UPDATE journal SET deleted = 1 WHERE persistence_id = $id AND sequence_number <= $to", persistenceId, to);
        Run(
            transaction,
            "DELETE FROM journal WHERE persistence_id = $id AND sequence_number <= $to AND sequence_number < "
            + "(SELECT max(sequence_number) FROM journal WHERE persistence_id = $id AND deleted = 1)",
            persistenceId,
            to);
        Run(transaction, "DELETE FROM tags WHERE persistence_id = $id AND sequence_nr <= $to", persistenceId, to);
        transaction.Commit();
        return 0;
    });

    public void Dispose()
    {
        _insert.Dispose();
        _tag.Dispose();
        _read.Dispose();
        _highest.Dispose();
        _connection.Dispose();
    }

    private Row ToRow(PersistentEntry entry)
    {
        var (payload, tags) = _adapters.ToJournal(entry.Payload);
        var serializer = _system.Serialization.FindSerializerFor(payload);
        var manifest = Akka.Serialization.Serialization.ManifestFor(serializer, payload);
        return new Row(entry.PersistenceId, entry.SequenceNr, serializer.ToBinary(payload), manifest, serializer.Identifier, tags);
    }

    private void Insert(List<Row> rows) => Explaining(() =>
    {
        using var transaction = _connection.BeginTransaction();
        _insert.Transaction = transaction;
        _tag.Transaction = transaction;
        var created = _system.Clockwork.Now.UtcTicks;
        foreach (var row in rows)
        {
            _insert.With(created, row.PersistenceId, row.SequenceNr, row.Message, row.Manifest, row.Identifier, _writer)
                .ExecuteNonQuery();
            foreach (var tag in row.Tags.Order(StringComparer.Ordinal))
                _tag.With(tag, row.PersistenceId, row.SequenceNr).ExecuteNonQuery();
        }

        transaction.Commit();
        return 0;
    });

    private object Deserialize(string persistenceId, long sequenceNr, byte[] bytes, string manifest, int identifier)
    {
        try
        {
            return _system.Serialization.Deserialize(bytes, identifier, manifest);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException(
                $"Event {sequenceNr} of {persistenceId} in {_settings.ConnectionString} cannot be read "
                + $"(serializer {identifier}, manifest '{manifest}'): {e.Message}",
                e);
        }
    }

    private void Run(SqliteTransaction transaction, string sql, string persistenceId, long to)
    {
        using var command = SqlDatabase.Prepare(_connection, sql, "$id", "$to");
        command.Transaction = transaction;
        command.With(persistenceId, to).ExecuteNonQuery();
    }

    private T Explaining<T>(Func<T> action)
    {
        try
        {
            return action();
        }
        catch (SqliteException e)
        {
            throw SqlDatabase.Explained(_settings, e);
        }
    }

    private sealed record Row(
        string PersistenceId, long SequenceNr, byte[] Message, string Manifest, int Identifier, IReadOnlyCollection<string> Tags);
}
