using System.Collections.Concurrent;
using System.Globalization;
using Akka.Actor;
using Akka.Configuration;

namespace Akka.Serialization;

/// <summary>Finds the serialiser for an object, as bound in <c>akka.actor.serialization-bindings</c>.</summary>
public class Serialization
{
    private readonly Lock _lock = new();
    private readonly Dictionary<int, Serializer> _byId = [];
    private readonly Dictionary<string, Serializer> _byName = [];
    private readonly List<(Type Type, Serializer Serializer)> _bindings = [];
    private readonly ConcurrentDictionary<Type, Serializer> _found = new();

    public Serialization(ExtendedActorSystem system)
    {
        System = system;
        AddSerializer("bytes", new ByteArraySerializer(system));
        AddSerializationMap(typeof(byte[]), _byName["bytes"]);
        ReadSerializers(system.Settings.Config);
        ReadBindings(system.Settings.Config);
    }

    public ExtendedActorSystem System { get; }

    /// <summary>The manifest that goes with the bytes; empty where the serialiser needs none.</summary>
    public static string ManifestFor(Serializer s, object msg) => s switch
    {
        SerializerWithStringManifest named => named.Manifest(msg),
        { IncludeManifest: true } => $"{msg.GetType().FullName}, {msg.GetType().Assembly.GetName().Name}",
        _ => "",
    };

    public static string SerializedActorPath(IActorRef actorRef) => actorRef.Path.ToSerializationFormat();

    public IActorRef DeserializeActorRef(string path) => ((ActorSystemImpl)System).Resolve(ActorPath.Parse(path));

    public byte[] Serialize(object o) => FindSerializerFor(o).ToBinary(o);

    public object Deserialize(byte[] bytes, int serializerId, Type type) => ById(serializerId).FromBinary(bytes, type);

    public object Deserialize(byte[] bytes, int serializerId, string manifest)
    {
        var serializer = ById(serializerId);
        if (serializer is SerializerWithStringManifest named)
            return named.FromBinary(bytes, manifest);
        if (string.IsNullOrEmpty(manifest))
            return serializer.FromBinary(bytes, null!);
        var type = Type.GetType(manifest) ?? throw new global::System.Runtime.Serialization.SerializationException(
            $"Cannot find manifest class [{manifest}] for serializer with id [{serializerId}]");
        return serializer.FromBinary(bytes, type);
    }

    public Serializer FindSerializerFor(object obj, string? defaultSerializerName = null) =>
        FindSerializerForType(obj.GetType(), defaultSerializerName);

    public Serializer FindSerializerForType(Type objectType, string? defaultSerializerName = null)
    {
        if (_found.TryGetValue(objectType, out var known))
            return known;
        var serializer = Bound(objectType);
        if (serializer is null && defaultSerializerName is not null)
            serializer = _byName.GetValueOrDefault(defaultSerializerName);
        if (serializer is null)
            throw new global::System.Runtime.Serialization.SerializationException(
                $"No serializer is bound for {objectType}. Bind it, or a base of it, under akka.actor.serialization-bindings "
                + "to one of: " + string.Join(", ", _byName.Keys.Order(StringComparer.Ordinal)));
        _found[objectType] = serializer;
        return serializer;
    }

    public void AddSerializer(string name, Serializer serializer)
    {
        lock (_lock)
        {
            _byName[name] = serializer;
            if (_byId.TryGetValue(serializer.Identifier, out var other) && other.GetType() != serializer.GetType())
                throw new ConfigurationException(
                    $"Serializers {other.GetType()} and {serializer.GetType()} have the same identifier {serializer.Identifier}");
            _byId[serializer.Identifier] = serializer;
        }
    }

    public void AddSerializationMap(Type type, Serializer serializer)
    {
        lock (_lock)
        {
            _bindings.RemoveAll(binding => binding.Type == type);
            _bindings.Add((type, serializer));
        }

        _found.Clear();
    }

    internal static int ConfiguredIdentifier(ExtendedActorSystem system, Type type)
    {
        var identifiers = system.Settings.Config.GetConfig("akka.actor.serialization-identifiers");
        foreach (var key in identifiers?.Keys() ?? [])
        {
            if (Type.GetType(key) == type)
                return int.Parse(identifiers!.Member(key)!, CultureInfo.InvariantCulture);
        }

        throw new ArgumentException(
            $"Couldn't find serializer id for [{type}] under [akka.actor.serialization-identifiers] HOCON path", nameof(type));
    }

    private Serializer? Bound(Type type)
    {
        Serializer? best = null;
        Type? bestType = null;
        lock (_lock)
        {
            foreach (var (bound, serializer) in _bindings)
            {
                if (bound.IsAssignableFrom(type) && (bestType is null || bestType.IsAssignableFrom(bound)))
                    (best, bestType) = (serializer, bound);
            }
        }

        return best;
    }

    private Serializer ById(int id)
    {
        lock (_lock)
        {
            return _byId.GetValueOrDefault(id) ?? throw new global::System.Runtime.Serialization.SerializationException(
                $"Cannot find serializer with id [{id}]. The most probable reason is that the configuration entry "
                + "akka.actor.serializers is not in sync between the two systems.");
        }
    }

    private void ReadSerializers(Config config)
    {
        if (config.GetConfig("akka.actor.serializers") is not { } serializers)
            return;
        foreach (var name in serializers.Keys())
        {
            var typeName = serializers.Member(name);
            var type = typeName is null ? null : Type.GetType(typeName);
            if (type is null || !typeof(Serializer).IsAssignableFrom(type))
                throw new ConfigurationException(
                    $"akka.actor.serializers.{name} = {typeName} is not the name of a serialiser class; "
                    + "write \"Namespace.Class, Assembly\"");
            var serializer = type.GetConstructor([typeof(ExtendedActorSystem)]) is not null
                ? Activator.CreateInstance(type, System)
                : Activator.CreateInstance(type, System, config);
            AddSerializer(name, (Serializer)serializer!);
        }
    }

    private void ReadBindings(Config config)
    {
        if (config.GetConfig("akka.actor.serialization-bindings") is not { } bindings)
            return;
        foreach (var key in bindings.Keys())
        {
            var name = bindings.Member(key)!;
            var type = Type.GetType(key) ?? throw new ConfigurationException(
                $"akka.actor.serialization-bindings names {key}, which is no type of this process; write \"Namespace.Class, Assembly\"");
            if (!_byName.TryGetValue(name, out var serializer))
                throw new ConfigurationException(
                    $"akka.actor.serialization-bindings binds {key} to {name}, which is not under akka.actor.serializers");
            AddSerializationMap(type, serializer);
        }
    }
}
