using System.CommandLine;
using Flyscan.Hardware.Contracts;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Specs;

namespace Flyscan.Host.Cli;

/// <summary>What all verbs share: a user's mistake is a line on standard error and exit code 2, never a stack trace.</summary>
internal static class Verb
{
    public static void SetVerb(this Command command, Option<bool>? json, Func<ParseResult, Output, Task<int>> run) =>
        command.SetAction(async (parsed, _) =>
        {
            var writers = parsed.InvocationConfiguration;
            var output = new Output(json is not null && parsed.GetValue(json), writers.Output, writers.Error);
            try
            {
                return await run(parsed, output);
            }
            catch (Exception mistake) when (mistake is RefusedException or SettingsException or SpecException or JournalException)
            {
                return output.Failed(null, mistake.Message, ExitCode.Refused, (mistake as RefusedException)?.Problems);
            }
        });
}
