using System.Text.Json;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;

namespace Flyscan.Persistence.Catalogue;

/// <summary>One line of the run catalogue.</summary>
/// <remarks><b>Units</b> StartedNs, FinishedNs: nanoseconds since 1970-01-01 UTC. Folder: absolute.</remarks>
public sealed record RunEntry(
    string Uid,
    RunStatus Status,
    long Frames,
    long Committed,
    long StartedNs,
    long? FinishedNs,
    string Folder,
    string Title,
    string? Problem)
{
    /// <summary>The line of one run, from its journal.</summary>
    public static RunEntry From(string dataFolder, string uid, IReadOnlyList<JournalEntry> entries)
    {
        var events = entries.Select(e => e.Event).ToArray();
        if (events is not [ScanEvent.ScanSubmitted submitted, ..])
            return Unreadable(uid, $"its first event is not scan.submitted but {(entries.Count == 0 ? "missing" : entries[0].Manifest)}");
        var finished = events.OfType<ScanEvent.Finished>().LastOrDefault();
        var holds = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var e in events)
            _ = e switch
            {
                ScanEvent.HoldSet set => holds.Add(set.Hold),
                ScanEvent.HoldCleared cleared => holds.Remove(cleared.Hold),
                _ => false,
            };
        var status = finished?.Status switch
        {
            ScanStatus.Finished => RunStatus.Finished,
            ScanStatus.Aborted => RunStatus.Aborted,
            ScanStatus.Faulted => RunStatus.Faulted,
            _ => holds.Count > 0 ? RunStatus.Paused : RunStatus.Unfinished,
        };
        return new RunEntry(
            uid, status, submitted.Frames, events.OfType<ScanEvent.FramesCommitted>().Sum(c => c.Frames.Count), submitted.AtNs,
            finished?.AtNs, RunFolder.Of(dataFolder, submitted.RunFolder).Path, TitleOf(submitted.RequestJson), finished?.Reason);
    }

    internal static RunEntry Unreadable(string uid, string problem) =>
        new(uid, RunStatus.Unreadable, 0, 0, 0, null, "", "", problem);

    /// <summary>The request's own title, else its metadata's, else the sample.</summary>
    private static string TitleOf(string requestJson)
    {
        try
        {
            using var json = JsonDocument.Parse(requestJson);
            var request = json.RootElement;
            if (request.ValueKind != JsonValueKind.Object)
                return "";
            var metadata = request.TryGetProperty("metadata", out var m) ? m : default;
            return Text(request, "title") ?? Text(metadata, "title") ?? Text(request, "sample") ?? "";
        }
        catch (JsonException)
        {
            return "";
        }
    }

    private static string? Text(JsonElement owner, string member) =>
        owner.ValueKind == JsonValueKind.Object && owner.TryGetProperty(member, out var value) && value.ValueKind == JsonValueKind.String
            ? value.GetString()
            : null;
}
