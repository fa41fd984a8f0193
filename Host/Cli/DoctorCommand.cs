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
        var command = new VerbCommand(
            "doctor", "Says what this machine has and lacks: engine, versions, libraries, disk, ports.",
            "flyscan doctor", "flyscan doctor --out /data --json")
        {
            common.Out, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) =>
        {
            var checks = Doctor.Run(new DoctorQuestions(Product.Engine, parsed.GetValue(common.Out)!, [8888, 8889, 9700]));
            var table = new Table().Border(TableBorder.Simple).AddColumns("", "check", "found", "advice");
            table.AddRow("[green]ok[/]", "flyscan", Product.Version, "");
            foreach (var check in checks)
                table.AddRow(
                    check.Ok ? "[green]ok[/]" : check.IsRequired ? "[red]no[/]" : "[yellow]--[/]",
                    Markup.Escape(check.Name), Markup.Escape(check.Detail), Markup.Escape(check.Advice ?? ""));
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
            return Task.FromResult(checks.All(c => c.Ok || !c.IsRequired) ? ExitCode.Finished : ExitCode.Refused);
        });
        return command;
    }
}
