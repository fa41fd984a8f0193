using System.CommandLine;
using Flyscan.Host.Cli;

var root = new RootCommand(
    "flyscan: hardware-triggered scanning that proves a scan before it moves, and survives whatever happens while it flies.")
{
    RunCommand.Demo(),
    RunCommand.Run(),
    PlanCommand.Create(),
    ResumeCommand.Create(),
    RunsCommand.Runs(),
    RunsCommand.Show(),
    DoctorCommand.Create(),
    VirtualCommand.Create(),
};
var parsed = root.Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
        Console.Error.WriteLine($"flyscan: {error.Message}");
    Console.Error.WriteLine("flyscan --help, and flyscan VERB --help, say what there is.");
    return ExitCode.Refused;
}
return await parsed.InvokeAsync();
