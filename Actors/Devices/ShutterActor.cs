using Akka.Actor;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Devices;

/// <summary>A beam shutter.</summary>
public sealed class ShutterActor(IShutter shutter, TimeProvider time) : DeviceActor(shutter, time)
{
    public static Props Props(IShutter shutter, TimeProvider time) => Akka.Actor.Props.Create(() => new ShutterActor(shutter, time));

    protected override void Carry(DeviceOrder order)
    {
        if (order.Effect is not ScanEffect.MoveShutter e)
            throw new ArgumentException($"{shutter.Name} is a shutter and cannot carry out {order.Effect}.");
        Run(c => shutter.SetAsync(e.Open, c), (at, o) => new ScanCommand.ShutterMoved(at, e.Open, o));
    }
}
