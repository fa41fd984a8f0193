using System.CommandLine;
using Flyscan.Hardware.Zebra.Simulator;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan zebra simulate</c>: a simulated Zebra alone, in real time, for anybody's clients.</summary>
internal static class ZebraCommand
{
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
        var simulation = new BoxSimulation<ZebraFault>("ENC", ZebraFault.Forms, ZebraFault.Parse);
        var command = new VerbCommand(
            "simulate", "Runs a simulated Zebra in real time behind a port, a serial device, or both, until it is ended.",
            "flyscan zebra simulate --port 4001 --encoder triangle:10000:4", "flyscan zebra simulate --pty --fault lost-line@100")
        {
            port, pty,
        };
        simulation.AddTo(command);
        command.SetVerb(null, async (parsed, output) =>
        {
            var address = simulation.Address(parsed);
            var asked = parsed.GetValue(port) ?? (parsed.GetValue(pty) ? null : DefaultPort);
            var options = new ZebraSimulatorServerOptions
            {
                Address = address,
                Port = asked is { } number ? BoxServer.Port("--port", number) : null,
                HasTerminal = parsed.GetValue(pty),
                Encoders = simulation.Encoders(parsed),
                Faults = simulation.Faults(parsed),
            };
            using var server = BoxServer.Start(() => ZebraSimulatorServer.Start(options, TimeProvider.System));
            List<string> places = [];
            if (server.Port is { } listens)
                places.Add($"port {address}:{listens}");
            if (server.Device is { } device)
                places.Add($"device {device}");
            return await BoxServer.RunAsync(output, places, server.Completed, server.Dispose);
        });
        return command;
    }
}
