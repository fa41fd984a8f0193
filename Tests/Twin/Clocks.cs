using Flyscan.Engine.Simulation;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Twin;

/// <summary>A node's virtual clock as drivers want it.</summary>
internal sealed class NodeClock(SimulatedNode node) : IClock
{
    public long NowNs => node.NowNs;

    public IDisposable WakeAt(long timeNs, Action wake) => node.At(timeNs, wake);
}

/// <summary>The run's own clock, for what outlives every node: the disk.</summary>
internal sealed class RunClock(SimulationRun run) : IClock
{
    public long NowNs => run.NowNs;

    public IDisposable WakeAt(long timeNs, Action wake) => run.At(timeNs, wake);
}

/// <summary>A lane as the beam clock of a world that begins when it is made.</summary>
internal sealed class WorldClock(SimulatedLane lane) : ISimulationClock
{
    public long BeganNs { get; } = lane.NowNs;

    public long NowNs => lane.NowNs - BeganNs;

    public IDisposable At(long timeNs, Action action) => lane.At(timeNs + BeganNs, action);

    public void Post(Action action) => lane.Post(action);
}

/// <summary>How the clock of a machine is wrong: by a constant, by a rate, and by what somebody sets it by while it runs.</summary>
/// <remarks><b>Units</b> nanoseconds; DriftPpb: nanoseconds per second.</remarks>
internal sealed class ClockError
{
    public long AheadNs { get; set; }

    public long DriftPpb { get; init; }
}

/// <summary>A node's time as the clock of a machine tells it that is not set right; timers and elapsed time are right.</summary>
internal sealed class SkewedTime(TimeProvider time, ClockError error, long beganNs) : TimeProvider
{
    public override long TimestampFrequency => time.TimestampFrequency;

    public override DateTimeOffset GetUtcNow()
    {
        var now = time.GetUtcNow();
        var runsNs = (now - UnixEpoch).Ticks * 100 - beganNs;
        return now.AddTicks((error.AheadNs + (long)((Int128)runsNs * error.DriftPpb / 1_000_000_000)) / 100);
    }

    public override long GetTimestamp() => time.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        time.CreateTimer(callback, state, dueTime, period);

    private static readonly DateTimeOffset UnixEpoch = DateTimeOffset.UnixEpoch;
}

/// <summary>The sockets of one life of a process: what arrives is handled in that life, and its death closes them.</summary>
internal sealed class NodeConnector : IConnector
{
    private readonly IConnector _network;
    private readonly SimulatedLane _lane;
    private readonly List<IConnection> _open = [];

    public NodeConnector(SimulatedNode node, IConnector network)
    {
        (_network, _lane) = (network, node.NewLane());
        node.OnCrash(() =>
        {
            foreach (var connection in _open)
                connection.Dispose();
        });
    }

    public async Task<IConnection> ConnectAsync(string host, int port, CancellationToken cancel)
    {
        var connection = await _network.ConnectAsync(host, port, cancel);
        _open.Add(connection);
        return new NodeConnection(connection, _lane);
    }

    private sealed class NodeConnection(IConnection connection, SimulatedLane lane) : IConnection
    {
        public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed) => connection.Start(
            bytes =>
            {
                var copy = bytes.ToArray();
                lane.Post(() => received(copy));
            },
            cause => lane.Post(() => closed(cause)));

        public void Send(ReadOnlySpan<byte> bytes) => connection.Send(bytes);

        public void Dispose() => connection.Dispose();
    }
}
