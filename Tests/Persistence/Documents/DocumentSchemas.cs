using System.Collections.Concurrent;
using System.Text.Json;
using Newtonsoft.Json.Linq;
using NJsonSchema;

namespace Flyscan.Tests.Persistence.Documents;

/// <summary>Event-model's own schemas, read where others keep them.</summary>
internal static class DocumentSchemas
{
    private static readonly Dictionary<string, string> Files = new()
    {
        ["start"] = "run_start",
        ["descriptor"] = "event_descriptor",
        ["event"] = "event",
        ["stream_resource"] = "stream_resource",
        ["stream_datum"] = "stream_datum",
        ["stop"] = "run_stop",
    };

    private static readonly ConcurrentDictionary<string, JsonSchema> Loaded = new();

    /// <summary>What the schema of a type of document says against one; empty when it is valid.</summary>
    public static IEnumerable<string> Problems(string name, string json) =>
        Loaded.GetOrAdd(name, Load).Validate(json).Select(e => $"{name}: {e}");

    public static IEnumerable<string> Problems(JsonElement line) =>
        Problems(line.GetProperty("name").GetString()!, line.GetProperty("doc").GetRawText());

    /// <remarks>NJsonSchema reads draft 4: shared parts stand under <c>definitions</c>, and members beside a reference are not read, so
    /// that the reference moves into <c>allOf</c>.</remarks>
    private static JsonSchema Load(string name)
    {
        var text = File.ReadAllText(SharedData.PathOf($"data/event-model-schemas/{Files[name]}.json"));
        var schema = JObject.Parse(text.Replace("\"$defs\"", "\"definitions\"").Replace("#/$defs/", "#/definitions/"));
        foreach (var reference in schema.Descendants().OfType<JProperty>().Where(p => p.Name == "$ref" && p.Parent!.Count > 1).ToArray())
        {
            var owner = (JObject)reference.Parent!;
            reference.Remove();
            owner["allOf"] = new JArray(new JObject(reference));
        }
        return JsonSchema.FromJsonAsync(schema.ToString()).GetAwaiter().GetResult();
    }
}
