using System.CommandLine;
using Flyscan.Host.Composition;
using Flyscan.Persistence.Catalogue;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan resume</c>: continues what a dead or paused process left.</summary>
internal static class ResumeCommand
{
    public static Command Create()
    {
        var uid = new Argument<string?>("UID") { Description = "The run. May be left out where only one is unfinished.", Arity = ArgumentArity.ZeroOrOne };
        var common = new CommonOptions();
        var command = new Command("resume", "Continues a run that a dead or paused process left, from its journal; hardware that still flies is taken over.")
        {
            uid, common.Beamline, common.Out, common.TimeScale, common.Json,
        };
        command.SetVerb(common.Json, async (parsed, output) =>
        {
            var folder = parsed.GetValue(common.Out)!;
            if (!Directory.Exists(folder))
                throw new RefusedException($"there is no data folder {folder}; give it with --out");
            using var held = RunPreparation.Lock(folder);
            var runs = RunCatalogue.List(folder);
            if (runs.Count == 0)
                throw NothingBegun(folder);
            var entry = Choose(runs, parsed.GetValue(uid), folder);
            var run = RunPreparation.ExistingRun(folder, entry.Uid, RunPreparation.LoadBeamline(parsed.GetValue(common.Beamline)!));
            SetAsideStrays(run);
            if (entry.Status is RunStatus.Unfinished or RunStatus.Paused)
                return await new RunDriver(output).DriveAsync(run, parsed.GetValue(common.TimeScale), resume: true);
            await RebuildAsync(run);
            VirtualProcess.EndLeftOf(folder);
            return output.Summary(entry.Uid, run.Folder);
        });
        return command;
    }

    private static void SetAsideStrays(RunToMake run)
    {
        try
        {
            foreach (var stray in Persistence.Files.StraySegments.SetAside(run.Folder.Path, EventsOf(run).Select(e => e.Event)))
                Console.Error.WriteLine($"flyscan: a file that was opened and never used is set aside as {stray}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"the run's folder {run.Folder.Path} cannot be written: {e.Message}");
        }
    }

    private static IReadOnlyList<Persistence.Journal.JournalEntry> EventsOf(RunToMake run) =>
        Persistence.Journal.JournalReader.ReadScan(RunFolder.JournalOf(run.DataFolder), run.Uid);

    /// <summary>A run that ended while its records were being written gets them from the journal.</summary>
    private static async Task RebuildAsync(RunToMake run)
    {
        if (File.Exists(run.Folder.Summary))
            return;
        var records = new Persistence.Records.RunRecords(run.Records, TimeProvider.System);
        foreach (var entry in EventsOf(run))
            records.Add(entry.Sequence, entry.Event);
        await records.RefreshAsync([]);
    }

    /// <summary>The first journal entry is written before anything is touched: without it there is nothing to continue or to put back.</summary>
    private static RefusedException NothingBegun(string folder)
    {
        VirtualProcess.EndLeftOf(folder);
        var requests = Directory.Exists(Path.Combine(folder, "runs"))
            ? Directory.GetFiles(Path.Combine(folder, "runs"), "request.json", SearchOption.AllDirectories)
            : [];
        var again = requests.Length == 0
            ? ""
            : $" Its request is kept: `flyscan run {requests[0]} --out {folder}` begins it anew, and its folder can be deleted then.";
        return new RefusedException($"there is nothing to resume: {folder} has no runs; no scan was begun, nothing was moved or recorded.{again}");
    }

    private static RunEntry Choose(IReadOnlyList<RunEntry> runs, string? uid, string folder)
    {
        if (uid is not null)
        {
            var named = runs.Where(r => r.Uid.StartsWith(uid, StringComparison.OrdinalIgnoreCase)).ToList();
            return named.Count switch
            {
                1 => named[0],
                0 => throw new RefusedException($"{folder} has no run {uid}; `flyscan runs --out {folder}` lists what it has"),
                _ => throw new RefusedException($"{uid} begins the uid of several runs:\n  {string.Join("\n  ", named.Select(r => r.Uid))}"),
            };
        }
        var open = runs.Where(r => r.Status is RunStatus.Unfinished or RunStatus.Paused).ToList();
        return open.Count switch
        {
            1 => open[0],
            0 when runs.Count > 0 => runs[^1],
            0 => throw NothingBegun(folder),
            _ => throw new RefusedException(
                $"several runs are unfinished; say which:\n  {string.Join("\n  ", open.Select(r => $"{r.Uid}  {r.Committed}/{r.Frames}  {r.Title}"))}"),
        };
    }
}
