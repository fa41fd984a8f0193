using Flyscan.Persistence.Catalogue;

namespace Flyscan.Host.Cli;

/// <summary>Which run of a data folder is meant.</summary>
internal static class RunChoice
{
    /// <summary>The runs of a data folder that is there.</summary>
    public static IReadOnlyList<RunEntry> RunsOf(string folder) => Directory.Exists(folder)
        ? RunCatalogue.List(folder)
        : throw new RefusedException($"there is no data folder {folder}; give it with --out");

    /// <summary>The run of that uid, or the only one whose uid begins so.</summary>
    public static RunEntry Named(IReadOnlyList<RunEntry> runs, string uid, string folder)
    {
        var named = runs.Where(r => uid.Length > 0 && r.Uid.StartsWith(uid, StringComparison.OrdinalIgnoreCase)).ToList();
        return named.Find(r => r.Uid.Length == uid.Length) ?? named.Count switch
        {
            1 => named[0],
            0 => throw new RefusedException($"{folder} has no run '{uid}'; `flyscan runs --out {folder}` lists what it has"),
            _ => throw new RefusedException($"'{uid}' begins the uid of several runs; say which:{Listed(named)}"),
        };
    }

    /// <summary>The only run that can be continued; where there is none, the newest; null where there are no runs.</summary>
    public static RunEntry? ToContinue(IReadOnlyList<RunEntry> runs)
    {
        var open = runs.Where(r => r.Status is RunStatus.Unfinished or RunStatus.Paused).ToList();
        return open.Count switch
        {
            0 => runs.Count > 0 ? runs[^1] : null,
            1 => open[0],
            _ => throw new RefusedException($"several runs are unfinished; say which:{Listed(open)}"),
        };
    }

    private static string Listed(IEnumerable<RunEntry> runs) =>
        string.Concat(runs.Select(r => FormattableString.Invariant($"\n  {r.Uid}  {r.Committed}/{r.Frames}  {r.Title}").TrimEnd()));
}
