using System.CommandLine;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan plan</c>: the plan and its cost, or every reason why not.</summary>
internal static class PlanCommand
{
    public static Command Create(Func<string, long?> freeBytes)
    {
        var request = new Argument<string>("REQUEST.json") { Description = "A scan request, or a bare scanspec document." };
        var common = new CommonOptions();
        var command = new VerbCommand(
            "plan", "Shows a scan's plan and cost, or every reason why it cannot run. Moves and writes nothing.",
            "flyscan plan grid.json --axes x=sx",
            "flyscan plan grid.json --beamline i22.hocon --json")
        {
            request, common.Beamline, common.Out, common.Detectors, common.Axes, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) =>
        {
            var arguments = new PlanArguments(
                parsed.GetValue(request)!, parsed.GetValue(common.Beamline)!, parsed.GetValue(common.Out)!,
                parsed.GetValue(common.Detectors), parsed.GetValue(common.Axes), freeBytes);
            var plan = RunPreparation.NewRun(arguments, RunPreparation.LoadBeamline(arguments.Beamline)).Plan;
            PlanView.Show(output, plan);
            output.Object(PlanView.ToJson(plan));
            return Task.FromResult(ExitCode.Finished);
        });
        return command;
    }
}
