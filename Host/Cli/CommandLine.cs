using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Flyscan.Host.Composition;

namespace Flyscan.Host.Cli;

/// <summary>The whole command tree: what <c>flyscan --help</c> lists, and what documentation is checked against.</summary>
internal static class CommandLine
{
    public static RootCommand Create() => Create(DiskSpace.FreeBytes);

    /// <summary>As <see cref="Create()"/>, with another answer to how many bytes are free for a folder; null where nobody knows.</summary>
    public static RootCommand Create(Func<string, long?> freeBytes)
    {
        var root = new RootCommand(
            "flyscan: hardware-triggered scanning that proves a scan before it moves, and survives whatever happens while it flies.")
        {
            RunCommand.Demo(freeBytes),
            RunCommand.Run(freeBytes),
            PlanCommand.Create(freeBytes),
            PointsCommand.Create(),
            ResumeCommand.Create(freeBytes),
            ControlCommands.Status(),
            ControlCommands.Pause(),
            ControlCommands.Seek(),
            ControlCommands.Abort(),
            RunsCommand.Runs(),
            RunsCommand.Show(),
            DoctorCommand.Create(),
            DevicesCommand.Create(),
            VirtualCommand.Create(),
            VirtualIocCommand.Create(),
            PvCommand.Create(),
            PandACommand.Create(),
            ZebraCommand.Create(),
            CompletionCommand.Create(),
        };
        var help = root.Options.OfType<HelpOption>().Single();
        help.Action = new HelpWithExamples((SynchronousCommandLineAction)help.Action!);
        return root;
    }

    /// <summary>Does what the arguments say and gives the exit code; texts go to the two writers.</summary>
    public static Task<int> RunAsync(RootCommand root, IReadOnlyList<string> arguments, TextWriter output, TextWriter error)
    {
        var parsed = root.Parse(arguments);
        if (parsed.Errors.Count > 0)
            return Task.FromResult(Refuse(root, parsed, new Output(arguments.Contains("--json"), output, error)));
        return parsed.InvokeAsync(new InvocationConfiguration
        {
            Output = output,
            Error = error,
            // Verbs hear Ctrl-C themselves; the library's own handler would end the process two seconds after it, in mid-flight.
            ProcessTerminationTimeout = null,
        });
    }

    private static int Refuse(RootCommand root, ParseResult parsed, Output output)
    {
        var verb = parsed.CommandResult.Command;
        var isRoot = verb.Subcommands.Count > 0;
        var name = ReferenceEquals(verb, root) ? "" : $" {PathOf(verb)}";
        var verbs = verb.Subcommands.Select(c => c.Name).ToList();
        var problems = new List<string>();
        foreach (var word in parsed.UnmatchedTokens)
        {
            var words = isRoot && !word.StartsWith('-') ? verbs : verb.Options.SelectMany(o => o.Aliases.Prepend(o.Name)).ToList();
            var meant = NearestWord.Of(word, words) is { } nearest ? $" Did you mean {nearest}?" : "";
            problems.Add(isRoot
                ? $"there is no verb '{PathOf(verb, word)}'.{meant} There are {string.Join(", ", verbs)}."
                : $"'{word}' is neither an option nor an argument of {PathOf(verb)}.{meant}");
        }
        if (isRoot && problems.Count == 0)
            problems.Add($"say what to do: {string.Join(", ", verbs)}.");
        // One word too many is one mistake, whatever else the parser makes of it.
        if (problems.Count == 0)
            problems.AddRange(parsed.Errors.Select(e => e.Message).Distinct());
        var help = $"flyscan{name} --help";
        return output.Failed(null, $"{string.Join("\nflyscan: ", problems)}\n`{help}` says what there is.", ExitCode.Refused);
    }

    /// <summary>A verb's words as they are typed: those of a verb of a verb are two.</summary>
    private static string PathOf(Command verb, string? word = null)
    {
        var parents = verb.Parents.OfType<Command>().Where(p => p is not RootCommand).Select(p => p.Name);
        return string.Join(' ', [.. parents, .. verb is RootCommand ? [] : new[] { verb.Name }, .. word is null ? [] : new[] { word }]);
    }
}
