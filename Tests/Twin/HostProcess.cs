using Akka.Actor;
using Flyscan.Actors.Remote;
using Flyscan.Engine.Simulation;

namespace Flyscan.Twin;

/// <summary>One life of a process that has devices and no supervisor: what it has is reached through doors.</summary>
internal sealed class HostProcess
{
    private readonly TwinRun _twin;
    private readonly SimulatedNode _node;
    private readonly DeviceSide _side;
    private readonly TimeProvider _time;

    public HostProcess(TwinRun twin, SimulatedNode node, IReadOnlySet<string> devices)
    {
        (_twin, _node) = (twin, node);
        _time = twin.ClockOf(node);
        _side = new DeviceSide(twin, node, _time, devices);
        node.Post(() => _ = OpenAsync());
    }

    /// <summary>Path of the door to an actor.</summary>
    public static string DoorOf(string name) => $"/user/{DoorName(name)}";

    private static string DoorName(string name) => "door-" + name.Replace(' ', '-');

    private async Task OpenAsync()
    {
        try
        {
            var (actors, problem) = await _side.OpenAsync(ActorRefs.Nobody);
            if (actors is null)
            {
                _twin.HostEnded(_node, problem!);
                return;
            }
            foreach (var (name, device) in actors)
                _node.System.ActorOf(DeviceDoor.Props(device, _twin.ToMake.Setup.Devices.Contains(name), _time), DoorName(name));
        }
        catch (Exception cause)
        {
            _twin.Fail($"the process of {_node.Name} threw {cause.GetType().Name}: {cause.Message}");
        }
    }
}
