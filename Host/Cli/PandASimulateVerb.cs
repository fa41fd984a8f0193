using System.CommandLine;
using System.Runtime.InteropServices;
using Flyscan.Hardware.PandA.Simulator;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan panda simulate</c>: a simulated box alone, in real time, for anybody's clients.</summary>
internal static class PandASimulateVerb
{
    private const int LastPort = 65535;

    public static Command Create()
    {
        var port = new Option<int>("--port")
        {
            Description = "Control port; 0: one that is free. Default 8888",
            HelpName = "N",
            DefaultValueFactory = _ => 8888,
        };
        var dataPort = new Option<int?>("--data-port")
        {
            Description = "Data port; 0: one that is free. Default: the control port + 1, as of a real box",
            HelpName = "N",
        };
        var address = new Option<string>("--address")
        {
            Description = "Address to listen on. Default 127.0.0.1; 0.0.0.0: all",
            HelpName = "IP",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var encoders = new Option<string[]>("--encoder")
        {
            Description = $"How INENC1, then INENC2, … moves; may be given four times: {EncoderPattern.Forms}.",
            HelpName = "MOVEMENT",
        };
        var faults = new Option<string[]>("--fault")
        {
            Description = $"What goes wrong; may be given several times:\n{PandAFault.Forms}",
            HelpName = "FAULT",
        };
        var command = new VerbCommand(
            "simulate", "Runs a simulated PandA in real time behind its control and data port, until it is ended.",
            "flyscan panda simulate --port 8888 --encoder triangle:10000:4", "flyscan panda simulate --port 0 --fault dma-error@100")
        {
            port, dataPort, address, encoders, faults,
        };
        command.SetVerb(null, async (parsed, output) =>
        {
            var control = Port("--port", parsed.GetValue(port));
            await using var server = Start(new PandASimulatorServerOptions
            {
                Address = parsed.GetValue(address)!,
                ControlPort = control,
                DataPort = Port("--data-port", parsed.GetValue(dataPort) ?? (control == 0 ? 0 : control + 1)),
                Encoders = Encoders(parsed.GetValue(encoders) ?? []),
                Faults = [.. (parsed.GetValue(faults) ?? []).Select(f => Read("--fault", f, PandAFault.Parse))],
            });
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, server));
            using var end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, server));
            output.Line($"control {parsed.GetValue(address)}:{server.ControlPort}");
            output.Line($"data {parsed.GetValue(address)}:{server.DataPort}");
            await server.Completed;
            return ExitCode.Finished;
        });
        return command;
    }

    private static void Stop(PosixSignalContext context, PandASimulatorServer server)
    {
        context.Cancel = true;
        server.Stop();
    }

    private static int Port(string option, int port) => port is >= 0 and <= LastPort
        ? port
        : throw new RefusedException($"{option} {port}: a port is a number from 0 to {LastPort}; 0 takes one that is free");

    private static EncoderPattern[] Encoders(string[] texts) => texts.Length <= 4
        ? [.. texts.Select(t => Read("--encoder", t, EncoderPattern.Parse))]
        : throw new RefusedException($"--encoder is given {texts.Length} times; the box has 4 encoder inputs");

    private static T Read<T>(string option, string text, Func<string, T> parse)
    {
        try
        {
            return parse(text);
        }
        catch (FormatException mistake)
        {
            throw new RefusedException($"{option}: {mistake.Message}");
        }
    }

    private static PandASimulatorServer Start(PandASimulatorServerOptions options)
    {
        try
        {
            return PandASimulatorServer.Start(options, TimeProvider.System);
        }
        catch (IOException inUse)
        {
            throw new RefusedException($"{inUse.Message} Is another box running there? --port 0 takes ports that are free.");
        }
        catch (FormatException mistake)
        {
            throw new RefusedException($"--fault: {mistake.Message}");
        }
    }
}
