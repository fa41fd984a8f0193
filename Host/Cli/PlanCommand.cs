using System.CommandLine;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan plan</c>: the plan and its cost, or every reason why not.</summary>
internal static class PlanCommand
{
    public static Command Create()
    {
        var request = new Argument<string>("REQUEST.json") { Description = "A scan request, or a bare scanspec document." };
        var common = new CommonOptions();
        var command = new Command("plan", "Shows a scan's plan and cost, or every reason why it cannot run. Moves and writes nothing.\n\n" +
            "Example: flyscan plan grid.json --axes x=sx")
        {
            request, common.Beamline, common.Out, common.Detectors, common.Axes, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) =>
        {
            var arguments = new PlanArguments(
                parsed.GetValue(request)!, parsed.GetValue(common.Beamline)!, parsed.GetValue(common.Out)!,
                parsed.GetValue(common.Detectors),
                parsed.GetValue(common.Axes));
            var beamline = RunPreparation.LoadBeamline(arguments.Beamline);
            var plan = RunPreparation.Plan(RunPreparation.LoadRequest(arguments, beamline.Description), beamline, arguments.DataFolder);
            PlanView.Show(output, plan);
            output.Object(PlanView.ToJson(plan));
            return Task.FromResult(ExitCode.Finished);
        });
        return command;
    }
}
