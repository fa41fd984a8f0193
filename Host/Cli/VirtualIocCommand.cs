using System.CommandLine;
using System.Runtime.InteropServices;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Time;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan virtual-ioc</c>: the records of a beamline file's EPICS devices without an IOC.</summary>
internal static class VirtualIocCommand
{
    public static Command Create()
    {
        var beamline = new Option<string>("--beamline", "-b")
        {
            Description = "The beamline file whose EPICS devices are served.",
            HelpName = "FILE",
            Required = true,
        };
        var port = new Option<int>("--port")
        {
            Description = $"TCP and UDP port; 0: one that is free. Default {CaSettings.UsualPort}",
            HelpName = "N",
            DefaultValueFactory = _ => CaSettings.UsualPort,
        };
        var address = new Option<string>("--address")
        {
            Description = "Address to listen on. Default 127.0.0.1; 0.0.0.0: all",
            HelpName = "IP",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var command = new VerbCommand(
            "virtual-ioc", "Serves the records of a beamline file's EPICS devices over Channel Access, simulated, until it is ended.",
            "flyscan virtual-ioc --beamline i22.hocon", "flyscan virtual-ioc --beamline i22.hocon --port 15064")
        {
            beamline, port, address,
        };
        command.SetVerb(null, async (parsed, output) =>
        {
            using var ioc = Start(parsed.GetValue(beamline)!, parsed.GetValue(address)!, parsed.GetValue(port));
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
            using var end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
            output.Line($"channel-access {parsed.GetValue(address)}:{ioc.Port}");
            foreach (var record in ioc.Records)
                output.Line(record);
            await ended.Task;
            return ExitCode.Finished;

            void End(PosixSignalContext context)
            {
                context.Cancel = true;
                ended.TrySetResult();
            }
        });
        return command;
    }

    private static VirtualIoc Start(string file, string address, int port)
    {
        var beamline = RunPreparation.LoadBeamline(file);
        var ioc = new VirtualIoc(new SystemClock(), TimeProvider.System, new Hdf5FrameStoreFactory());
        try
        {
            var devices = beamline.Settings.Section("devices");
            foreach (var name in devices.Keys)
                ioc.Add(name, devices.Section(name));
            if (ioc.Records.Count == 0)
                throw new RefusedException(
                    $"{file} has no device of EPICS (epics-area-detector, epics-motor, epics-signal, epics-shutter, pmac)");
            ioc.Listen(address, port, new UdpPorts());
            return ioc;
        }
        catch (IOException inUse)
        {
            ioc.Dispose();
            throw new RefusedException($"{inUse.Message} Is another IOC running there? --port 0 takes a port that is free.");
        }
        catch (FormatException)
        {
            ioc.Dispose();
            throw new RefusedException($"--address {address}: give an IP address of this machine, as 127.0.0.1");
        }
    }
}
