using System.CommandLine;
using System.Runtime.InteropServices;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Zebra.Simulator;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan zebra simulate</c>: a simulated Zebra alone, in real time, for anybody's clients.</summary>
internal static class ZebraCommand
{
    private const int LastPort = 65535;
    private const int DefaultPort = 4001;

    public static Command Create() => new VerbCommand(
        "zebra", "Verbs for one Zebra box alone: simulate one.", "flyscan zebra simulate --port 4001")
    {
        Simulate(),
    };

    private static Command Simulate()
    {
        var port = new Option<int?>("--port")
        {
            Description = $"Port of the terminal server; 0: one that is free. Default {DefaultPort}, or none with --pty",
            HelpName = "N",
        };
        var pty = new Option<bool>("--pty") { Description = "Make a serial device, a pseudo-terminal, too" };
        var address = new Option<string>("--address")
        {
            Description = "Address to listen on. Default 127.0.0.1; 0.0.0.0: all",
            HelpName = "IP",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var encoders = new Option<string[]>("--encoder")
        {
            Description = $"How ENC1, then ENC2, … moves; may be given four times: {EncoderPattern.Forms}.",
            HelpName = "MOVEMENT",
        };
        var faults = new Option<string[]>("--fault")
        {
            Description = $"What goes wrong; may be given several times:\n{ZebraFault.Forms}",
            HelpName = "FAULT",
        };
        var command = new VerbCommand(
            "simulate", "Runs a simulated Zebra in real time behind a port, a serial device, or both, until it is ended.",
            "flyscan zebra simulate --port 4001 --encoder triangle:10000:4", "flyscan zebra simulate --pty --fault lost-line@100")
        {
            port, pty, address, encoders, faults,
        };
        command.SetVerb(null, async (parsed, output) =>
        {
            using var server = Start(new ZebraSimulatorServerOptions
            {
                Address = parsed.GetValue(address)!,
                Port = Port(parsed.GetValue(port) ?? (parsed.GetValue(pty) ? null : DefaultPort)),
                HasTerminal = parsed.GetValue(pty),
                Encoders = Encoders(parsed.GetValue(encoders) ?? []),
                Faults = [.. (parsed.GetValue(faults) ?? []).Select(f => Read("--fault", f, ZebraFault.Parse))],
            });
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context => Stop(context, server));
            using var end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context => Stop(context, server));
            if (server.Port is { } listens)
                output.Line($"port {parsed.GetValue(address)}:{listens}");
            if (server.Device is { } device)
                output.Line($"device {device}");
            await server.Completed;
            return ExitCode.Finished;
        });
        return command;
    }

    private static void Stop(PosixSignalContext context, ZebraSimulatorServer server)
    {
        context.Cancel = true;
        server.Dispose();
    }

    private static int? Port(int? port) => port is null or (>= 0 and <= LastPort)
        ? port
        : throw new RefusedException($"--port {port}: a port is a number from 0 to {LastPort}; 0 takes one that is free");

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

    private static ZebraSimulatorServer Start(ZebraSimulatorServerOptions options)
    {
        try
        {
            return ZebraSimulatorServer.Start(options, TimeProvider.System);
        }
        catch (IOException inUse)
        {
            throw new RefusedException($"{inUse.Message} Is another box running there? --port 0 takes a port that is free.");
        }
    }
}
