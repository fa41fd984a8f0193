using System.Globalization;
using System.Text.Json;
using Flyscan.Host.Composition;
using Flyscan.Persistence.Catalogue;
using Flyscan.Scanning.Runs;
using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary>What a verb prints, where: with --json people read standard error and standard output ends with one JSON object.</summary>
internal sealed class Output(bool json)
{
    private readonly TextWriter _text = json ? Console.Error : Console.Out;

    public bool Json => json;

    /// <summary>A person sits there who can be asked.</summary>
    public bool CanAsk => !json && !Console.IsInputRedirected && !Console.IsOutputRedirected;

    public void Line(string text = "") => _text.WriteLine(text);

    public void Table(Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_text) });
        if (json ? Console.IsErrorRedirected : Console.IsOutputRedirected)
            console.Profile.Width = 140;
        console.Write(table);
    }

    public void Object(string jsonObject)
    {
        if (json)
            Console.Out.WriteLine(jsonObject);
    }

    public IProgressView Progress(RunView view, RunToMake run) =>
        !json && !Console.IsOutputRedirected && AnsiConsole.Profile.Capabilities.Interactive
            ? new BarProgress(view, run)
            : new LineProgress(view, run, _text);

    /// <summary>The run is over and its records are complete.</summary>
    public int Ended(RunToMake run, string? recordsProblem)
    {
        if (recordsProblem is not null)
            return Failed(
                run.Uid,
                $"the scan has ended, but its records are not complete: {recordsProblem}. `flyscan resume {run.Uid}` makes them again.",
                ExitCode.Faulted);
        return Summary(run.Uid, run.Folder);
    }

    /// <summary>Prints a finished run's summary and gives its exit code.</summary>
    public int Summary(string uid, RunFolder folder)
    {
        var summary = RunSummary.Read(folder.Summary);
        SummaryView.Show(this, summary, folder);
        Object(OneLine(summary.ToJson()));
        return summary.Status switch
        {
            "finished" => ExitCode.Finished,
            "aborted" => ExitCode.Aborted,
            _ => ExitCode.Faulted,
        };
    }

    public int Paused(RunToMake run, ScanReply.Paused paused, ScanState? state)
    {
        var why = state is null ? "" : string.Join("; ", state.Holds.Select(h => $"{h.Key}: {h.Value}"));
        Line(string.Create(CultureInfo.InvariantCulture, $"paused at frame {paused.AtFrame} of {run.Plan.Frames} ({why})"));
        Line($"continue with: ./flyscan resume {run.Uid} --out {run.DataFolder}");
        Object(JsonSerializer.Serialize(new
        {
            uid = run.Uid,
            status = "paused",
            frames = run.Plan.Frames,
            committed = state?.Committed.Count ?? 0,
            error = why,
        }));
        return ExitCode.Paused;
    }

    public int Failed(string? uid, string message, int code)
    {
        Console.Error.WriteLine($"flyscan: {message}");
        Object(JsonSerializer.Serialize(new { uid, status = code == ExitCode.Refused ? "refused" : "faulted", error = message }));
        return code;
    }

    private static string OneLine(string indented)
    {
        using var document = JsonDocument.Parse(indented);
        return JsonSerializer.Serialize(document.RootElement);
    }
}
