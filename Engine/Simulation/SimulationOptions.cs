namespace Flyscan.Engine.Simulation;

/// <summary>What a run is made from; equal options and an equal scenario give an equal run, message for message.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
public sealed record SimulationOptions
{
    /// <summary>Decides every choice that nothing else decides.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>Faults that the seed makes; none where null.</summary>
    public FaultProfile? Profile { get; init; }

    /// <summary>Exactly these faults, and none of the profile's: how a run is replayed.</summary>
    public IReadOnlyList<Fault>? Faults { get; init; }

    /// <summary>Whether the trace keeps its text; its hash is always kept.</summary>
    public bool RecordsTrace { get; init; }

    /// <summary>The most lines of text that are kept: the last ones.</summary>
    public int MostTraceLines { get; init; } = 200_000;

    /// <summary>How long a message between nodes or groups is on its way, at least.</summary>
    public long LatencyNs { get; init; } = 100_000;

    /// <summary>How much longer it may be on its way without any fault.</summary>
    public long JitterNs { get; init; } = 100_000;

    /// <summary>How long a node must be out of reach until those who watch its actors are told.</summary>
    public long DetectionNs { get; init; } = 5_000_000_000;

    /// <summary>How long a journal's write takes without any fault.</summary>
    public long WriteNs { get; init; } = 50_000;

    /// <summary>The date at virtual time 0.</summary>
    public DateTimeOffset Epoch { get; init; } = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>Steps without any passing of time after which the run is taken for one that goes in circles.</summary>
    public long MostStepsAtOneMoment { get; init; } = 20_000_000;
}
