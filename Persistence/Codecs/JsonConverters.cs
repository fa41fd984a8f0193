using System.Text.Json;
using System.Text.Json.Serialization;
using System.Text.Json.Serialization.Metadata;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Codecs;

/// <summary>A range as <c>[first, end]</c>: its computed members stay out of the bytes.</summary>
internal sealed class FrameRangeConverter : JsonConverter<FrameRange>
{
    public override FrameRange Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("A range of frames is [first, end].");
        var first = Number(ref reader);
        var end = Number(ref reader);
        if (!reader.Read() || reader.TokenType != JsonTokenType.EndArray)
            throw new JsonException("A range of frames has two numbers, [first, end].");
        return new FrameRange(first, end);
    }

    public override void Write(Utf8JsonWriter writer, FrameRange value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(value.First);
        writer.WriteNumberValue(value.End);
        writer.WriteEndArray();
    }

    private static long Number(ref Utf8JsonReader reader) =>
        reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt64(out var value)
            ? value
            : throw new JsonException("A range of frames holds whole numbers, [first, end].");
}

/// <summary>A rate as text, <c>"3"</c> or <c>"1/4"</c>.</summary>
internal sealed class DetectorRateConverter : JsonConverter<DetectorRate>
{
    public override DetectorRate Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.String && DetectorRate.TryParse(reader.GetString()!, out var rate)
            ? rate
            : throw new JsonException($"A rate is a text as \"3\" or \"1/4\", of numbers from 1 to {DetectorRate.Most}.");

    public override void Write(Utf8JsonWriter writer, DetectorRate value, JsonSerializerOptions options) =>
        writer.WriteStringValue(value.ToString());
}

/// <summary>An <see cref="EquatableArray{T}"/> as a JSON array.</summary>
internal sealed class EquatableArrayConverter<T> : JsonConverter<EquatableArray<T>>
{
    public override EquatableArray<T> Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartArray)
            throw new JsonException("An array is needed.");
        var item = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        var items = new List<T>();
        while (reader.Read() && reader.TokenType != JsonTokenType.EndArray)
            items.Add(JsonSerializer.Deserialize(ref reader, item) ?? throw new JsonException("An array holds a null."));
        return items.ToEquatableArray();
    }

    public override void Write(Utf8JsonWriter writer, EquatableArray<T> value, JsonSerializerOptions options)
    {
        var item = (JsonTypeInfo<T>)options.GetTypeInfo(typeof(T));
        writer.WriteStartArray();
        foreach (var one in value)
            JsonSerializer.Serialize(writer, one, item);
        writer.WriteEndArray();
    }
}
