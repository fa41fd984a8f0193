using System.Diagnostics;
using Flyscan.Host.Cli;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

public sealed class CommandLineTests
{
    private const string Verbs =
        "demo, run, plan, points, resume, status, pause, seek, abort, runs, show, doctor, devices, virtual, virtual-ioc, pv, panda, "
        + "zebra, completion";

    public static TheoryData<string> VerbNames => [.. CommandLine.Create().Subcommands.Select(c => c.Name)];

    [Theory]
    [InlineData("", $"say what to do: {Verbs}.\n`flyscan --help` says what there is.")]
    [InlineData("frob", $"there is no verb 'frob'. There are {Verbs}.\n`flyscan --help` says what there is.")]
    [InlineData("pln x", $"there is no verb 'pln'. Did you mean plan? There are {Verbs}.\nflyscan: there is no verb 'x'. "
        + $"There are {Verbs}.\n`flyscan --help` says what there is.")]
    [InlineData("run", "Required argument 'REQUEST.json' missing for command: 'run'.\n`flyscan run --help` says what there is.")]
    [InlineData("runs more", "'more' is neither an option nor an argument of runs.\n`flyscan runs --help` says what there is.")]
    [InlineData("plan r.json --beamlin x",
        "'--beamlin' is neither an option nor an argument of plan. Did you mean --beamline?\n"
        + "flyscan: 'x' is neither an option nor an argument of plan.\n`flyscan plan --help` says what there is.")]
    [InlineData("run r.json --out", "Required argument missing for option: '--out'.\n`flyscan run --help` says what there is.")]
    [InlineData("run r.json --time-scale fast",
        "--time-scale fast: must be a number from 0 (no waiting) to 100; 1 is real time.\n`flyscan run --help` says what there is.")]
    [InlineData("run r.json --time-scale NaN",
        "--time-scale NaN: must be a number from 0 (no waiting) to 100; 1 is real time.\n`flyscan run --help` says what there is.")]
    [InlineData("run r.json --time-scale -1",
        "--time-scale -1: must be a number from 0 (no waiting) to 100; 1 is real time.\n`flyscan run --help` says what there is.")]
    [InlineData("show", "Required argument 'UID' missing for command: 'show'.\n`flyscan show --help` says what there is.")]
    [InlineData("completion tcsh",
        "Argument 'tcsh' not recognized. Must be one of:\n\t'bash'\n\t'zsh'\n\t'fish'\n`flyscan completion --help` says what there is.")]
    public async Task A_command_line_that_is_wrong_is_told_so_without_a_stack_trace(string line, string message)
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync(line.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal(new CliAnswer(2, "", $"flyscan: {message}\n"), answer);
    }

    [Fact]
    public async Task A_wrong_command_line_with_json_ends_with_one_object_too()
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("run", "--json");
        Assert.Equal(2, answer.Code);
        RunReportShape.CheckRefused(answer.Error["flyscan: ".Length..].TrimEnd('\n'), answer.Json());
    }

    [Theory]
    [MemberData(nameof(VerbNames))]
    public async Task Help_of_a_verb_ends_with_examples_of_it(string verb)
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync(verb, "--help");
        Assert.Equal((0, ""), (answer.Code, answer.Error));
        var examples = answer.Output[answer.Output.IndexOf("\nExample", StringComparison.Ordinal)..].Trim().Split('\n')[1..];
        Assert.NotEmpty(examples);
        Assert.All(examples, e => Assert.Contains($"flyscan {verb}", e));
        Assert.DoesNotContain("Exit codes", answer.Output);
    }

    [Fact]
    public async Task The_examples_are_command_lines_that_parse()
    {
        foreach (var verb in CommandLine.Create().Subcommands.OfType<VerbCommand>())
            foreach (var example in verb.Examples.Select(e => e.Replace("eval \"$(", "").Replace(")\"", "").Split(" | ")[0]))
                Assert.Empty(CommandLine.Create().Parse(example.Split(' ')[1..]).Errors);
        await Task.CompletedTask;
    }

    [Fact]
    public async Task Help_of_the_program_names_every_verb_and_every_exit_code()
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("--help");
        Assert.Equal((0, ""), (answer.Code, answer.Error));
        Assert.All(CommandLine.Create().Subcommands, c => Assert.Matches($@"(?m)^  {c.Name}\b.* {c.Description![..10]}", answer.Output));
        var codes = typeof(ExitCode).GetFields().Select(f => (int)f.GetRawConstantValue()!);
        Assert.All(codes, code => Assert.Matches($"(?m)^  {code}  [a-z]", answer.Output));
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    public async Task A_completion_script_asks_the_program(string shell)
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("completion", shell);
        Assert.Equal((0, ""), (answer.Code, answer.Error));
        Assert.Contains("[suggest:", answer.Output);
        Assert.Contains($"flyscan completion {shell}", answer.Output);
    }

    [Theory]
    [InlineData("flyscan r", "resume run runs")]
    [InlineData("flyscan sh", "show")]
    [InlineData("flyscan run grid.json --ti", "--time-scale")]
    [InlineData("flyscan completion ", "--help -? -h /? /h bash fish zsh")]
    public async Task The_bash_script_completes_verbs_and_options(string line, string words)
    {
        using var place = new CliPlace();
        var script = place.Write("completion.bash", (await place.RunAsync("completion", "bash")).Output);
        Assert.Equal((0, "", ""), Bash("-n", script));
        var typed = line.Split(' ');
        var (code, output, error) = Bash("-c", $$"""
            flyscan() { dotnet '{{CliPlace.Program}}' "$@"; }
            source '{{script}}'
            COMP_LINE='{{line}}' COMP_POINT={{line.Length}} COMP_WORDS=({{string.Join(' ', typed.Select(t => $"'{t}'"))}})
            COMP_CWORD={{typed.Length - 1}}
            _flyscan
            echo "${COMPREPLY[*]}"
            """);
        Assert.Equal((0, words, ""), (code, output.Trim(), error));
    }

    private static (int Code, string Output, string Error) Bash(params string[] arguments)
    {
        using var bash = Process.Start(new ProcessStartInfo("bash", arguments)
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var error = bash.StandardError.ReadToEndAsync();
        var output = bash.StandardOutput.ReadToEnd();
        bash.WaitForExit();
        return (bash.ExitCode, output, error.Result);
    }
}
