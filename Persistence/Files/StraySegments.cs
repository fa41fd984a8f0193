using Flyscan.Scanning.Runs;

namespace Flyscan.Persistence.Files;

/// <summary>Files that a process opened and died before it journaled them: no frame of any take is in them, and most no reader
/// opens.</summary>
public static class StraySegments
{
    /// <summary>What is appended to their names, so that nobody takes them for data.</summary>
    public const string Suffix = ".unused";

    /// <summary>Renames those of a run's data folder; returns their new paths. A writer that still has one open goes on
    /// undisturbed.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/>, <see cref="UnauthorizedAccessException"/>.</remarks>
    public static IReadOnlyList<string> SetAside(string runFolder, IEnumerable<ScanEvent> events)
    {
        var data = Path.Combine(runFolder, "data");
        if (!Directory.Exists(data))
            return [];
        var journaled = events.OfType<ScanEvent.SegmentOpened>().Select(e => Path.GetFullPath(e.Segment.Path, runFolder)).ToHashSet();
        var strays = new List<string>();
        foreach (var file in Directory.GetFiles(data, "*.h5").Where(f => !journaled.Contains(f)).Order(StringComparer.Ordinal))
        {
            var aside = FreeName(file + Suffix);
            File.Move(file, aside);
            strays.Add(aside);
        }
        return strays;
    }

    private static string FreeName(string wanted)
    {
        var free = wanted;
        for (var n = 2; File.Exists(free); n++)
            free = $"{wanted}{n}";
        return free;
    }
}
