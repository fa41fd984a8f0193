using System.Text.Json;

namespace Flyscan.Persistence.Documents;

/// <summary>What a request may say about its documents.</summary>
public static class RunMetadata
{
    /// <summary>Members of the start document that the run itself writes.</summary>
    internal static readonly string[] Reserved =
    [
        "uid", "time", "scan_id", "plan_name", "plan_type", "plan_hash", "beamline", "motors", "detectors", "num_points", "shape",
        "detector_rates", "extents", "hints", "versions", "visit", "operator", "sample", "data_type", "projections",
    ];

    private static readonly string[] Texts = ["owner", "group", "project", "data_session"];

    /// <summary>Every reason why documents of this request cannot be written; empty when they can.</summary>
    /// <remarks><b>Source</b> event-model 1.24 run_start: members hold no dot and no slash, at any depth; a few have a type.</remarks>
    public static IReadOnlyList<string> Problems(string? metadataJson)
    {
        var problems = new List<string>();
        if (metadataJson is null)
            return problems;
        try
        {
            using var json = JsonDocument.Parse(metadataJson);
            CheckObject(json.RootElement, problems);
        }
        catch (JsonException e)
        {
            problems.Add($"metadata is not JSON: {e.Message}");
        }
        return problems;
    }

    private static void CheckObject(JsonElement metadata, List<string> problems)
    {
        if (metadata.ValueKind != JsonValueKind.Object)
        {
            problems.Add($"metadata is a JSON {metadata.ValueKind.ToString().ToLowerInvariant()}; an object is needed");
            return;
        }
        foreach (var member in metadata.EnumerateObject())
        {
            if (Reserved.Contains(member.Name))
                problems.Add($"metadata.{member.Name}: the run writes this member itself; give yours another name");
            if (Texts.Contains(member.Name) && member.Value.ValueKind != JsonValueKind.String)
                problems.Add($"metadata.{member.Name} is {member.Value.GetRawText()}; a text is needed");
            if (member.Name == "data_groups" && !IsTexts(member.Value))
                problems.Add($"metadata.data_groups is {member.Value.GetRawText()}; a list of texts is needed");
        }
        foreach (var twice in metadata.EnumerateObject().GroupBy(m => m.Name).Where(g => g.Count() > 1))
            problems.Add($"metadata.{twice.Key} is there {twice.Count()} times; once is enough");
        CheckNames("metadata", metadata, problems);
    }

    private static bool IsTexts(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(v => v.ValueKind == JsonValueKind.String);

    private static void CheckNames(string where, JsonElement value, List<string> problems)
    {
        if (value.ValueKind != JsonValueKind.Object)
            return;
        foreach (var member in value.EnumerateObject())
        {
            if (member.Name.Length == 0 || member.Name.AsSpan().IndexOfAny('.', '/') >= 0)
                problems.Add($"{where}: the name '{member.Name}' is empty or holds a dot or a slash; documents cannot have it, rename it");
            else
                CheckNames($"{where}.{member.Name}", member.Value, problems);
        }
    }
}
