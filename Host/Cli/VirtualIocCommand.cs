using System.CommandLine;
using System.Net;
using System.Runtime.InteropServices;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Epics.PvAccess;
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
            Description = $"TCP and UDP port of Channel Access; 0: one that is free. Default {CaSettings.UsualPort}",
            HelpName = "N",
            DefaultValueFactory = _ => CaSettings.UsualPort,
        };
        var pvaPort = new Option<int?>("--pva-port")
        {
            Description = $"TCP port of pvAccess; searches are awaited on the next one, UDP; 0: both free. Default "
                + $"{PvaSettings.UsualServerPort}, or 0 where --port is given",
            HelpName = "N",
        };
        var address = new Option<string>("--address")
        {
            Description = "Address to listen on. Default 127.0.0.1; 0.0.0.0: all",
            HelpName = "IP",
            DefaultValueFactory = _ => "127.0.0.1",
        };
        var only = new Option<string?>("--devices")
        {
            Description = "Serve these devices only, comma-separated: a beamline may have several IOCs. Default all",
            HelpName = "NAMES",
        };
        var command = new VerbCommand(
            "virtual-ioc",
            "Serves the records of a beamline file's EPICS devices over Channel Access and pvAccess, simulated, until it is ended.",
            "flyscan virtual-ioc --beamline i22.hocon", "flyscan virtual-ioc --beamline i22.hocon --port 15064",
            "flyscan virtual-ioc --beamline i22.hocon --devices cam --port 15066")
        {
            beamline, port, pvaPort, address, only,
        };
        command.SetVerb(null, async (parsed, output) =>
        {
            var usual = parsed.GetResult(port) is { Implicit: false } ? 0 : PvaSettings.UsualServerPort;
            using var ioc = await StartAsync(
                parsed.GetValue(beamline)!, parsed.GetValue(only), parsed.GetValue(address)!, parsed.GetValue(port),
                parsed.GetValue(pvaPort) ?? usual);
            var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, End);
            using var end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, End);
            output.Line($"channel-access {parsed.GetValue(address)}:{ioc.Port}");
            var (pva, searches) = ioc.PvaPorts;
            output.Line($"pv-access {parsed.GetValue(address)}:{pva}, searched for at UDP {searches}");
            foreach (var record in ioc.Records)
                output.Line(record);
            await ended.Task;
            await ioc.CloseFilesAsync();
            return ExitCode.Finished;

            void End(PosixSignalContext context)
            {
                context.Cancel = true;
                ended.TrySetResult();
            }
        });
        return command;
    }

    private static async Task<VirtualIoc> StartAsync(string file, string? only, string address, int port, int pvaPort)
    {
        var beamline = RunPreparation.LoadBeamline(file);
        var devices = beamline.Settings.Section("devices");
        var names = Chosen([.. devices.Keys], only, file);
        var ioc = new VirtualIoc(new SystemClock(), TimeProvider.System, new Hdf5FrameStoreFactory())
        {
            MotorPort = beamline.Simulation?.MotorPort ?? 0,
            BoxHost = beamline.Simulation?.Host ?? "127.0.0.1",
        };
        try
        {
            if (names.Count(name => ioc.Add(name, devices.Section(name))) == 0)
                throw new RefusedException(
                    $"{file} has no device of EPICS {(only is null ? "" : $"among {only} ")}"
                    + "(epics-area-detector, epics-motor, epics-panda, epics-signal, epics-shutter, epics-zebra, pmac)");
            await ioc.FindMotorsAsync(beamline.Simulation?.Host ?? "");
            ioc.Listen(address, port, new UdpPorts());
            ioc.Announce(CaBeaconAddresses.Read(IPAddress.Parse(address), Environment.GetEnvironmentVariable));
            ioc.ListenPva(address, pvaPort, pvaPort == 0 ? 0 : pvaPort + 1, new UdpPorts());
            return ioc;
        }
        catch (TimeoutException)
        {
            ioc.Dispose();
            throw new RefusedException(
                $"something listens on {beamline.Simulation!.Host}:{ioc.MotorPort} (simulation.motor-port) that is no virtual beamline");
        }
        catch (IOException inUse)
        {
            ioc.Dispose();
            throw new RefusedException(
                $"{inUse.Message} Is another IOC running there? --port 0 and --pva-port 0 take ports that are free.");
        }
        catch (FormatException)
        {
            ioc.Dispose();
            throw new RefusedException($"--address {address}: give an IP address of this machine, as 127.0.0.1");
        }
    }

    private static string[] Chosen(string[] all, string? only, string file)
    {
        if (only is null)
            return all;
        var wanted = only.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return wanted.FirstOrDefault(w => !all.Contains(w)) is { } unknown
            ? throw new RefusedException($"--devices: {file} has no device {unknown}; it has {string.Join(", ", all)}")
            : wanted;
    }
}
