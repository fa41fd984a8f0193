using Akka.Actor;
using Akka.Configuration;
using Flyscan.Persistence.Journal;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Flyscan.Tests.Engine;

/// <summary>The journal and the snapshots in SQLite, as both engines keep them.</summary>
public sealed class SqlPersistenceTests : PatientTestKit
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-sql-").FullName;

    public SqlPersistenceTests() => SqliteLibrary.Initialise();

    private string Database => Path.Combine(_folder, "journal.db");

    [Fact]
    public async Task Events_snapshots_and_deletions_survive_the_system()
    {
        var first = Open();
        var actor = first.ActorOf(Props.Create(() => new Ledger("p-1", TestActor)));
        string[] commands = ["a", "b", "snapshot", "c", "delete 1"];
        string[] answers = ["a", "b", "saved 2", "c", "deleted 1"];
        foreach (var (command, answer) in commands.Zip(answers))
        {
            actor.Tell(command);
            ExpectMsg(answer);
        }

        await first.Terminate();

        var second = Open();
        second.ActorOf(Props.Create(() => new Ledger("p-1", TestActor))).Tell("state");

        ExpectMsg("a,b,c (3)");
        await second.Terminate();
        Assert.Equal(["1 1", "2 0", "3 0"], Rows("SELECT sequence_number || ' ' || deleted FROM journal ORDER BY 1"));
    }

    [Fact]
    public async Task Rows_carry_serialiser_manifest_ticks_writer_and_tags()
    {
        var system = Open();
        system.ActorOf(Props.Create(() => new Ledger("p-2", TestActor))).Tell("tag x");
        ExpectMsg("x");
        await system.Terminate();

        Assert.Equal(["p-2 1 x note/1 9001 32"], Rows(
            "SELECT persistence_id || ' ' || sequence_number || ' ' || cast(message AS text) || ' ' || manifest || ' ' || identifier "
            + "|| ' ' || length(writer_uuid) FROM journal"));
        Assert.Equal(["1 red 1 p-2"], Rows("SELECT ordering_id || ' ' || tag || ' ' || sequence_nr || ' ' || persistence_id FROM tags"));
        var ticks = long.Parse(Rows("SELECT created FROM journal").Single());
        Assert.InRange(new DateTime(ticks).Year, 2024, 2100);
    }

    [Fact]
    public async Task A_write_that_fails_stops_the_actor_after_it_was_told()
    {
        var system = Open();
        var actor = system.ActorOf(Props.Create(() => new Ledger("p-4", TestActor)));
        actor.Tell("a");
        ExpectMsg("a");
        Execute("INSERT INTO journal (created, deleted, persistence_id, sequence_number, message) VALUES (0, 0, 'p-4', 2, x'00')");
        Watch(actor);

        actor.Tell("b");

        Assert.Contains("failed", ExpectMsg<string>());
        ExpectTerminated(actor);
        await system.Terminate();
    }

    [Fact]
    public async Task A_deletion_leaves_one_row_to_count_on_from_and_takes_the_tags()
    {
        var system = Open();
        var actor = system.ActorOf(Props.Create(() => new Ledger("p-5", TestActor)));
        actor.Tell("tag x");
        ExpectMsg("x");
        actor.Tell("delete 1");
        ExpectMsg("deleted 1");
        await system.Terminate();

        Assert.Equal(["1 1"], Rows("SELECT sequence_number || ' ' || deleted FROM journal"));
        Assert.Empty(Rows("SELECT tag FROM tags"));
        var again = Open();
        actor = again.ActorOf(Props.Create(() => new Ledger("p-5", TestActor)));
        actor.Tell("state");
        ExpectMsg(" (1)");
        actor.Tell("b");
        ExpectMsg("b");
        await again.Terminate();
        Assert.Equal(["1 1", "2 0"], Rows("SELECT sequence_number || ' ' || deleted FROM journal ORDER BY 1"));
    }

    [Fact]
    public async Task A_recovery_that_stands_still_is_given_up()
    {
        using var other = new SqliteConnection($"Data Source={Database};Pooling=False");
        other.Open();
        Execute(other, "CREATE TABLE other (x)");
        Execute(other, "BEGIN EXCLUSIVE");
        var system = Open("akka.persistence.journal.sql.recovery-event-timeout = 300ms\nakka.persistence.snapshot-store.plugin = \"\"");
        var actor = Watch(system.ActorOf(Props.Create(() => new Ledger("p-6", TestActor))));

        Assert.StartsWith("RecoveryTimedOutException", ExpectMsg<string>());

        ExpectTerminated(actor);
        Execute(other, "ROLLBACK");
        await system.Terminate();
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private ActorSystem Open(string more = "") =>
        ActorSystem.Create("sql", ConfigurationFactory.ParseString(NoteSerializer.Settings(Database, more)));

    private string[] Rows(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(reader.GetValue(0).ToString()!);
        return [.. rows];
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={Database};Pooling=False");
        connection.Open();
        Execute(connection, sql);
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
