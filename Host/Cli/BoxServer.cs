using System.Runtime.InteropServices;

namespace Flyscan.Host.Cli;

/// <summary>A simulated box's server in the foreground.</summary>
internal static class BoxServer
{
    private const int LastPort = 65535;

    public static int Port(string option, int port) => port is >= 0 and <= LastPort
        ? port
        : throw new RefusedException($"{option} {port}: a port is a number from 0 to {LastPort}; 0 takes one that is free");

    /// <summary>Starts the server, or refuses in the user's words.</summary>
    public static TServer Start<TServer>(Func<TServer> start)
    {
        try
        {
            return start();
        }
        catch (IOException inUse)
        {
            throw new RefusedException($"{inUse.Message} Is another box running there? --port 0 takes a port that is free.");
        }
        catch (FormatException mistake)
        {
            throw new RefusedException($"--fault: {mistake.Message}");
        }
    }

    /// <summary>Says where it listens and waits until it has ended, by itself or by a signal.</summary>
    public static async Task<int> RunAsync(Output output, IEnumerable<string> places, Task completed, Action stop)
    {
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop();
        }
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        using var end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        foreach (var place in places)
            output.Line(place);
        await completed;
        return ExitCode.Finished;
    }
}
