namespace Flyscan.Persistence.Catalogue;

/// <summary>Where the parts of a run are. <b>Source</b> decisions, On disk.</summary>
/// <param name="Path">The run's own folder.</param>
public sealed record RunFolder(string Path)
{
    /// <summary>Where a run's folder is when the request does not say.</summary>
    public const string DefaultTemplate = "runs/{uid}";

    public string Request => System.IO.Path.Combine(Path, "request.json");

    public string Plan => System.IO.Path.Combine(Path, "plan.json");

    public string Documents => System.IO.Path.Combine(Path, "documents.jsonl");

    public string Log => System.IO.Path.Combine(Path, "flyscan.log");

    public string Summary => System.IO.Path.Combine(Path, "summary.json");

    public string Master => System.IO.Path.Combine(Path, "master.nxs");

    public string Data => System.IO.Path.Combine(Path, "data");

    /// <summary>The journal of all runs of a data folder.</summary>
    public static string JournalOf(string dataFolder) => System.IO.Path.Combine(dataFolder, "journal.db");

    /// <summary>The file that the process in charge of a data folder holds locked.</summary>
    public static string LockOf(string dataFolder) => System.IO.Path.Combine(dataFolder, "lock");

    /// <summary>The run's folder as the journal names it, absolute or below the data folder.</summary>
    public static RunFolder Of(string dataFolder, string runFolder) =>
        new(System.IO.Path.GetFullPath(runFolder, System.IO.Path.GetFullPath(dataFolder)));
}
