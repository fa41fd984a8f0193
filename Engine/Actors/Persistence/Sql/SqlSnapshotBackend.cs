using Akka.Actor;
using Microsoft.Data.Sqlite;

namespace Akka.Persistence.Sql;

/// <summary>Snapshots in SQLite, in the table of Akka.Persistence.Sql 1.5.30.</summary>
internal sealed class SqlSnapshotBackend : ISnapshotBackend
{
    internal const string Schema =
        """
        CREATE TABLE IF NOT EXISTS [snapshot]
        (
            [persistence_id]  NVarChar(255) NOT NULL,
            [sequence_number] BigInt        NOT NULL,
            [created]         BigInt        NOT NULL,
            [snapshot]        VarBinary         NULL,
            [manifest]        NVarChar(500)     NULL,
            [serializer_id]   INTEGER           NULL,

            CONSTRAINT [PK_snapshot] PRIMARY KEY ([persistence_id], [sequence_number])
        );
        CREATE INDEX IF NOT EXISTS snapshot_sequence_number_idx ON snapshot (sequence_number);
        CREATE INDEX IF NOT EXISTS snapshot_created_idx ON snapshot (created);
        """;

    private const string Selected =
        "WHERE persistence_id = $id AND sequence_number BETWEEN $minNr AND $maxNr AND created BETWEEN $minTime AND $maxTime";

    private readonly ActorSystemImpl _system;
    private readonly SqlSettings _settings;
    private readonly SqliteConnection _connection;

    internal SqlSnapshotBackend(ActorSystemImpl system, SqlSettings settings)
    {
        _system = system;
        _settings = settings;
        _connection = SqlDatabase.Open(settings, Schema);
    }

    public SnapshotOffer? Load(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        using var command = Select(
            "SELECT sequence_number, created, snapshot, manifest, serializer_id FROM snapshot "
            + Selected + " ORDER BY sequence_number DESC LIMIT 1",
            persistenceId,
            criteria);
        using var reader = Explaining(command.ExecuteReader);
        if (!reader.Read())
            return null;
        var metadata = new SnapshotMetadata(persistenceId, reader.GetInt64(0), new DateTime(reader.GetInt64(1), DateTimeKind.Utc));
        var manifest = reader.IsDBNull(3) ? "" : reader.GetString(3);
        return new SnapshotOffer(
            metadata, _system.Serialization.Deserialize(reader.GetFieldValue<byte[]>(2), reader.GetInt32(4), manifest));
    }

    public SnapshotMetadata Save(SnapshotMetadata metadata, object snapshot)
    {
        var serializer = _system.Serialization.FindSerializerFor(snapshot);
        var created = _system.Clockwork.Now.UtcTicks;
        using var command = SqlDatabase.Prepare(
            _connection,
            "INSERT OR REPLACE INTO snapshot (persistence_id, sequence_number, created, snapshot, manifest, serializer_id) "
            + "VALUES ($id, $nr, $created, $snapshot, $manifest, $serializer)",
            "$id", "$nr", "$created", "$snapshot", "$manifest", "$serializer");
        command.With(
            metadata.PersistenceId,
            metadata.SequenceNr,
            created,
            serializer.ToBinary(snapshot),
            Akka.Serialization.Serialization.ManifestFor(serializer, snapshot),
            serializer.Identifier);
        Explaining(command.ExecuteNonQuery);
        return new SnapshotMetadata(metadata.PersistenceId, metadata.SequenceNr, new DateTime(created, DateTimeKind.Utc));
    }

    public void Delete(string persistenceId, SnapshotSelectionCriteria criteria)
    {
        using var command = Select("DELETE FROM snapshot " + Selected, persistenceId, criteria);
        Explaining(command.ExecuteNonQuery);
    }

    public void Dispose() => _connection.Dispose();

    private SqliteCommand Select(string sql, string persistenceId, SnapshotSelectionCriteria criteria) =>
        SqlDatabase.Prepare(_connection, sql, "$id", "$minNr", "$maxNr", "$minTime", "$maxTime").With(
            persistenceId,
            criteria.MinSequenceNr,
            criteria.MaxSequenceNr,
            criteria.MinTimestamp.GetValueOrDefault().Ticks,
            criteria.MaxTimeStamp.Ticks);

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
}
