using System.CommandLine;
using Flyscan.Hardware.PandA.Simulator;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan panda simulate</c>: a simulated box alone, in real time, for anybody's clients.</summary>
internal static class PandASimulateVerb
{
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
        var simulation = new BoxSimulation<PandAFault>("INENC", PandAFault.Forms, PandAFault.Parse);
        var command = new VerbCommand(
            "simulate", "Runs a simulated PandA in real time behind its control and data port, until it is ended.",
            "flyscan panda simulate --port 8888 --encoder triangle:10000:4", "flyscan panda simulate --port 0 --fault dma-error@100")
        {
            port, dataPort,
        };
        simulation.AddTo(command);
        command.SetVerb(null, async (parsed, output) =>
        {
            var address = simulation.Address(parsed);
            var control = BoxServer.Port("--port", parsed.GetValue(port));
            var options = new PandASimulatorServerOptions
            {
                Address = address,
                ControlPort = control,
                DataPort = BoxServer.Port("--data-port", parsed.GetValue(dataPort) ?? (control == 0 ? 0 : control + 1)),
                Encoders = simulation.Encoders(parsed),
                Faults = simulation.Faults(parsed),
            };
            await using var server = BoxServer.Start(() => PandASimulatorServer.Start(options, TimeProvider.System));
            return await BoxServer.RunAsync(
                output, [$"control {address}:{server.ControlPort}", $"data {address}:{server.DataPort}"], server.Completed, server.Stop);
        });
        return command;
    }
}
