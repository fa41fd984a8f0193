using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Flyscan.Persistence.Documents;

/// <summary>One event-model document: its type, its id, and its content as JSON text.</summary>
public sealed record Document(string Name, string Uid, string Json)
{
    internal static readonly JsonWriterOptions Style = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>The document as a line of <c>documents.jsonl</c>, without its end.</summary>
    public string Line => $$"""{"name":"{{Name}}","doc":{{Json}}}""";

    internal static Document Write(string name, string uid, Action<Utf8JsonWriter> members)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes, Style))
        {
            json.WriteStartObject();
            json.WriteString("uid", uid);
            members(json);
            json.WriteEndObject();
        }
        return new Document(name, uid, Encoding.UTF8.GetString(bytes.ToArray()));
    }
}
