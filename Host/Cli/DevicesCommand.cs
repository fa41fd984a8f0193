using System.CommandLine;
using System.Text.Json;
using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan devices</c>: every device of a beamline file, whether it answers, and what it says.</summary>
internal static class DevicesCommand
{
    private const int MostShown = 6;

    public static Command Create()
    {
        var common = new CommonOptions();
        var all = new Option<bool>("--all") { Description = "Show every value, not only the first ones and those in alarm." };
        var command = new VerbCommand(
            "devices", "Shows every device of a beamline file: whether it can be reached, its values, its alarms. Moves nothing.",
            "flyscan devices --beamline i22.hocon", "flyscan devices --beamline i22.hocon --all", "flyscan devices --json")
        {
            common.Beamline, common.Out, all, common.Json,
        };
        command.SetVerb(common.Json, async (parsed, output) =>
        {
            var beamline = RunPreparation.LoadBeamline(parsed.GetValue(common.Beamline)!);
            var devices = await DeviceSurvey.RunAsync(beamline, parsed.GetValue(common.Out)!);
            output.Table(TableOf(devices, parsed.GetValue(all)));
            output.Object(JsonSerializer.Serialize(new
            {
                beamline = beamline.Name,
                devices = devices.Select(d => new
                {
                    name = d.Name,
                    kind = d.Kind,
                    ok = d.Problem is null,
                    problem = d.Problem,
                    values = d.Facts.Select(f => new { name = f.Name, value = f.Value, alarm = f.Alarm }),
                }),
            }));
            return devices.All(d => d.Problem is null) ? ExitCode.Finished : ExitCode.Refused;
        });
        return command;
    }

    private static Table TableOf(IReadOnlyList<SurveyedDevice> devices, bool all)
    {
        var table = new Table().Border(TableBorder.Simple).AddColumns("", "device", "kind", "value", "", "alarm");
        foreach (var device in devices)
        {
            table.AddRow(
                device.Problem is null ? "[green]ok[/]" : "[red]no[/]", Plain.Of(device.Name), Plain.Of(device.Kind), "", "",
                Plain.Of(device.Problem ?? ""));
            var shown = all
                ? device.Facts.ToList()
                : [.. device.Facts.Where((f, i) => i < MostShown || f.Alarm is not null).Take(2 * MostShown)];
            foreach (var fact in shown)
                table.AddRow(
                    "", "", "", Plain.Of(fact.Name), Plain.Of(fact.Value ?? ""),
                    fact.Alarm is null ? "" : $"[yellow]{Plain.Of(fact.Alarm)}[/]");
            if (device.Facts.Count > shown.Count)
                table.AddRow("", "", "", $"and {device.Facts.Count - shown.Count} more (--all)", "", "");
        }
        return table;
    }
}
