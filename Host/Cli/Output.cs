using System.Globalization;
using Flyscan.Host.Composition;
using Flyscan.Persistence.Catalogue;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary>What a verb prints, where: with --json people read standard error and standard output ends with one JSON object.</summary>
internal sealed class Output(bool json, TextWriter output, TextWriter error)
{
    private readonly TextWriter _text = json ? error : output;

    private bool IsTerminal => !json && ReferenceEquals(output, Console.Out) && !Console.IsOutputRedirected;

    /// <summary>A person sits there who can be asked.</summary>
    public bool CanAsk => IsTerminal && !Console.IsInputRedirected;

    public void Line(string text = "") => _text.WriteLine(text);

    /// <summary>Something a person must see, whatever standard output is used for.</summary>
    public void Note(string text) => error.WriteLine($"flyscan: {text}");

    public void Table(Table table)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_text) });
        if (json ? Console.IsErrorRedirected : !IsTerminal)
            console.Profile.Width = 140;
        console.Write(table);
    }

    public void Object(string jsonObject)
    {
        if (json)
            output.WriteLine(jsonObject);
    }

    public IProgressView Progress(RunView view, RunToMake run) =>
        IsTerminal && AnsiConsole.Profile.Capabilities.Interactive
            ? new BarProgress(view, run)
            : new LineProgress(view, run, _text);

    /// <summary>The run is over and its records are complete.</summary>
    public int Ended(RunToMake run, string? recordsProblem) => recordsProblem is null
        ? Summary(run.Uid, run.Folder)
        : Faulted(
            run, $"the scan has ended, but its records are not complete: {recordsProblem}. `flyscan resume {run.Uid}` makes them again.");

    /// <summary>Prints a finished run's summary and gives its exit code.</summary>
    /// <remarks><b>Errors</b> <see cref="RefusedException"/> where the file cannot be read.</remarks>
    public int Summary(string uid, RunFolder folder)
    {
        RunSummary summary;
        try
        {
            summary = RunSummary.Read(folder.Summary);
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"{e.Message} Delete the file; `flyscan resume {uid}` then makes it again from the journal.");
        }
        SummaryView.Show(this, summary, folder);
        Object(RunReport.Of(summary).ToJson());
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
        Line($"continue with: flyscan resume {run.Uid} --out {run.DataFolder}");
        Object(RunReport.SoFar(run.DataFolder, run.Uid, run.Folder, "paused", why).ToJson());
        return ExitCode.Paused;
    }

    /// <summary>The run cannot go on in this process; its journal has what became of it.</summary>
    public int Faulted(RunToMake run, string message)
    {
        Note(message);
        Object(RunReport.SoFar(run.DataFolder, run.Uid, run.Folder, "faulted", message).ToJson());
        return ExitCode.Faulted;
    }

    /// <summary>It did not come to a run, or not to more of one.</summary>
    public int Failed(string? uid, string message, int code, IReadOnlyList<PlanProblem>? problems = null)
    {
        Note(message);
        var status = code == ExitCode.Aborted ? "aborted" : "refused";
        Object(new RunReport { Uid = uid, Status = status, Error = message, Problems = PlanReason.Of(problems) }.ToJson());
        return code;
    }
}
