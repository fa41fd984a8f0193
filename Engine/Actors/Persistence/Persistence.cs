using Akka.Actor;
using Akka.Configuration;
using Akka.Persistence.Journal;
using Akka.Persistence.Sql;

namespace Akka.Persistence;

/// <summary>The id of the persistence extension.</summary>
public class Persistence : ExtensionIdProvider<PersistenceExtension>
{
    public static Persistence Instance { get; } = new();

    public override PersistenceExtension CreateExtension(ExtendedActorSystem system) => new(system);
}

/// <summary>An actor system's journals and snapshot stores.</summary>
public class PersistenceExtension : IExtension
{
    private const string MemoryJournal = "akka.persistence.journal.inmem";
    private const string SqlJournal = "akka.persistence.journal.sql";
    private const string MemorySnapshots = "akka.persistence.snapshot-store.inmem";
    private const string SqlSnapshots = "akka.persistence.snapshot-store.sql";

    private readonly ActorSystemImpl _system;
    private readonly Lock _lock = new();
    private readonly Dictionary<string, IActorRef> _plugins = [];
    private long _instances;

    public PersistenceExtension(ExtendedActorSystem system)
    {
        _system = (ActorSystemImpl)system;
    }

    public IActorRef JournalFor(string journalPluginId)
    {
        var id = Chosen(journalPluginId, "akka.persistence.journal.plugin");
        return Plugin(id, () => id switch
        {
            MemoryJournal or SqlJournal when _system.Surroundings?.Journal is { } journal =>
                journal(() => EventAdapters.Read(_system, id)),
            MemoryJournal => Journal(() => new MemoryJournalStore(EventAdapters.Read(_system, id))),
            SqlJournal => Journal(() => new SqlJournalStore(_system, SqlSettings.Read(_system, id), EventAdapters.Read(_system, id))),
            _ => throw Unknown("journal", id, MemoryJournal, SqlJournal),
        });
    }

    public IActorRef SnapshotStoreFor(string snapshotPluginId)
    {
        var id = Chosen(snapshotPluginId, "akka.persistence.snapshot-store.plugin");
        return Plugin("snapshots:" + id, () => id switch
        {
            "" => Snapshots(() => new NoSnapshotBackend()),
            MemorySnapshots or SqlSnapshots when _system.Surroundings?.Snapshots is { } snapshots => snapshots(),
            MemorySnapshots => Snapshots(() => new MemorySnapshotBackend(_system.Clockwork)),
            SqlSnapshots => Snapshots(() => new SqlSnapshotBackend(_system, SqlSettings.Read(_system, id))),
            _ => throw Unknown("snapshot store", id, MemorySnapshots, SqlSnapshots),
        });
    }

    public string PersistenceId(IActorRef actor) => actor.Path.ToStringWithoutAddress();

    /// <summary>How long a recovery may stand still; the plugin's own setting, else that of all journals.</summary>
    internal TimeSpan RecoveryEventTimeout(string journalPluginId)
    {
        var config = _system.Settings.Config;
        var id = Chosen(journalPluginId, "akka.persistence.journal.plugin");
        var usual = config.GetTimeSpan("akka.persistence.journal-plugin-fallback.recovery-event-timeout", TimeSpan.FromSeconds(30));
        return config.GetTimeSpan($"{id}.recovery-event-timeout", usual);
    }

    internal long NextInstance() => Interlocked.Increment(ref _instances);

    private string Chosen(string? id, string key) => string.IsNullOrEmpty(id) ? _system.Settings.Config.GetString(key, "")! : id;

    private IActorRef Plugin(string id, Func<Props> props)
    {
        lock (_lock)
        {
            if (!_plugins.TryGetValue(id, out var actor))
                _plugins.Add(id, actor = _system.SystemActorOf(props(), id.Replace(':', '-')));
            return actor;
        }
    }

    private static Props Journal(Func<IJournalStore> open) => Props.Create<JournalActor>(open);

    private static Props Snapshots(Func<ISnapshotBackend> open) => Props.Create<SnapshotActor>(open);

    private static ConfigurationException Unknown(string what, string id, params string[] known) => new(
        $"[{id}] is no {what} of the embedded actor engine, which has {string.Join(" and ", known)}. Another one needs ActorEngine=akka");
}
