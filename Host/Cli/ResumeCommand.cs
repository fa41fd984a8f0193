using System.CommandLine;
using Flyscan.Host.Composition;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Files;
using Flyscan.Persistence.Journal;
using Flyscan.Persistence.Records;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan resume</c>: continues what a dead or paused process left.</summary>
internal static class ResumeCommand
{
    public static Command Create(Func<string, long?> freeBytes)
    {
        var uid = new Argument<string?>("UID")
        {
            Description = "The run, or the beginning of its uid. May be left out where only one is unfinished.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var common = new CommonOptions();
        var command = new VerbCommand(
            "resume", "Continues a run that a dead or paused process left, from its journal; hardware that still flies is taken over.",
            "flyscan resume",
            "flyscan resume 0f3a --out data --json")
        {
            uid, common.Beamline, common.Out, common.TimeScale, common.Json,
        };
        command.SetVerb(common.Json, async (parsed, output) =>
        {
            var folder = parsed.GetValue(common.Out)!;
            // Read before the folder is taken, so that a refusal leaves no trace where nothing was ever run.
            RunChoice.RunsOf(folder);
            var isFolderNamed = parsed.GetResult(common.Out) is { Implicit: false };
            if (await ControlCommands.TryResumeAsync(parsed.GetValue(uid), folder, isFolderNamed, output) is int told)
                return told;
            using var place = RunPlace.Take(folder);
            try
            {
                var entry = Choose(RunCatalogue.List(folder), parsed.GetValue(uid), folder);
                return await GoAsync(
                    new ResumeArguments(folder, entry, parsed.GetValue(common.Beamline)!, parsed.GetValue(common.TimeScale), freeBytes),
                    output);
            }
            catch (RefusedException)
            {
                place.Undo();
                throw;
            }
            catch (OperationCanceledException)
            {
                return output.Failed(null, "aborted before the run went on; it can be resumed", ExitCode.Aborted);
            }
        });
        return command;
    }

    private sealed record ResumeArguments(
        string DataFolder, RunEntry Entry, string BeamlineFile, double TimeScale, Func<string, long?> FreeBytes);

    private static async Task<int> GoAsync(ResumeArguments resume, Output output)
    {
        var (folder, entry) = (resume.DataFolder, resume.Entry);
        var isOpen = entry.Status is RunStatus.Unfinished or RunStatus.Paused;
        // An ended run is shown without its beamline file, which may have changed since.
        if (isOpen || !File.Exists(new RunFolder(entry.Folder).Summary))
        {
            var run = RunPreparation.ExistingRun(
                folder, entry.Uid, RunPreparation.LoadBeamline(resume.BeamlineFile), resume.FreeBytes);
            SetAsideStrays(run, output);
            if (isOpen)
                return await new RunDriver(output).DriveAsync(run, resume.TimeScale, begun: () => { });
            await RebuildAsync(run);
        }
        VirtualProcess.EndLeftOf(folder);
        return output.Summary(entry.Uid, new RunFolder(entry.Folder));
    }

    private static void SetAsideStrays(RunToMake run, Output output)
    {
        try
        {
            foreach (var stray in StraySegments.SetAside(run.Folder.Path, EventsOf(run).Select(e => e.Event)))
                output.Note($"a file that was opened and never used is set aside as {stray}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"the run's folder {run.Folder.Path} cannot be written: {e.Message}");
        }
    }

    private static IReadOnlyList<JournalEntry> EventsOf(RunToMake run) =>
        JournalReader.ReadScan(RunFolder.JournalOf(run.DataFolder), run.Uid);

    /// <summary>A run that ended while its records were being written gets them from the journal.</summary>
    private static async Task RebuildAsync(RunToMake run)
    {
        var records = new RunRecords(run.Records, TimeProvider.System);
        foreach (var entry in EventsOf(run))
            records.Add(entry.Sequence, entry.Event);
        await records.RefreshAsync([]);
    }

    private static RunEntry Choose(IReadOnlyList<RunEntry> runs, string? uid, string folder)
    {
        var chosen = uid is not null && runs.Count > 0 ? RunChoice.Named(runs, uid, folder) : RunChoice.ToContinue(runs);
        return chosen switch
        {
            null => throw NothingBegun(folder),
            { Status: RunStatus.Unreadable } => throw new RefusedException($"run {chosen.Uid} cannot be read: {chosen.Problem}"),
            _ => chosen,
        };
    }

    /// <summary>The first journal entry is written before anything is touched: without it there is nothing to continue or
    /// to put back.</summary>
    private static RefusedException NothingBegun(string folder)
    {
        VirtualProcess.EndLeftOf(folder);
        var requests = Directory.Exists(Path.Combine(folder, "runs"))
            ? Directory.GetFiles(Path.Combine(folder, "runs"), "request.json", SearchOption.AllDirectories)
            : [];
        var again = requests.Length == 0
            ? ""
            : $" Its request is kept: `flyscan run {requests[0]} --out {folder}` begins it anew, and its folder can be deleted then.";
        return new RefusedException(
            $"there is nothing to resume: {folder} has no runs; no scan was begun, nothing was moved or recorded.{again}");
    }
}
