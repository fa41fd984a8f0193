namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What distinguishes one simulated box from another.</summary>
/// <remarks><b>Units</b> nanoseconds of the simulated world's clock.</remarks>
public sealed record PandASimulatorOptions
{
    /// <summary>How often captured samples are handed to data clients; 0: as soon as they are captured. A real box: 100 ms.
    /// Wall time, which the other times here are not.</summary>
    public long DataPeriodNs { get; init; }

    /// <summary>How long the server takes to notice that a data client has gone; 0: it knows at once. A real box: 200 ms. Wall
    /// time.</summary>
    public long ClientPollNs { get; init; }

    /// <summary>How long the box refuses connections after a restart. Wall time.</summary>
    public long RestartNs { get; init; } = 1_300_000_000;

    /// <summary>Length of one block of the server's history (a hardware read).</summary>
    public long BlockNs { get; init; } = 100_000_000;

    /// <summary>Blocks of history that a client connecting late is given.</summary>
    public int HistoryBlocks { get; init; } = 95;

    /// <summary>Nanoseconds since 1970 at which the simulated world began; what arm and start times are reckoned from.</summary>
    public long EpochNs { get; init; } = 1_767_225_600_000_000_000;
}
