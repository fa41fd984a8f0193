using System.CommandLine;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan panda</c>: what can be done with one PandA, without a beamline.</summary>
internal static class PandACommand
{
    public static Command Create() => new VerbCommand(
        "panda", "Verbs for one PandA box alone: simulate runs a simulated one behind its real protocol.",
        "flyscan panda simulate --port 8888")
    {
        PandASimulateVerb.Create(),
    };
}
