using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Actors.Scans;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Host.Composition;

/// <summary>What the actors of devices use beside their drivers.</summary>
/// <param name="TimeScale">Wall seconds per beamline second.</param>
/// <param name="BeamListener">Hears what the beam signal reads, for people.</param>
internal sealed record DeviceSurroundings(
    ISegmentSalvage Salvage, ProgrammeShelf Programmes, double TimeScale, TimeProvider Time, IActorRef BeamListener);

/// <summary>Puts the actors of a scan together, wherever they run.</summary>
internal static class ScanActors
{
    /// <summary>Connects devices, all at the same time; says of each what is wrong.</summary>
    public static async Task<IReadOnlyList<string>> ConnectAsync(IEnumerable<IDevice> devices, CancellationToken cancel)
    {
        var connecting = devices.Select(d => (d.Name, Outcome: d.ConnectAsync(cancel))).ToList();
        var problems = new List<string>();
        foreach (var (name, outcome) in connecting)
        {
            if ((await outcome).Problem is string problem)
                problems.Add($"{name}: {problem}");
        }
        return problems;
    }

    /// <summary>An actor for each of the devices that the run needs, and for each suspender whose signal is among them, by the names that
    /// the supervisor knows them by.</summary>
    /// <remarks><b>Errors</b> <see cref="InvalidOperationException"/> for a device of no kind that a scan can use.</remarks>
    public static Dictionary<string, IActorRef> OfDevices(
        ActorSystem system, RunToMake run, IReadOnlyDictionary<string, IDevice> devices, DeviceSurroundings around)
    {
        var actors = new Dictionary<string, IActorRef>(StringComparer.Ordinal);
        foreach (var (name, device) in devices.Where(d => run.DevicesNeeded.Contains(d.Key)))
            actors[name] = system.ActorOf(PropsOf(device, run, around), $"device-{name}");
        foreach (var suspender in run.Setup.Suspenders.Where(s => devices.ContainsKey(s.Signal)))
        {
            var signal = (IBeamMonitor)devices[suspender.Signal];
            actors[ScanSupervisor.SuspenderKey(suspender.Name)] =
                system.ActorOf(SuspenderActor.Props(suspender, signal, around.Time), $"suspender-{suspender.Name}");
        }
        return actors;
    }

    /// <summary>The actor that watches the room on the run's disk.</summary>
    public static IActorRef OfDisk(ActorSystem system, RunToMake run, DiskQuestions questions, TimeProvider time) =>
        system.ActorOf(DiskActor.Props(run.Folder.Path, run.Beamline.Disk, questions, time), "disk");

    private static Props PropsOf(IDevice device, RunToMake run, DeviceSurroundings around) => device switch
    {
        ITriggerBox box => TriggerBoxActor.Props(box, around.Salvage, around.Programmes, around.TimeScale, around.Time),
        IRecorder recorder => RecorderActor.Props(recorder, around.Salvage, around.Time),
        // A motor that can fly is a soft axis where it does not.
        IMotionController motion when device.Name == run.Setup.Motion || device is not ISettable =>
            MotionActor.Props(motion, around.Programmes, around.Time),
        ISettable axis => SettableActor.Props(axis, around.Time),
        IShutter shutter => ShutterActor.Props(shutter, around.Time),
        IBeamMonitor beam => BeamActor.Props(beam, around.BeamListener),
        _ => throw new InvalidOperationException($"device {device.Name} is of no kind that a scan can use"),
    };
}
