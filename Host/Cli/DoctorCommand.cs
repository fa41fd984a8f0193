using System.CommandLine;
using System.Text.Json;

using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan doctor</c>: what this machine has and lacks.</summary>
internal static class DoctorCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var beamline = new Option<string?>("--beamline", "-b")
        {
            Description = "Check this beamline file too: every key, that it fits together, folders and search lists.",
            HelpName = "FILE",
        };
        var online = new Option<bool>("--online")
        {
            Description = "Connect to each device of the file: that it is there, what it says it is, its limits, every record.",
        };
        var command = new VerbCommand(
            "doctor",
            "Says what this machine has and lacks: engine, versions, libraries, disk, ports; and whether a beamline file is right.",
            "flyscan doctor", "flyscan doctor --out /data --json", "flyscan doctor --beamline i22.hocon",
            "flyscan doctor --beamline i22.hocon --online")
        {
            beamline, online, common.Out, common.Json,
        };
        command.SetVerb(common.Json, async (parsed, output) =>
        {
            var (file, folder) = (parsed.GetValue(beamline), parsed.GetValue(common.Out)!);
            var checks = new List<DoctorCheck>(await BeamlineAsync(file, parsed.GetValue(online), folder));
            // The ports are those of the virtual beamline that comes with flyscan; a beamline file has its own.
            checks.AddRange(Doctor.Run(new DoctorQuestions(Product.Engine, folder, file is null ? [8888, 8889, 9700] : [])));
            var table = new Table().Border(TableBorder.Simple).AddColumns("", "check", "found", "advice");
            table.AddRow("[green]ok[/]", "flyscan", Product.Version, "");
            foreach (var check in checks)
                table.AddRow(
                    check.Ok ? "[green]ok[/]" : check.IsRequired ? "[red]no[/]" : "[yellow]--[/]",
                    Plain.Of(check.Name), Plain.Of(check.Detail), Plain.Of(check.Advice ?? ""));
            output.Table(table);
            output.Object(JsonSerializer.Serialize(new
            {
                version = Product.Version,
                engine = Product.Engine,
                checks = checks.Select(c => new
                {
                    name = c.Name,
                    ok = c.Ok,
                    required = c.IsRequired,
                    detail = c.Detail,
                    advice = c.Advice,
                }),
            }));
            return checks.All(c => c.Ok || !c.IsRequired) ? ExitCode.Finished : ExitCode.Refused;
        });
        return command;
    }

    private static async Task<IReadOnlyList<DoctorCheck>> BeamlineAsync(string? file, bool online, string folder)
    {
        if (file is null)
            return online
                ? throw new RefusedException("--online needs --beamline FILE: it connects to the devices that the file names")
                : [];
        var (checks, beamline) = BeamlineChecks.Offline(file);
        return online && beamline is not null ? [.. checks, .. await BeamlineChecks.OnlineAsync(beamline, folder)] : checks;
    }
}
