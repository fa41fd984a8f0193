using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>Where a box listens, and what moves at its inputs.</summary>
public sealed record PandASimulatorServerOptions
{
    /// <summary>Address to listen on.</summary>
    public string Address { get; init; } = "127.0.0.1";

    public int ControlPort { get; init; } = 8888;

    public int DataPort { get; init; } = 8889;

    /// <summary>How INENC1 to INENC4 move, in their order; fewer leave the others at rest.</summary>
    public IReadOnlyList<EncoderPattern> Encoders { get; init; } = [];

    public IReadOnlyList<PandAFault> Faults { get; init; } = [];
}

/// <summary>One simulated box in real time behind its two ports, with nothing else around it.</summary>
public sealed class PandASimulatorServer : IAsyncDisposable
{
    private const long DataPeriodNs = 100_000_000;
    private const long ClientPollNs = 200_000_000;

    private readonly SimulatedWorld _world;
    private readonly ConnectionListener _control;
    private readonly ConnectionListener _data;

    private PandASimulatorServer(PandASimulatorServerOptions options, TimeProvider time)
    {
        _world = new SimulatedWorld(1, time);
        var began = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        var box = new PandASimulator(
            _world, new PandASimulatorOptions { DataPeriodNs = DataPeriodNs, ClientPollNs = ClientPollNs, EpochNs = began });
        for (var i = 0; i < options.Encoders.Count; i++)
            box.WireEncoder(i + 1, new PatternEncoder(options.Encoders[i]));
        foreach (var fault in options.Faults)
            box.Inject(fault);
        _control = ConnectionListener.Listen(options.Address, options.ControlPort, box.ServeControl);
        try
        {
            _data = ConnectionListener.Listen(options.Address, options.DataPort, box.ServeData);
        }
        catch
        {
            _control.Dispose();
            throw;
        }
    }

    public int ControlPort => _control.Port;

    public int DataPort => _data.Port;

    /// <summary>Completes when the box was stopped; fails when its world did.</summary>
    public Task Completed => _world.Ended;

    /// <summary>Listens and runs.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming address and port for one in use, <see cref="FormatException"/> for a
    /// fault that the box cannot have.</remarks>
    public static PandASimulatorServer Start(PandASimulatorServerOptions options, TimeProvider time)
    {
        var server = new PandASimulatorServer(options, time);
        server._world.Start();
        return server;
    }

    /// <summary>Closes both ports and ends the world.</summary>
    public void Stop()
    {
        _control.Dispose();
        _data.Dispose();
        _world.Dispose();
    }

    public ValueTask DisposeAsync()
    {
        Stop();
        return ValueTask.CompletedTask;
    }
}
