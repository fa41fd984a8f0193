using System.Text;
using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Akka.Persistence.Sql;
using Akka.Serialization;
using Akka.TestKit.Xunit2;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Flyscan.Tests.EmbeddedOnly.Engine;

public sealed class SqlJournalTests : TestKit
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-journal-").FullName;

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
        var actor = system.ActorOf(Props.Create(() => new Ledger("p-2", TestActor)));
        actor.Tell("tag x");
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
    public async Task A_database_that_cannot_be_opened_says_which_and_what_to_do()
    {
        var system = Open(Path.Combine(_folder, "no", "such", "folder"));
        var actor = system.ActorOf(Props.Create(() => new Ledger("p-5", TestActor)));
        Watch(actor);

        var message = ExpectMsg<string>();
        Assert.Contains("journal.db", message);
        Assert.Contains("folder exists", message);
        ExpectTerminated(actor);
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

    [SharedFact]
    public void The_tables_are_those_of_the_real_packages()
    {
        var ours = Path.Combine(_folder, "ours.db");
        using (var connection = SqlDatabase.Open(new SqlSettings("test", "Data Source=" + ours, true), SqlJournalStore.Schema))
            SqlDatabase.Execute(connection, SqlSnapshotBackend.Schema);

        Assert.Equal(Shape(Copy("data/akka-journal/journal.db")), Shape(ours));
    }

    [SharedFact]
    public async Task A_journal_of_the_real_packages_is_read()
    {
        File.Copy(Copy("data/akka-journal/journal.db"), Path.Combine(_folder, "journal.db"));
        var serializer = $"akka.actor.serializers.raw = \"{typeof(RawJson).AssemblyQualifiedName}\"";
        var system = Open(_folder, serializer);
        var expected = Rows("SELECT count(*) FROM journal WHERE deleted = 0").Single();
        var highest = Rows("SELECT max(sequence_number) FROM journal").Single();

        var actor = system.ActorOf(Props.Create(() => new Counter("p-1", TestActor)));

        Assert.Equal($"{expected} events up to {highest}", ExpectMsg<string>());
        Assert.NotNull(actor);
        await system.Terminate();
    }

    protected override void AfterAll()
    {
        base.AfterAll();
        Directory.Delete(_folder, recursive: true);
    }

    private ActorSystem Open(string? folder = null, string more = "") => ActorSystem.Create("sql", ConfigurationFactory.ParseString(
        $$"""
        akka.stdout-loglevel = OFF
        akka.persistence.journal.plugin = "akka.persistence.journal.sql"
        akka.persistence.journal.sql { connection-string = "Data Source={{folder ?? _folder}}/journal.db", provider-name = "SQLite.MS" }
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.sql"
        akka.persistence.snapshot-store.sql { connection-string = "Data Source={{folder ?? _folder}}/journal.db" }
        akka.actor {
          serializers { notes = "{{typeof(NoteSerializer).AssemblyQualifiedName}}" }
          serialization-bindings { "{{typeof(Note).AssemblyQualifiedName}}" = notes, "System.String" = notes }
          serialization-identifiers { "{{typeof(NoteSerializer).AssemblyQualifiedName}}" = 9001 }
        }
        {{more}}
        """));

    private string Copy(string shared)
    {
        var copy = Path.Combine(_folder, "copy.db");
        File.Copy(SharedData.PathOf(shared), copy, overwrite: true);
        return copy;
    }

    private string[] Rows(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder}/journal.db;Pooling=False");
        connection.Open();
        return Read(connection, sql);
    }

    private void Execute(string sql)
    {
        using var connection = new SqliteConnection($"Data Source={_folder}/journal.db;Pooling=False");
        connection.Open();
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

    private static string[] Shape(string file)
    {
        using var connection = new SqliteConnection($"Data Source={file};Pooling=False");
        connection.Open();
        return Read(
            connection,
            "SELECT m.name || '.' || c.name || ' ' || c.type || ' ' || c.\"notnull\" || ' ' || c.pk FROM sqlite_master m, "
            + "pragma_table_info(m.name) c WHERE m.type = 'table' AND m.name IN ('journal', 'tags', 'snapshot') "
            + "UNION ALL SELECT m.tbl_name || ' ' || m.name || ' ' || i.\"unique\" || ' ' || k.name FROM sqlite_master m, "
            + "pragma_index_list(m.tbl_name) i, pragma_index_info(m.name) k WHERE m.type = 'index' AND i.name = m.name ORDER BY 1");
    }

    private sealed record Note(string Text);

    private sealed class NoteSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
    {
        public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes(obj is Note note ? note.Text : (string)obj);

        public override object FromBinary(byte[] bytes, string manifest) =>
            manifest == "note/1" ? new Note(Encoding.UTF8.GetString(bytes)) : Encoding.UTF8.GetString(bytes);

        public override string Manifest(object o) => o is Note ? "note/1" : "text/1";
    }

    private sealed class RawJson(ExtendedActorSystem system) : Serializer(system)
    {
        public override int Identifier => 1;

        public override bool IncludeManifest => false;

        public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes((string)obj);

        public override object FromBinary(byte[] bytes, Type type) => Encoding.UTF8.GetString(bytes);
    }

    private sealed class Counter : ReceivePersistentActor
    {
        private int _events;

        public Counter(string id, IActorRef to)
        {
            PersistenceId = id;
            Recover<string>(_ => _events++);
            Recover<RecoveryCompleted>(_ => to.Tell($"{_events} events up to {LastSequenceNr}"));
        }

        public override string PersistenceId { get; }

        public override Recovery Recovery => new(SnapshotSelectionCriteria.None);
    }

    private sealed class Ledger : ReceivePersistentActor
    {
        private readonly IActorRef _to;
        private List<string> _notes = [];

        public Ledger(string id, IActorRef to)
        {
            PersistenceId = id;
            _to = to;
            Recover<SnapshotOffer>(offer => _notes = [.. ((string)offer.Snapshot).Split(',')]);
            Recover<Note>(note => _notes.Add(note.Text));
            Command<SaveSnapshotSuccess>(saved => to.Tell($"saved {saved.Metadata.SequenceNr}"));
            Command<DeleteMessagesSuccess>(deleted => to.Tell($"deleted {deleted.ToSequenceNr}"));
            Command<string>(m => m == "state", _ => to.Tell($"{string.Join(',', _notes)} ({LastSequenceNr})"));
            Command<string>(m => m == "snapshot", _ => SaveSnapshot(string.Join(',', _notes)));
            Command<string>(m => m == "delete 1", _ => DeleteMessages(1));
            Command<string>(m => m == "unserialisable", _ => Persist(new Version(1, 2), _ => to.Tell("written")));
            Command<string>(m => m == "tag x", _ => Persist(new Tagged(new Note("x"), ["red"]), _ => to.Tell("x")));
            Command<string>(m => Persist(new Note(m), note =>
            {
                _notes.Add(note.Text);
                to.Tell(note.Text);
            }));
        }

        public override string PersistenceId { get; }

        protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) =>
            _to.Tell("rejected " + cause.Message);

        protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => _to.Tell("failed " + cause.Message);

        protected override void OnRecoveryFailure(Exception reason, object? message = null) => _to.Tell(reason.Message);
    }
}
