using Flyscan.Host.Cli;

var parsed = CommandLine.Create().Parse(args);
if (parsed.Errors.Count > 0)
{
    foreach (var error in parsed.Errors)
        Console.Error.WriteLine($"flyscan: {error.Message}");
    Console.Error.WriteLine("flyscan --help, and flyscan VERB --help, say what there is.");
    return ExitCode.Refused;
}
return await parsed.InvokeAsync();
