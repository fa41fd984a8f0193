using System.Text;
using Akka.Actor;
using Akka.Persistence;
using Akka.Persistence.Journal;
using Akka.Serialization;

namespace Flyscan.Tests.Engine;

internal sealed record Note(string Text);

/// <summary>Notes and texts as their UTF-8 bytes; the identifier comes from the configuration.</summary>
internal sealed class NoteSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    public override byte[] ToBinary(object obj) => Encoding.UTF8.GetBytes(obj is Note note ? note.Text : (string)obj);

    public override object FromBinary(byte[] bytes, string manifest) =>
        manifest == "note/1" ? new Note(Encoding.UTF8.GetString(bytes)) : Encoding.UTF8.GetString(bytes);

    public override string Manifest(object o) => o is Note ? "note/1" : "text/1";

    /// <summary>A system's settings with a journal and snapshots in a SQLite file, and this serialiser.</summary>
    internal static string Settings(string database, string more = "") =>
        $$"""
        akka.loglevel = ERROR
        akka.stdout-loglevel = OFF
        akka.loggers = []
        akka.persistence.journal.plugin = "akka.persistence.journal.sql"
        akka.persistence.journal.sql {
          class = "Akka.Persistence.Sql.Journal.SqlWriteJournal, Akka.Persistence.Sql"
          connection-string = "Data Source={{database}}"
          provider-name = "SQLite.MS"
          auto-initialize = on
        }
        akka.persistence.snapshot-store.plugin = "akka.persistence.snapshot-store.sql"
        akka.persistence.snapshot-store.sql {
          class = "Akka.Persistence.Sql.Snapshot.SqlSnapshotStore, Akka.Persistence.Sql"
          connection-string = "Data Source={{database}}"
          provider-name = "SQLite.MS"
          auto-initialize = on
        }
        akka.actor {
          serializers { notes = "{{typeof(NoteSerializer).AssemblyQualifiedName}}" }
          serialization-bindings { "{{typeof(Note).AssemblyQualifiedName}}" = notes, "System.String" = notes }
          serialization-identifiers { "{{typeof(NoteSerializer).AssemblyQualifiedName}}" = 9001 }
        }
        {{more}}
        """;
}

/// <summary>Persists what it is told, and tells of everything.</summary>
internal sealed class Ledger : ReceivePersistentActor
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

    protected override void OnPersistRejected(Exception cause, object @event, long sequenceNr) => _to.Tell("rejected " + cause.Message);

    protected override void OnPersistFailure(Exception cause, object @event, long sequenceNr) => _to.Tell("failed " + cause.Message);

    protected override void OnRecoveryFailure(Exception reason, object? message = null) =>
        _to.Tell($"{reason.GetType().Name}: {reason.Message}");
}
