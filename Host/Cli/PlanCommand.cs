using System.CommandLine;
using Flyscan.Host.Composition;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan plan</c>: the plan and its cost, or every reason why not.</summary>
internal static class PlanCommand
{
    public static Command Create(Func<string, long?> freeBytes)
    {
        var request = new Argument<string>("REQUEST.json") { Description = "A scan request, or a bare scanspec document." };
        var svg = new Option<string?>("--svg")
        {
            Description = "Also draws the path, its frames, run-ups and turn-arounds, and a timeline, into this file.",
            HelpName = "FILE",
        };
        var common = new CommonOptions();
        var command = new VerbCommand(
            "plan", "Shows a scan's plan and cost, or every reason why it cannot run. Moves and writes nothing.",
            "flyscan plan grid.json --axes x=sx",
            "flyscan plan grid.json --beamline i22.hocon --json",
            "flyscan plan grid.json --svg grid.svg")
        {
            request, common.Beamline, common.Out, common.Detectors, common.Axes, svg, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) =>
        {
            var arguments = new PlanArguments(
                parsed.GetValue(request)!, parsed.GetValue(common.Beamline)!, parsed.GetValue(common.Out)!,
                parsed.GetValue(common.Detectors), parsed.GetValue(common.Axes), freeBytes);
            var beamline = RunPreparation.LoadBeamline(arguments.Beamline);
            var run = RunPreparation.NewRun(arguments, beamline);
            var plan = run.Plan;
            var roundings = BoxRoundings.Of(beamline, plan);
            PlanView.Show(output, plan, roundings, run.Setup);
            if (parsed.GetValue(svg) is { } file)
                Write(file, PlanPicture.Of(plan), output);
            output.Object(PlanView.ToJson(plan, roundings));
            return Task.FromResult(ExitCode.Finished);
        });
        return command;
    }

    private static void Write(string file, string picture, Output output)
    {
        try
        {
            File.WriteAllText(file, picture);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new RefusedException($"the picture {file} cannot be written: {e.Message} Give another file with --svg.");
        }
        output.Line($"picture: {file}");
    }
}
