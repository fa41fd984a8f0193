using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.Zebra.Simulator;

/// <summary>Where a simulated Zebra is reached, and what moves at its inputs.</summary>
public sealed record ZebraSimulatorServerOptions
{
    /// <summary>Address to listen on, as a terminal server does.</summary>
    public string Address { get; init; } = "127.0.0.1";

    /// <summary>Port to listen on; null: none.</summary>
    public int? Port { get; init; }

    /// <summary>Whether it is reached over a serial device: a pseudo-terminal.</summary>
    public bool HasTerminal { get; init; }

    /// <summary>How ENC1 to ENC4 move, in their order; fewer leave the others at rest.</summary>
    public IReadOnlyList<EncoderPattern> Encoders { get; init; } = [];

    public IReadOnlyList<ZebraFault> Faults { get; init; } = [];
}

/// <summary>One simulated Zebra in real time, at the pace of its serial line, with nothing else around it.</summary>
public sealed class ZebraSimulatorServer : IDisposable
{
    private readonly SimulatedWorld _world;
    private readonly ConnectionListener? _listener;
    private readonly PseudoTerminal? _terminal;

    private ZebraSimulatorServer(ZebraSimulatorServerOptions options, TimeProvider time)
    {
        _world = new SimulatedWorld(1, time);
        var box = new ZebraSimulator(_world);
        for (var i = 0; i < options.Encoders.Count; i++)
            box.WireEncoder(i + 1, new PatternEncoder(options.Encoders[i]));
        box.Damage = (sent, line) => Damaged(box, options.Faults.Where(f => f.AfterSamples == sent), line);
        if (options.Port is { } port)
            _listener = ConnectionListener.Listen(options.Address, port, box.Serve);
        if (!options.HasTerminal)
            return;
        try
        {
            _terminal = PseudoTerminal.Open();
            box.Serve(_terminal.Connection);
        }
        catch
        {
            _listener?.Dispose();
            throw;
        }
    }

    /// <summary>Port that it listens on; null where it does not.</summary>
    public int? Port => _listener?.Port;

    /// <summary>Path of its serial device; null where it has none.</summary>
    public string? Device => _terminal?.Path;

    /// <summary>Completes when the box was stopped; fails when its world did.</summary>
    public Task Completed => _world.Ended;

    /// <summary>Listens and runs.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming address and port for one in use, or why there is no
    /// pseudo-terminal.</remarks>
    public static ZebraSimulatorServer Start(ZebraSimulatorServerOptions options, TimeProvider time)
    {
        var server = new ZebraSimulatorServer(options, time);
        server._world.Start();
        return server;
    }

    /// <summary>Closes what it is reached by and ends the world.</summary>
    public void Dispose()
    {
        _listener?.Dispose();
        _terminal?.Connection.Dispose();
        _world.Dispose();
    }

    private static string? Damaged(ZebraSimulator box, IEnumerable<ZebraFault> faults, string? line)
    {
        foreach (var fault in faults)
        {
            if (fault is ZebraFault.Overflow)
                box.Overflow();
            line = fault switch
            {
                ZebraFault.LostLine => null,
                ZebraFault.ShortLine => line?[..^1],
                _ => line,
            };
        }
        return line;
    }
}
