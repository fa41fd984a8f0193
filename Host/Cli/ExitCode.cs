namespace Flyscan.Host.Cli;

/// <summary>What the process's exit tells a script.</summary>
internal static class ExitCode
{
    public const int Finished = 0;
    public const int Refused = 2;
    public const int Faulted = 3;
    public const int Aborted = 4;
    public const int Paused = 5;
}
