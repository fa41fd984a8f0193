using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Journal;
using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan runs</c> and <c>flyscan show</c>: the catalogue, and one run's journal as a timeline.</summary>
internal static class RunsCommand
{
    public static Command Runs()
    {
        var common = new CommonOptions();
        var command = new VerbCommand("runs", "Lists the runs of a data folder.", "flyscan runs", "flyscan runs --out data --json")
        {
            common.Out, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) =>
        {
            var runs = RunChoice.RunsOf(parsed.GetValue(common.Out)!);
            var table = new Table().Border(TableBorder.Simple).AddColumns("uid", "status", "frames", "committed", "started (UTC)", "title");
            foreach (var run in runs)
                table.AddRow(
                    run.Uid, run.Status.ToString().ToLowerInvariant(), Text(run.Frames), Text(run.Committed), Time(run.StartedNs),
                    Plain.Of(run.Status == RunStatus.Unreadable ? run.Problem! : run.Title));
            output.Table(table);
            output.Object(JsonSerializer.Serialize(new
            {
                runs = runs.Select(r => new
                {
                    uid = r.Uid,
                    status = r.Status.ToString().ToLowerInvariant(),
                    frames = r.Frames,
                    committed = r.Committed,
                    started = Time(r.StartedNs),
                    folder = r.Folder,
                    title = r.Title,
                    problem = r.Problem,
                }),
            }));
            return Task.FromResult(ExitCode.Finished);
        });
        return command;
    }

    public static Command Show()
    {
        var uid = new Argument<string>("UID") { Description = "The run, or the beginning of its uid." };
        var common = new CommonOptions();
        var command = new VerbCommand(
            "show", "Shows one run with its journal as a readable timeline.", "flyscan show 0f3a", "flyscan show 0f3a --out data --json")
        {
            uid, common.Out, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) =>
        {
            var folder = parsed.GetValue(common.Out)!;
            var run = RunChoice.Named(RunChoice.RunsOf(folder), parsed.GetValue(uid)!, folder);
            var entries = JournalReader.ReadScan(RunFolder.JournalOf(folder), run.Uid);
            foreach (var line in Timeline.Render(entries))
                output.Line(line);
            var where = new RunFolder(run.Folder);
            if (File.Exists(where.Summary))
                return Task.FromResult(Keep(output.Summary(run.Uid, where)));
            var status = run.Status.ToString().ToLowerInvariant();
            output.Line($"{status}: {Text(run.Committed)} of {Text(run.Frames)} frames committed; continue with flyscan resume {run.Uid}");
            output.Object(RunReport.SoFar(folder, run.Uid, where, status, run.Problem).ToJson());
            return Task.FromResult(ExitCode.Finished);
        });
        return command;
    }

    /// <summary>Showing a run succeeds, however the run ended.</summary>
    private static int Keep(int _) => ExitCode.Finished;

    private static string Text(long n) => n.ToString(CultureInfo.InvariantCulture);

    private static string Time(long ns) =>
        DateTimeOffset.UnixEpoch.AddTicks(ns / 100).ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture);
}
