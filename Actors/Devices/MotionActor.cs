using System.Diagnostics;
using Akka.Actor;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Devices;

/// <summary>A controller that runs trajectories.</summary>
public sealed class MotionActor(IMotionController controller, ProgrammeShelf programmes, TimeProvider time) : DeviceActor(controller, time)
{
    public static Props Props(IMotionController controller, ProgrammeShelf programmes, TimeProvider time) =>
        Akka.Actor.Props.Create(() => new MotionActor(controller, programmes, time));

    protected override void Carry(DeviceOrder order)
    {
        if (order.Effect is ScanEffect.AskProgress ask)
        {
            Run(controller.GetStatusAsync, (at, o) => new ScanCommand.MotionProgress(at, ask.Take, o));
            return;
        }
        if (order.Effect is not ScanEffect.OrderMotion e)
            throw new ArgumentException($"{controller.Name} is a motion controller and cannot carry out {order.Effect}.");
        Run(c => OrderAsync(order.Uid, e, c), (at, o) => new ScanCommand.MotionAnswered(at, e.Take, e.Order, o));
    }

    private Task<Outcome<MotionStatus>> OrderAsync(string uid, ScanEffect.OrderMotion e, CancellationToken cancel)
    {
        var mark = Marks.Of(uid, e.Take);
        return e.Order switch
        {
            MotionOrder.Load => controller.LoadAsync(mark, programmes.Compile(uid, e.Frames).Trajectory!, cancel),
            MotionOrder.MoveToStart => controller.MoveToStartAsync(mark, cancel),
            MotionOrder.Start => controller.StartAsync(mark, cancel),
            MotionOrder.Await => controller.WaitDoneAsync(mark, cancel),
            MotionOrder.Stop => controller.StopAsync(cancel),
            MotionOrder.Query => controller.GetStatusAsync(cancel),
            _ => throw new UnreachableException(),
        };
    }
}
