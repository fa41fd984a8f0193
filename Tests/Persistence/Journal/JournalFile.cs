using Flyscan.Persistence.Codecs;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;
using Microsoft.Data.Sqlite;

namespace Flyscan.Tests.Persistence.Journal;

/// <summary>Journals as the engines write them, made row by row.</summary>
internal static class JournalFile
{
    // Source: data/akka-journal, as Akka.Persistence.Sql 1.5.30 made it.
    private const string Schema =
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
        CREATE UNIQUE INDEX IF NOT EXISTS journal_uq ON journal (persistence_id, sequence_number);
        """;

    public static void Write(string path, string uid, IEnumerable<ScanEvent> events, string journalMode = "WAL")
    {
        using var connection = Open(path);
        Execute(connection, $"PRAGMA journal_mode = {journalMode}");
        Execute(connection, Schema);
        using var transaction = connection.BeginTransaction();
        long sequence = 0;
        foreach (var e in events)
            Insert(connection, "scan-" + uid, ++sequence, e);
        transaction.Commit();
    }

    public static void Insert(SqliteConnection connection, string id, long sequence, ScanEvent e)
    {
        using var command = connection.CreateCommand();
        command.CommandText =
            "INSERT INTO journal (created, deleted, persistence_id, sequence_number, message, manifest, identifier, writer_uuid) " +
            "VALUES (0, 0, $id, $sequence, $message, $manifest, 7001, '00000000000000000000000000000000')";
        command.Parameters.AddWithValue("$id", id);
        command.Parameters.AddWithValue("$sequence", sequence);
        command.Parameters.AddWithValue("$message", ScanEventCodec.Encode(e));
        command.Parameters.AddWithValue("$manifest", ScanEventCodec.ManifestOf(e));
        command.ExecuteNonQuery();
    }

    public static SqliteConnection Open(string path)
    {
        SqliteLibrary.Initialise();
        var connection = new SqliteConnection($"Data Source={path};Pooling=False");
        connection.Open();
        return connection;
    }

    public static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static void Execute(string path, string sql)
    {
        using var connection = Open(path);
        Execute(connection, sql);
    }
}
