using Flyscan.Persistence.Codecs;
using Microsoft.Data.Sqlite;

namespace Flyscan.Persistence.Journal;

/// <summary>Reads a journal without actors and without writing to it, also while a run writes.</summary>
/// <remarks><b>Errors</b> every member throws <see cref="JournalException"/> that names file, cause and what to do.
/// <b>Source</b> tables of Akka.Persistence.Sql 1.5.30 (design, The two engines).</remarks>
public static class JournalReader
{
    private const string Prefix = "scan-";
    private static readonly IReadOnlySet<string> NothingPassed = new HashSet<string>();

    /// <summary>The persistence id of a scan.</summary>
    public static string PersistenceIdOf(string uid) => Prefix + uid;

    /// <summary>The scans of a journal, in the order in which they began.</summary>
    public static IReadOnlyList<JournaledScan> ListScans(string path) => Read(path, Scans);

    private static List<JournaledScan> Scans(SqliteConnection connection)
    {
        using var command = connection.CreateCommand();
        // A process that died while it made the journal leaves a database of nothing: no scan was begun.
        command.CommandText = "SELECT COUNT(*) FROM sqlite_master";
        if (command.ExecuteScalar() is 0L)
            return [];
        command.CommandText =
            "SELECT persistence_id, MAX(sequence_number), MIN(ordering) FROM journal " +
            "WHERE substr(persistence_id, 1, $length) = $prefix GROUP BY persistence_id ORDER BY MIN(ordering)";
        command.Parameters.AddWithValue("$length", Prefix.Length);
        command.Parameters.AddWithValue("$prefix", Prefix);
        using var rows = command.ExecuteReader();
        var scans = new List<JournaledScan>();
        while (rows.Read())
            scans.Add(new JournaledScan(rows.GetString(0)[Prefix.Length..], rows.GetInt64(1), rows.GetInt64(2)));
        return scans;
    }

    /// <summary>All events of a scan, in order.</summary>
    public static IReadOnlyList<JournalEntry> ReadScan(string path, string uid) => ReadScan(path, uid, after: 0);

    /// <summary>The events of a scan after one that is known, in order; empty when there are no more.</summary>
    public static IReadOnlyList<JournalEntry> ReadScan(string path, string uid, long after)
    {
        var entries = Read(path, connection => Entries(connection, (path, uid, after), NothingPassed));
        if (entries.Count == 0 && after == 0)
            throw new JournalException($"{path} has no scan {uid}. 'flyscan runs' lists those it has.");
        return entries;
    }

    /// <summary>Every scan with its events, or with the reason why they cannot be read.</summary>
    /// <param name="passed">Manifests whose events are counted but neither decoded nor returned; others must be known.</param>
    internal static IReadOnlyList<(string Uid, IReadOnlyList<JournalEntry> Entries, string? Problem)> ReadAll(
        string path, IReadOnlySet<string> passed) => Read(path, connection =>
    {
        var all = new List<(string Uid, IReadOnlyList<JournalEntry> Entries, string? Problem)>();
        foreach (var scan in Scans(connection))
            try
            {
                all.Add((scan.Uid, Entries(connection, (path, scan.Uid, After: 0), passed), null));
            }
            catch (JournalException e)
            {
                all.Add((scan.Uid, [], e.Message));
            }
        return all;
    });

    private static List<JournalEntry> Entries(
        SqliteConnection connection, (string Path, string Uid, long After) from, IReadOnlySet<string> passed)
    {
        var (path, uid, after) = from;
        using var command = connection.CreateCommand();
        command.CommandText =
            "SELECT sequence_number, manifest, identifier, message FROM journal " +
            "WHERE persistence_id = $id AND sequence_number > $after AND deleted = 0 ORDER BY sequence_number";
        command.Parameters.AddWithValue("$id", PersistenceIdOf(uid));
        command.Parameters.AddWithValue("$after", after);
        using var rows = command.ExecuteReader();
        var entries = new List<JournalEntry>();
        for (var expected = after + 1; rows.Read(); expected++)
        {
            if (rows.GetInt64(0) != expected)
                throw new JournalException(
                    $"{path}, scan {uid}: event {rows.GetInt64(0)} stands where {expected} is due; events are missing. " +
                    "What follows them cannot be trusted: take the journal from a backup.");
            if (!rows.IsDBNull(1) && passed.Contains(rows.GetString(1)))
                continue;
            entries.Add(Entry(rows, $"{path}, scan {uid}, event {expected}"));
        }
        return entries;
    }

    private static JournalEntry Entry(SqliteDataReader row, string where)
    {
        var identifier = row.IsDBNull(2) ? -1 : row.GetInt32(2);
        if (identifier != ScanEventCodec.SerialiserId)
            throw new JournalException(
                $"{where} was written by serialiser {identifier}; scan events have {ScanEventCodec.SerialiserId}. " +
                "It is no journal of flyscan.");
        var manifest = row.IsDBNull(1) ? "" : row.GetString(1);
        try
        {
            return new JournalEntry(row.GetInt64(0), manifest, ScanEventCodec.Decode(manifest, row.GetFieldValue<byte[]>(3)));
        }
        catch (JournalFormatException e)
        {
            throw new JournalException($"{where}: {e.Message}", e);
        }
    }

    private static T Read<T>(string path, Func<SqliteConnection, T> read)
    {
        if (!File.Exists(path))
            throw new JournalException($"There is no journal at {path}. It is made by the first run into that folder.");
        SqliteLibrary.Initialise();
        var source = new SqliteConnectionStringBuilder
        {
            DataSource = path,
            Mode = SqliteOpenMode.ReadOnly,
            Pooling = false,
            DefaultTimeout = 1,
        };
        try
        {
            using var connection = new SqliteConnection(source.ToString());
            connection.Open();
            return read(connection);
        }
        catch (SqliteException e)
        {
            throw new JournalException($"{path} cannot be read: {Cause(e)}", e);
        }
    }

    /// <remarks><b>Source</b> sqlite.org/rescode.html, primary result codes.</remarks>
    private static string Cause(SqliteException e) => e.SqliteErrorCode switch
    {
        1 when e.Message.Contains("no such table", StringComparison.Ordinal) => "it is a SQLite database without a journal table.",
        5 or 6 => "another process holds it locked for more than 1 s. Try again, or end that process.",
        11 => "the database is damaged. Copy it away before anything else, and restore it from a backup.",
        14 => "it cannot be opened. Check that you may read it, and write to its folder if a crash left a -wal file beside it.",
        26 => "it is not a SQLite database.",
        _ => $"{e.Message} (SQLite code {e.SqliteErrorCode}, extended {e.SqliteExtendedErrorCode}).",
    };
}
