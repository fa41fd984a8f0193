using System.Text.Json;

namespace Flyscan.Tests.Persistence.Documents;

/// <summary>Makes arrays of a run as bluesky-tiled does: the rows of a data key are the widths of its ranges added up, read off the
/// dataset from row 0 on, whatever the ranges' own positions are.</summary>
internal static class ArrayConsumer
{
    /// <param name="rows">What the dataset of a data key holds; here scan frames stand for their data.</param>
    public static Dictionary<string, long[]> Read(IEnumerable<JsonElement> lines, IReadOnlyList<long> rows)
    {
        var keys = new Dictionary<string, string>();
        var widths = new Dictionary<string, int>();
        foreach (var line in lines)
        {
            var doc = line.GetProperty("doc");
            switch (line.GetProperty("name").GetString())
            {
                case "stream_resource":
                    keys.Add(doc.GetProperty("uid").GetString()!, doc.GetProperty("data_key").GetString()!);
                    widths.Add(doc.GetProperty("data_key").GetString()!, 0);
                    break;
                case "stream_datum":
                    var indices = doc.GetProperty("indices");
                    widths[keys[doc.GetProperty("stream_resource").GetString()!]] +=
                        indices.GetProperty("stop").GetInt32() - indices.GetProperty("start").GetInt32();
                    break;
            }
        }
        return widths.ToDictionary(w => w.Key, w => rows.Take(w.Value).ToArray());
    }
}
