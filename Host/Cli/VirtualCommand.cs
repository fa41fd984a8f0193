using System.CommandLine;
using System.Runtime.InteropServices;
using System.Text.Json;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Simulation;
using Flyscan.Host.Composition;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan virtual</c>: the simulated beamline as a process of its own.</summary>
internal static class VirtualCommand
{
    public static Command Create()
    {
        var common = new CommonOptions();
        var freePorts = new Option<bool>("--free-ports")
        {
            Description = "Listen on ports that are free instead of those of the beamline file.",
        };
        var readyFile = new Option<string?>("--ready-file")
        {
            Description = "Write where it listens to this file, and leave the terminal's Ctrl-C to whoever started it.",
            HelpName = "FILE",
        };
        var command = new VerbCommand(
            "virtual", "Runs the virtual beamline of a beamline file alone, until it is ended.",
            "flyscan virtual --time-scale 0.1", "flyscan virtual --beamline i22.hocon --free-ports")
        {
            common.Beamline, common.TimeScale, freePorts, readyFile,
        };
        command.SetVerb(null, async (parsed, output) =>
        {
            var beamline = RunPreparation.LoadBeamline(parsed.GetValue(common.Beamline)!);
            if (!beamline.HasSimulation)
                throw new RefusedException($"{beamline.File} has no beamline.simulation: it is a beamline of real hardware");
            var timeScale = parsed.GetValue(common.TimeScale);
            await using var world = Start(beamline, timeScale, parsed.GetValue(freePorts));
            var child = parsed.GetValue(readyFile);
            using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, context =>
            {
                context.Cancel = true;
                if (child is null)
                    _ = world.StopAsync();
            });
            using var end = PosixSignalRegistration.Create(PosixSignal.SIGTERM, context =>
            {
                context.Cancel = true;
                _ = world.StopAsync();
            });
            using var hangUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, context => context.Cancel = child is not null);
            if (child is not null)
                WriteReady(child, new VirtualReady(
                    Environment.ProcessId, beamline.Name, timeScale, new(world.Endpoints.Entries.ToDictionary(), StringComparer.Ordinal)));
            else
                foreach (var (key, address) in world.Endpoints.Entries)
                    output.Line($"{key} {address}");
            await world.Completed;
            return ExitCode.Finished;
        });
        return command;
    }

    private static VirtualBeamline Start(LoadedBeamline beamline, double timeScale, bool freePorts)
    {
        try
        {
            return VirtualBeamline.Start(beamline.Settings, new VirtualBeamlineOptions
            {
                TimeScale = timeScale,
                FreePorts = freePorts,
                Stores = new Hdf5FrameStoreFactory(),
                Time = TimeProvider.System,
            });
        }
        catch (IOException inUse)
        {
            throw new RefusedException($"{inUse.Message} Is another virtual beamline running? --free-ports takes ports that are free.");
        }
    }

    private static void WriteReady(string file, VirtualReady ready)
    {
        var temporary = file + ".new";
        try
        {
            File.WriteAllText(temporary, JsonSerializer.Serialize(ready));
            File.Move(temporary, file, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new RefusedException($"--ready-file {file} cannot be written: {e.Message}");
        }
    }
}
