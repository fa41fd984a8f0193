using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Sql;
using Akka.Serialization;
using Flyscan.Tests.Engine;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Engine;

/// <summary>What is the embedded engine's own in its SQLite journal: errors, locks, and journals of the real packages.</summary>
public sealed class SqlJournalTests : PatientTestKit
{
    private static readonly string Golden =
        Path.Combine(AppContext.BaseDirectory, "Golden", "journal", "akka-persistence-sql-1.5.30.db");

    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-journal-").FullName;

    [Fact]
    public async Task What_has_no_serialiser_is_rejected_and_the_actor_goes_on()
    {
        var system = Open();
        var actor = system.ActorOf(Props.Create(() => new Ledger("p-3", TestActor)));

        actor.Tell("unserialisable");
        Assert.StartsWith("rejected No serializer is bound", ExpectMsg<string>());
        actor.Tell("a");
        ExpectMsg("a");
        await system.Terminate();
    }

    [Fact]
    public async Task One_actors_failing_write_leaves_those_of_the_same_group_alone()
    {
        var system = Open();
        var actors = Enumerable.Range(0, 20)
            .Select(i => system.ActorOf(Props.Create(() => new Ledger($"group-{i}", TestActor)))).ToArray();
        foreach (var actor in actors)
            actor.Tell("a");
        ReceiveN(20);
        Execute("INSERT INTO journal (created, deleted, persistence_id, sequence_number, message) VALUES (0, 0, 'group-7', 2, x'00')");

        foreach (var actor in actors)
            actor.Tell("b");

        Assert.Equal(19, ReceiveN(20).Count(m => Equals(m, "b")));
        await system.Terminate();
    }

    [Fact]
    public async Task A_database_that_cannot_be_opened_says_which_and_what_to_do_and_is_tried_again()
    {
        var folder = Path.Combine(_folder, "no", "such", "folder");
        var system = Open(folder);
        var actor = Watch(system.ActorOf(Props.Create(() => new Ledger("p-5", TestActor))));

        var message = ExpectMsg<string>();
        Assert.Contains("journal.db", message);
        Assert.Contains("folder exists", message);
        ExpectTerminated(actor);

        Directory.CreateDirectory(folder);
        system.ActorOf(Props.Create(() => new Ledger("p-5", TestActor))).Tell("a");
        ExpectMsg("a");
        await system.Terminate();
    }

    [Fact]
    public async Task A_locked_database_is_waited_for()
    {
        var system = Open();
        var actor = system.ActorOf(Props.Create(() => new Ledger("p-7", TestActor)));
        actor.Tell("a");
        ExpectMsg("a");
        using var other = Connect();
        SqlDatabase.Execute(other, "BEGIN IMMEDIATE");

        actor.Tell("b");
        ExpectNoMsg(TimeSpan.FromMilliseconds(200));
        SqlDatabase.Execute(other, "ROLLBACK");

        ExpectMsg("b", TimeSpan.FromSeconds(5));
        await system.Terminate();
    }

    [Fact]
    public async Task A_database_that_stays_locked_is_named_and_serves_again_once_it_is_free()
    {
        var system = Open(connection: "Default Timeout=1");
        var actor = Watch(system.ActorOf(Props.Create(() => new Ledger("p-8", TestActor))));
        actor.Tell("a");
        ExpectMsg("a");
        using var other = Connect();
        SqlDatabase.Execute(other, "BEGIN IMMEDIATE");

        actor.Tell("b");
        var message = ExpectMsg<string>(TimeSpan.FromSeconds(8));
        Assert.StartsWith("failed The database", message);
        Assert.Contains("journal.db", message);
        Assert.Contains("locked by another process", message);
        ExpectTerminated(actor);
        SqlDatabase.Execute(other, "ROLLBACK");

        system.ActorOf(Props.Create(() => new Ledger("p-8", TestActor))).Tell("state");
        ExpectMsg("a (1)");
        await system.Terminate();
    }

    [Fact]
    public async Task Another_plugin_or_key_is_refused_by_name()
    {
        var unknown = Assert.Throws<ConfigurationException>(() => ActorSystem.Create("refused", "akka.cluster.roles = [a]"));
        Assert.Contains("akka.cluster.roles", unknown.Message);
        var system = ActorSystem.Create("plugin", "akka.persistence.journal.plugin = akka.persistence.journal.other");
        var refused = Assert.Throws<ConfigurationException>(() => Akka.Persistence.Persistence.Instance.Apply(system).JournalFor(""));
        Assert.Contains("akka.persistence.journal.other", refused.Message);
        await system.Terminate();
    }

    [Fact]
    public void Writes_are_on_disk_before_they_are_acknowledged()
    {
        using var connection = SqlDatabase.Open(Settings("modes.db"), SqlJournalStore.Schema);

        Assert.Equal(["wal"], Read(connection, "PRAGMA journal_mode"));
        Assert.Equal(["2"], Read(connection, "PRAGMA synchronous"));
    }

    [Fact]
    public void The_tables_are_those_of_the_real_packages()
    {
        using var ours = SqlDatabase.Open(Settings("ours.db"), SqlJournalStore.Schema);
        SqlDatabase.Execute(ours, SqlSnapshotBackend.Schema);
        using var theirs = new SqliteConnection($"Data Source={Golden};Mode=ReadOnly;Pooling=False");
        theirs.Open();

        Assert.Equal(Shape(theirs), Shape(ours));
        Assert.Equal(19, Shape(ours).Count(line => line.StartsWith("column ", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task A_journal_of_the_real_packages_is_read_and_continued()
    {
        var database = Path.Combine(_folder, "journal.db");
        File.Copy(Golden, database);
        const string old = "SELECT ordering || created || hex(message) || writer_uuid FROM journal WHERE sequence_number <= 60";
        var before = Rows(old);
        var raw = $"akka.actor.serializers.raw = \"{typeof(RawJson).AssemblyQualifiedName}\"";
        var system = Open(more: raw);

        var actor = Watch(system.ActorOf(Props.Create(() => new Continuer("p-1", TestActor))));
        ExpectMsg("offer 60 {\"$\":\"I60\"}");
        ExpectMsg("0 events up to 60");
        actor.Tell("one more");
        ExpectMsg("61");
        system.Stop(actor);
        ExpectTerminated(actor);
        system.ActorOf(Props.Create(() => new Continuer("p-1", TestActor, true)));

        ExpectMsg("61 events up to 61");
        await system.Terminate();
        Assert.Equal(before, Rows(old));
        const string added = "SELECT ordering || ' ' || manifest || ' ' || identifier FROM journal WHERE identifier <> 1";
        Assert.Equal(["61 note/1 9001"], Rows(added));
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private ActorSystem Open(string? folder = null, string connection = "", string more = "") => ActorSystem.Create(
        "sql", ConfigurationFactory.ParseString(NoteSerializer.Settings($"{folder ?? _folder}/journal.db;{connection}", more)));

    private SqlSettings Settings(string file) => new("test", $"Data Source={Path.Combine(_folder, file)};Pooling=False", true);

    private SqliteConnection Connect()
    {
        var connection = new SqliteConnection($"Data Source={_folder}/journal.db;Pooling=False");
        connection.Open();
        return connection;
    }

    private string[] Rows(string sql)
    {
        using var connection = Connect();
        return Read(connection, sql);
    }

    private void Execute(string sql)
    {
        using var connection = Connect();
        SqlDatabase.Execute(connection, sql);
    }

    private static string[] Read(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        using var reader = command.ExecuteReader();
        var rows = new List<string>();
        while (reader.Read())
            rows.Add(reader.GetValue(0).ToString()!);
        return [.. rows];
    }

    private static string[] Shape(SqliteConnection connection) => Read(
        connection,
        "SELECT 'column ' || m.name || '.' || c.name || ' ' || c.cid || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk "
        + "FROM sqlite_master m, pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name IN ('journal', 'tags', 'snapshot') "
        + "UNION ALL SELECT 'index ' || m.tbl_name || ' ' || m.name || ' ' || i.\"unique\" || ' ' || k.seqno || ' ' || k.name "
        + "FROM sqlite_master m, pragma_index_list(m.tbl_name) i, pragma_index_info(m.name) k "
        + "WHERE m.type = 'index' AND i.name = m.name ORDER BY 1");

    /// <summary>Bytes of the default JSON serialiser of the real packages, as text.</summary>
    private sealed class RawJson(ExtendedActorSystem system) : Serializer(system)
    {
        public override int Identifier => 1;

        public override bool IncludeManifest => false;

        public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes((string)obj);

        public override object FromBinary(byte[] bytes, Type type) => Encoding.UTF8.GetString(bytes);
    }

    /// <summary>Counts the events, the old ones (texts) and its own (notes).</summary>
    private sealed class Continuer : ReceivePersistentActor
    {
        private int _events;

        public Continuer(string id, IActorRef to, bool fromStart = false)
        {
            PersistenceId = id;
            Recovery = fromStart ? new Recovery(SnapshotSelectionCriteria.None) : Recovery.Default;
            Recover<SnapshotOffer>(offer => to.Tell($"offer {offer.Metadata.SequenceNr} {offer.Snapshot}"));
            Recover<string>(_ => _events++);
            Recover<Note>(_ => _events++);
            Recover<RecoveryCompleted>(_ => to.Tell($"{_events} events up to {LastSequenceNr}"));
            Command<string>(text => Persist(new Note(text), _ => to.Tell($"{LastSequenceNr}")));
        }

        public override string PersistenceId { get; }

        public override Recovery Recovery { get; }
    }
}
