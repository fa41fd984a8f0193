using Flyscan.Engine.Simulation;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Tests.EmbeddedOnly.Simulation;

/// <summary>A node's virtual clock as drivers want it.</summary>
internal sealed class NodeClock(SimulatedNode node) : IClock
{
    public long NowNs => node.NowNs;

    public IDisposable WakeAt(long timeNs, Action wake) => node.At(timeNs, wake);
}

/// <summary>A lane as the beam clock of simulated devices: one order of events, on the virtual clock.</summary>
internal sealed class LaneClock(SimulatedLane lane) : ISimulationClock
{
    public long NowNs => lane.NowNs;

    public IDisposable At(long timeNs, Action action) => lane.At(timeNs, action);

    public void Post(Action action) => lane.Post(action);
}
