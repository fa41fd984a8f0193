using System.CommandLine;
using System.Text;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan run</c> and <c>flyscan demo</c>: plan, then do it.</summary>
internal static class RunCommand
{
    public static Command Run()
    {
        var request = new Argument<string>("REQUEST.json") { Description = "A scan request, or a bare scanspec document." };
        var common = new CommonOptions();
        var command = new Command("run", "Plans a scan, proves it, and runs it.\n\n" +
            "Example: flyscan run grid.json --axes x=sx,y=sy --detectors cam --out data")
        {
            request, common.Beamline, common.Out, common.Detectors, common.Axes, common.TimeScale, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) => GoAsync(
            new PlanArguments(
                parsed.GetValue(request)!, parsed.GetValue(common.Beamline)!, parsed.GetValue(common.Out)!,
                parsed.GetValue(common.Detectors),
                parsed.GetValue(common.Axes)),
            parsed.GetValue(common.TimeScale),
            output));
        return command;
    }

    public static Command Demo()
    {
        var common = new CommonOptions();
        var command = new Command(
            "demo", "Runs a 3-dimensional scan on the virtual beamline: z stepped by software, y and x flown by hardware, snaked.")
        {
            common.Out, common.TimeScale, common.Json,
        };
        command.SetVerb(common.Json, (parsed, output) => GoAsync(
            new PlanArguments(
                Path.Combine(AppContext.BaseDirectory, "demo.json"),
                Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon"),
                parsed.GetValue(common.Out)!, null, null),
            parsed.GetValue(common.TimeScale),
            output));
        return command;
    }

    private static async Task<int> GoAsync(PlanArguments arguments, double timeScale, Output output)
    {
        var beamline = RunPreparation.LoadBeamline(arguments.Beamline);
        var plan = RunPreparation.Plan(RunPreparation.LoadRequest(arguments, beamline.Description), beamline, arguments.DataFolder);
        var run = RunPreparation.NewRun(plan, beamline, arguments.DataFolder);
        PlanView.Show(output, plan);
        using var held = RunPreparation.Lock(run.DataFolder);
        try
        {
            Directory.CreateDirectory(run.Folder.Data);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"the run's folder {run.Folder.Path} cannot be made: {e.Message}");
        }
        await File.WriteAllBytesAsync(run.Folder.Request, Encoding.UTF8.GetBytes(run.RequestJson));
        await File.WriteAllTextAsync(run.Folder.Plan, PlanView.ToJson(plan));
        try
        {
            return await new RunDriver(output).DriveAsync(run, timeScale, resume: false);
        }
        catch (RefusedException)
        {
            Directory.Delete(run.Folder.Path, recursive: true);
            throw;
        }
    }
}
