using Flyscan.Persistence.Codecs;
using Flyscan.Persistence.Journal;

namespace Flyscan.Persistence.Catalogue;

/// <summary>The runs of a data folder: a projection of its journal, so that nothing can disagree with it.</summary>
public static class RunCatalogue
{
    private static readonly string[] Kinds =
        ["scan.submitted", "scan.frames-committed", "scan.hold-set", "scan.hold-cleared", "scan.finished"];

    /// <summary>Most of a journal is of kinds that say nothing here, and decoding is what takes time.</summary>
    private static readonly HashSet<string> Passed = [.. ScanEventCodec.Manifests.Where(m => !Kinds.Contains(m.Split('/')[0]))];

    /// <summary>Every run, in the order in which they began; empty where no run was made yet.</summary>
    /// <remarks>A run that cannot be read is listed with the reason and hides no other.
    /// <b>Errors</b> <see cref="JournalException"/> where the whole journal cannot be read.</remarks>
    public static IReadOnlyList<RunEntry> List(string dataFolder)
    {
        var journal = RunFolder.JournalOf(dataFolder);
        return File.Exists(journal)
            ? [.. JournalReader.ReadAll(journal, Passed).Select(run => Entry(dataFolder, run))]
            : [];
    }

    private static RunEntry Entry(string dataFolder, (string Uid, IReadOnlyList<JournalEntry> Entries, string? Problem) run) =>
        run.Problem is null ? RunEntry.From(dataFolder, run.Uid, run.Entries) : RunEntry.Unreadable(run.Uid, run.Problem);
}
