using System.CommandLine;

namespace Flyscan.Host.Cli;

/// <summary>The whole command tree: what <c>flyscan --help</c> lists, and what documentation is checked against.</summary>
internal static class CommandLine
{
    public static RootCommand Create() => new(
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
}
