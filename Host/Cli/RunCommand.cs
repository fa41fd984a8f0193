using System.CommandLine;
using Flyscan.Host.Composition;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan run</c> and <c>flyscan demo</c>: plan, then do it.</summary>
internal static class RunCommand
{
    public static Command Run(Func<string, long?> freeBytes)
    {
        var request = new Argument<string>("REQUEST.json") { Description = "A scan request, or a bare scanspec document." };
        var common = new CommonOptions();
        var command = new VerbCommand(
            "run", "Plans a scan, proves it, and runs it. Ctrl-C pauses it; a second one aborts.",
            "flyscan run grid.json",
            "flyscan run grid.json --axes x=sx,y=sy --detectors cam --out data --json")
        {
            request, common.Beamline, common.Out, common.Detectors, common.Axes, common.TimeScale, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) => GoAsync(
            new PlanArguments(
                parsed.GetValue(request)!, parsed.GetValue(common.Beamline)!, parsed.GetValue(common.Out)!,
                parsed.GetValue(common.Detectors), parsed.GetValue(common.Axes), freeBytes),
            parsed.GetValue(common.TimeScale),
            output));
        return command;
    }

    public static Command Demo(Func<string, long?> freeBytes)
    {
        var common = new CommonOptions();
        var beamDump = new Option<bool>("--beam-dump")
        {
            Description = "Dump the beam twice while the scan runs; it rewinds to the first frame that lost its beam.",
        };
        var kill = new Option<bool>("--kill")
        {
            Description = "Kill the process that runs the scan once, with SIGKILL, and resume the scan in another.",
        };
        var command = new VerbCommand(
            "demo", "Runs a 3-dimensional scan on the virtual beamline: z stepped by software, y and x flown by hardware, snaked.",
            "flyscan demo",
            "flyscan demo --beam-dump --kill",
            "flyscan demo --time-scale 0 --out demo-data")
        {
            beamDump, kill, common.Out, common.TimeScale, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) =>
        {
            var beamline = Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon");
            var (dumps, kills) = (parsed.GetValue(beamDump), parsed.GetValue(kill));
            if (dumps || kills)
            {
                if (parsed.GetValue(common.Json))
                    throw new RefusedException("--json tells of one run of one process; leave it out with --beam-dump and --kill");
                var drill = new DemoDrill(output, Path.GetFullPath(parsed.GetValue(common.Out)!), parsed.GetValue(common.TimeScale));
                return drill.RunAsync(RunPreparation.LoadBeamline(beamline), dumps, kills);
            }
            return GoAsync(
                new PlanArguments(
                    Path.Combine(AppContext.BaseDirectory, "demo.json"), beamline, parsed.GetValue(common.Out)!, null, null, freeBytes),
                parsed.GetValue(common.TimeScale),
                output);
        });
        return command;
    }

    private static async Task<int> GoAsync(PlanArguments arguments, double timeScale, Output output)
    {
        var beamline = RunPreparation.LoadBeamline(arguments.Beamline);
        var run = RunPreparation.NewRun(arguments, beamline);
        var roundings = BoxRoundings.Of(beamline, run.Plan);
        PlanView.Show(output, run.Plan, roundings);
        using var place = RunPlace.Take(run.DataFolder);
        try
        {
            place.Make(run, PlanView.ToJson(run.Plan, roundings));
            return await new RunDriver(output).DriveAsync(run, timeScale, begun: place.Keep);
        }
        catch (RefusedException)
        {
            place.Undo();
            throw;
        }
        catch (OperationCanceledException)
        {
            place.Undo();
            return output.Failed(null, "aborted before the scan began; nothing was moved or recorded", ExitCode.Aborted);
        }
    }
}
