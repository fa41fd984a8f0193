using System.Collections.Immutable;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Persistence.Journal;

/// <summary>Zero or more events made of one.</summary>
public interface IEventSequence
{
    IEnumerable<object> Events { get; }
}

/// <summary>Makes event sequences.</summary>
public static class EventSequence
{
    public static IEventSequence Empty = new Sequence([]);

    public static IEventSequence Single(object e) => new Sequence([e]);

    public static IEventSequence Create(params object[] events) => new Sequence(events);

    public static IEventSequence Create(IEnumerable<object> events) => new Sequence([.. events]);

    private sealed class Sequence(object[] events) : IEventSequence
    {
        public IEnumerable<object> Events => events;
    }
}

/// <summary>Changes events on their way into the journal.</summary>
public interface IWriteEventAdapter
{
    string Manifest(object evt);

    object ToJournal(object evt);
}

/// <summary>Changes events on their way out of the journal.</summary>
public interface IReadEventAdapter
{
    IEventSequence FromJournal(object evt, string manifest);
}

/// <summary>Both ways.</summary>
public interface IEventAdapter : IWriteEventAdapter, IReadEventAdapter;

/// <summary>An event with tags to find it by.</summary>
public readonly struct Tagged
{
    public Tagged(object payload, IEnumerable<string> tags)
        : this(payload, tags.ToImmutableHashSet())
    {
    }

    public Tagged(object payload, IImmutableSet<string> tags)
    {
        Payload = payload;
        Tags = tags;
    }

    public object Payload { get; }

    public IImmutableSet<string> Tags { get; }
}

/// <summary>The adapters that one journal's configuration binds to event types.</summary>
internal sealed class EventAdapters
{
    private readonly List<(Type Type, object Adapter)> _bindings = [];

    internal static EventAdapters Read(ExtendedActorSystem system, string plugin)
    {
        var adapters = new EventAdapters();
        var config = system.Settings.Config;
        if (config.GetConfig($"{plugin}.event-adapter-bindings") is not { } bindings)
            return adapters;
        var named = config.GetConfig($"{plugin}.event-adapters") ?? Config.Empty;
        foreach (var key in bindings.Keys())
        {
            var type = Type.GetType(key)
                ?? throw new ConfigurationException($"{plugin}.event-adapter-bindings names {key}, which is no type of this process");
            var names = bindings.Member(key) is { } one ? [one] : bindings.GetStringList($"\"{key}\"");
            foreach (var name in names)
                adapters._bindings.Add((type, Make(system, plugin, named, name)));
        }

        return adapters;
    }

    internal (object Payload, IReadOnlyCollection<string> Tags) ToJournal(object payload)
    {
        foreach (var (type, adapter) in _bindings)
        {
            if (type.IsInstanceOfType(payload) && adapter is IWriteEventAdapter writer)
            {
                payload = writer.ToJournal(payload);
                break;
            }
        }

        return payload is Tagged tagged ? (tagged.Payload, tagged.Tags) : (payload, []);
    }

    /// <summary>What the writing adapter calls this kind of event; empty where none is bound.</summary>
    internal string ManifestOf(object payload) => _bindings
        .Where(binding => binding.Type.IsInstanceOfType(payload))
        .Select(binding => (binding.Adapter as IWriteEventAdapter)?.Manifest(payload))
        .FirstOrDefault(manifest => manifest is not null) ?? "";

    internal IEnumerable<PersistentEntry> FromJournal(PersistentEntry entry, string manifest)
    {
        foreach (var (type, adapter) in _bindings)
        {
            if (type.IsInstanceOfType(entry.Payload) && adapter is IReadEventAdapter reader)
                return reader.FromJournal(entry.Payload, manifest).Events.Select(payload => entry with { Payload = payload });
        }

        return [entry];
    }

    private static object Make(ExtendedActorSystem system, string plugin, Config named, string name)
    {
        var type = named.Member(name) is { } typeName ? Type.GetType(typeName) : null;
        if (type is null)
            throw new ConfigurationException($"{plugin}.event-adapters has no class of this process under {name}");
        return type.GetConstructor([typeof(ExtendedActorSystem)]) is not null
            ? Activator.CreateInstance(type, system)!
            : Activator.CreateInstance(type)!;
    }
}
