using System.CommandLine;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan panda</c>: what can be done with one PandA, without a beamline.</summary>
internal static class PandACommand
{
    public static Command Create() => new VerbCommand(
        "panda", "Verbs for one PandA box alone: save, load, diff and show what it is set to; simulate one.",
        "flyscan panda save bl22-panda -f layout.panda",
        "flyscan panda diff bl22-panda -f layout.panda",
        "flyscan panda simulate --port 8888")
    {
        PandALayoutVerbs.Save(),
        PandALayoutVerbs.Load(),
        PandALayoutVerbs.Diff(),
        PandALayoutVerbs.Show(),
        PandASimulateVerb.Create(),
    };
}
