using System.Runtime.InteropServices;
using Akka.Actor;
using Akka.Configuration;
using Microsoft.Data.Sqlite;

namespace Akka.Persistence.Sql;

/// <summary>A SQL plugin's settings.</summary>
internal sealed record SqlSettings(string Id, string ConnectionString, bool AutoInitialize)
{
    internal static SqlSettings Read(ActorSystemImpl system, string id)
    {
        var config = system.Settings.Config;
        var provider = config.GetString($"{id}.provider-name", "SQLite.MS")!;
        if (!provider.StartsWith("SQLite", StringComparison.OrdinalIgnoreCase))
            throw new ConfigurationException(
                $"{id}.provider-name = {provider}: the embedded actor engine has SQLite.MS only. Other databases need ActorEngine=akka");
        var connection = config.GetString($"{id}.connection-string");
        if (string.IsNullOrEmpty(connection))
            throw new ConfigurationException($"{id}.connection-string is missing; write one such as \"Data Source=/path/journal.db\"");
        return new SqlSettings(id, connection, config.GetBoolean($"{id}.auto-initialize", true));
    }
}

/// <summary>An open SQLite database in write-ahead mode, every commit on disk before it is acknowledged.</summary>
internal static class SqlDatabase
{
    private const int Busy = 5;
    private const int Locked = 6;

    /// <summary>The longest wait for a lock that another process holds; SQLite tries again at growing intervals meanwhile.</summary>
    private const int LongestWaitSeconds = 10;

    private static readonly Lazy<bool> Provider = new(UseSystemLibrary);

    internal static SqliteConnection Open(SqlSettings settings, string schema)
    {
        _ = Provider.Value;
        var connection = new SqliteConnection(settings.ConnectionString);
        try
        {
            connection.Open();
            var wait = connection.DefaultTimeout is > 0 and < LongestWaitSeconds ? connection.DefaultTimeout : LongestWaitSeconds;
            connection.DefaultTimeout = wait;
            Execute(connection, $"PRAGMA busy_timeout={wait * 1000}; PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;");
            if (settings.AutoInitialize)
                Execute(connection, schema);
            return connection;
        }
        catch (SqliteException e)
        {
            connection.Dispose();
            throw Explained(settings, e);
        }
    }

    /// <summary>The error with the file and what to do about it.</summary>
    internal static InvalidOperationException Explained(SqlSettings settings, SqliteException e)
    {
        var file = new SqliteConnectionStringBuilder(settings.ConnectionString).DataSource;
        var advice = e.SqliteErrorCode is Busy or Locked
            ? "it is locked by another process; end that process, or wait until it is done, or use another file"
            : "check that its folder exists, that it may be written, and that it is a SQLite database";
        return new InvalidOperationException($"The database {file} of {settings.Id} cannot be used ({e.Message}): {advice}", e);
    }

    internal static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    internal static SqliteCommand Prepare(SqliteConnection connection, string sql, params string[] parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var name in parameters)
            command.Parameters.Add(new SqliteParameter { ParameterName = name });
        return command;
    }

    internal static SqliteCommand With(this SqliteCommand command, params object?[] values)
    {
        for (var i = 0; i < values.Length; i++)
            command.Parameters[i].Value = values[i] ?? DBNull.Value;
        return command;
    }

    // The bundled library is from 2021: the system's is taken where there is one.
    private static bool UseSystemLibrary()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(
                typeof(SQLitePCL.SQLite3Provider_e_sqlite3).Assembly,
                (name, _, _) => name == "e_sqlite3" && NativeLibrary.TryLoad("libsqlite3.so.0", out var handle) ? handle : IntPtr.Zero);
        }
        catch (InvalidOperationException)
        {
            // Another part of this process has set the same redirection already.
            return true;
        }

        SQLitePCL.raw.SetProvider(new SQLitePCL.SQLite3Provider_e_sqlite3());
        return true;
    }
}
