using Akka.Actor;
using Flyscan.Actors.Devices;
using Flyscan.Engine.Simulation;
using Flyscan.Hardware.Contracts;
using Flyscan.Host.Composition;

namespace Flyscan.Twin;

/// <summary>Drivers and actors of devices in one life of a process, put together as the host does, with drivers on the simulated
/// network.</summary>
internal sealed class DeviceSide
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(15);

    private readonly TwinRun _twin;
    private readonly SimulatedNode _node;
    private readonly TimeProvider _time;
    private readonly SortedDictionary<string, IDevice> _devices = new(StringComparer.Ordinal);

    /// <param name="names">The devices that live here, of those that the run needs.</param>
    public DeviceSide(TwinRun twin, SimulatedNode node, TimeProvider time, IReadOnlySet<string> names)
    {
        (_twin, _node, _time) = (twin, node, time);
        var environment = new DeviceEnvironment(
            new NodeClock(node), new NodeConnector(node, twin.Hardware.Network), twin.Disk, 1, twin.Hardware.Endpoints)
        {
            Axes = twin.ToMake.Beamline.Description.Axes,
            Time = time,
        };
        foreach (var (name, device) in twin.ToMake.Beamline.CreateDevices(environment).Where(d => names.Contains(d.Key)))
            _devices[name] = device;
        if (names.Contains("panda"))
            node.OnCrash(() => twin.Disk.Kill("panda"));
    }

    /// <summary>Connects the devices and starts their actors; null, with the problem, where one cannot be reached.</summary>
    public async Task<(Dictionary<string, IActorRef>? Actors, string? Problem)> OpenAsync(IActorRef listener)
    {
        using var limit = new CancellationTokenSource(ConnectLimit, _node.Time);
        var problems = await ScanActors.ConnectAsync(_devices.Values, limit.Token);
        if (problems.Count > 0)
            return (null, string.Join("; ", problems));
        var shelf = new ProgrammeShelf();
        shelf.Put(_twin.ToMake.Uid, _twin.ToMake.Plan);
        var around = new DeviceSurroundings(_twin.Disk, shelf, 1, _time, listener);
        return (ScanActors.OfDevices(_node.System, _twin.ToMake, _devices, around), null);
    }

    public async Task CloseAsync()
    {
        foreach (var device in _devices.Values)
            await device.DisposeAsync();
    }
}
