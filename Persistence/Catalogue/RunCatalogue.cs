using Flyscan.Persistence.Journal;

namespace Flyscan.Persistence.Catalogue;

/// <summary>The runs of a data folder: a projection of its journal, so that nothing can disagree with it.</summary>
public static class RunCatalogue
{
    /// <summary>Every run, in the order in which they began; empty where no run was made yet.</summary>
    /// <remarks>A run that cannot be read is listed with the reason and hides no other.
    /// <b>Errors</b> <see cref="JournalException"/> where the whole journal cannot be read.</remarks>
    public static IReadOnlyList<RunEntry> List(string dataFolder)
    {
        var journal = RunFolder.JournalOf(dataFolder);
        return File.Exists(journal)
            ? [.. JournalReader.ListScans(journal).Select(scan => Entry(dataFolder, journal, scan.Uid))]
            : [];
    }

    private static RunEntry Entry(string dataFolder, string journal, string uid)
    {
        try
        {
            return RunEntry.From(dataFolder, uid, JournalReader.ReadScan(journal, uid));
        }
        catch (JournalException e)
        {
            return RunEntry.Unreadable(uid, e.Message);
        }
    }
}
