using Akka.Actor;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;

namespace Flyscan.Actors.Devices;

/// <summary>A soft axis: a motor, a temperature, an energy.</summary>
public sealed class SettableActor(ISettable axis, TimeProvider time) : DeviceActor(axis, time)
{
    public static Props Props(ISettable axis, TimeProvider time) => Akka.Actor.Props.Create(() => new SettableActor(axis, time));

    protected override void Carry(DeviceOrder order)
    {
        if (order.Effect is not ScanEffect.MoveOuter e)
            throw new ArgumentException($"{axis.Name} is a soft axis and cannot carry out {order.Effect}.");
        Run(c => axis.MoveAsync(e.Target, c), (at, o) => new ScanCommand.OuterSettled(at, e.Take, e.Axis, o));
    }
}
