using System.CommandLine;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan completion</c>: a script that makes a shell complete verbs and options.</summary>
/// <remarks>The scripts ask the program itself (<c>flyscan [suggest:POSITION] LINE</c>), so that they never say what it does not know;
/// where it knows nothing, shells complete file names.</remarks>
internal static class CompletionCommand
{
    private const string Bash = """
        # Completion of flyscan for bash. Use it: eval "$(flyscan completion bash)"
        _flyscan() {
          local program=${COMP_WORDS[0]} current=${COMP_WORDS[COMP_CWORD]} line=${COMP_LINE:0:COMP_POINT} IFS=$'\n'
          line=flyscan${line#"$program"}
          COMPREPLY=($(compgen -W "$("$program" "[suggest:${#line}]" "$line" 2>/dev/null)" -- "$current"))
        }
        complete -o bashdefault -o default -F _flyscan flyscan ./flyscan
        """;

    private const string Zsh = """
        #compdef flyscan
        # Completion of flyscan for zsh. Use it: eval "$(flyscan completion zsh)"
        _flyscan() {
          local line="flyscan ${(j: :)words[2,CURRENT]}"
          local -a found
          found=("${(@f)$("${words[1]}" "[suggest:${#line}]" "$line" 2>/dev/null)}")
          compadd -- ${found:#} || _files
        }
        compdef _flyscan flyscan ./flyscan
        """;

    private const string Fish = """
        # Completion of flyscan for fish. Use it: flyscan completion fish | source
        function __flyscan_suggest
          set -l program (commandline -opc)[1]
          set -l line flyscan(string replace -r '^\s*\S+' '' -- (commandline -cp))
          $program "[suggest:"(string length -- "$line")"]" "$line" 2>/dev/null
        end
        complete -c flyscan -a '(__flyscan_suggest)'
        """;

    public static Command Create()
    {
        var shell = new Argument<string>("SHELL") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new VerbCommand(
            "completion", "Prints a script that makes a shell complete verbs and options.",
            "eval \"$(flyscan completion bash)\"", "flyscan completion fish | source")
        {
            shell,
        };
        command.SetVerb(null, (parsed, output) =>
        {
            output.Line(parsed.GetValue(shell) switch
            {
                "bash" => Bash,
                "zsh" => Zsh,
                _ => Fish,
            });
            return Task.FromResult(ExitCode.Finished);
        });
        return command;
    }
}
