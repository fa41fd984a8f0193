using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Akka.Actor;
using Akka.Serialization;
using Flyscan.Actors.Remote;
using Flyscan.Scanning.Units;

namespace Flyscan.Twin;

/// <summary>What supervisors and device hosts tell each other, as bytes: JSON, where a value of an abstract type says of which record it
/// is.</summary>
internal sealed class WireSerializer(ExtendedActorSystem system) : SerializerWithStringManifest(system)
{
    private static readonly JsonSerializerOptions Options = new()
    {
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        Converters = { new ArrayFactory(), new AnyOfFactory() },
    };

    public override int Identifier => 7002;

    public override string Manifest(object o) => o is ChannelFrame ? "frame" : "unknown";

    public override byte[] ToBinary(object obj) => JsonSerializer.SerializeToUtf8Bytes(obj, obj.GetType(), Options);

    public override object FromBinary(byte[] bytes, string manifest) => manifest == "frame"
        ? JsonSerializer.Deserialize<ChannelFrame>(bytes, Options)!
        : JsonSerializer.Deserialize<ChannelUnknown>(bytes, Options)!;

    private sealed class AnyOfFactory : JsonConverterFactory
    {
        public override bool CanConvert(Type type) => type == typeof(object) || (type.IsAbstract && type.IsClass);

        public override JsonConverter CreateConverter(Type type, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(AnyOf<>).MakeGenericType(type))!;
    }

    private sealed class AnyOf<T> : JsonConverter<T>
    {
        public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
        {
            var node = JsonNode.Parse(ref reader)!.AsArray();
            return (T?)node[1].Deserialize(Type.GetType((string)node[0]!, throwOnError: true)!, options);
        }

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options)
        {
            writer.WriteStartArray();
            writer.WriteStringValue(value!.GetType().AssemblyQualifiedName);
            JsonSerializer.Serialize(writer, value, value.GetType(), options);
            writer.WriteEndArray();
        }
    }

    private sealed class ArrayFactory : JsonConverterFactory
    {
        public override bool CanConvert(Type type) => type.IsGenericType && type.GetGenericTypeDefinition() == typeof(EquatableArray<>);

        public override JsonConverter CreateConverter(Type type, JsonSerializerOptions options) =>
            (JsonConverter)Activator.CreateInstance(typeof(Items<>).MakeGenericType(type.GetGenericArguments()))!;
    }

    private sealed class Items<T> : JsonConverter<EquatableArray<T>>
    {
        public override EquatableArray<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
            JsonSerializer.Deserialize<T[]>(ref reader, options)!.ToEquatableArray();

        public override void Write(Utf8JsonWriter writer, EquatableArray<T> value, JsonSerializerOptions options) =>
            JsonSerializer.Serialize(writer, value.ToArray(), options);
    }
}
