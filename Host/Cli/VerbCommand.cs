using System.CommandLine;
using System.CommandLine.Invocation;

namespace Flyscan.Host.Cli;

/// <summary>A verb with examples of its use, which its help shows.</summary>
internal sealed class VerbCommand(string name, string description, params IReadOnlyList<string> examples) : Command(name, description)
{
    public IReadOnlyList<string> Examples => examples;
}

/// <summary>The library's help, then a verb's examples; for the root, what exit codes mean.</summary>
internal sealed class HelpWithExamples(SynchronousCommandLineAction help) : SynchronousCommandLineAction
{
    private const string ExitCodes = """
        Exit codes:
          0  finished, or done
          1  an error of flyscan itself; please report the stack trace
          2  refused: a mistake in arguments or files, or something that is not there; nothing was moved
          3  the run ended with a fault
          4  the run was aborted
          5  the run is paused; `flyscan resume` continues it
        """;

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var code = help.Invoke(parseResult);
        var output = parseResult.InvocationConfiguration.Output;
        if (parseResult.CommandResult.Command is VerbCommand verb)
        {
            output.WriteLine(verb.Examples.Count == 1 ? "Example:" : "Examples:");
            foreach (var example in verb.Examples)
                output.WriteLine($"  {example}");
        }
        else
        {
            output.WriteLine(ExitCodes);
        }
        output.WriteLine();
        return code;
    }
}
