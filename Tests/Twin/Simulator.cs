using Flyscan.Engine.Simulation;

namespace Flyscan.Twin;

/// <summary>How one seed ended.</summary>
/// <param name="Failure">Null where every invariant held.</param>
/// <param name="Faults">What happened, the twin's own and the engine's.</param>
internal sealed record SeedOutcome(
    ulong Seed, ulong Hash, string? Failure, IReadOnlyList<object> Faults, IReadOnlyList<string> Lines, long EndNs);

/// <summary>Plays seeds; what fails is played again with fewer faults until none can be left out.</summary>
internal sealed class Simulator(IReadOnlySet<string> kinds)
{
    private const int MostShrinkTries = 120;

    /// <summary>All kinds of faults.</summary>
    public static Simulator WithAll { get; } = new(FaultMaker.Kinds.ToHashSet(StringComparer.Ordinal));

    public SeedOutcome Play(ulong seed, Coverage coverage) =>
        Play(seed, FaultMaker.Of(seed, kinds), FaultMaker.ProfileOf(seed, kinds), null, coverage, false);

    /// <summary>The same seed with exactly these faults.</summary>
    public SeedOutcome Replay(ulong seed, IReadOnlyList<object> faults, bool records) => Play(
        seed, [.. faults.OfType<TwinFault>()], null, [.. faults.OfType<Fault>()], new Coverage(), records);

    /// <summary>The fewest faults with which the seed still fails, in the run that shows it.</summary>
    public SeedOutcome Shrink(SeedOutcome failed)
    {
        var fewest = FaultShrinker.Minimise(
            failed.Faults, some => Replay(failed.Seed, some, false).Failure is not null, MostShrinkTries);
        return Replay(failed.Seed, fewest, true);
    }

    private static SeedOutcome Play(
        ulong seed, IReadOnlyList<TwinFault> own, FaultProfile? profile, IReadOnlyList<Fault>? engine, Coverage coverage, bool records)
    {
        var options = new SimulationOptions { Seed = seed, Profile = profile, Faults = engine, RecordsTrace = records };
        var run = new SimulationRun(options);
        string? failure = null;
        try
        {
            TwinRun.Play(run, own, coverage);
        }
        catch (Exception cause)
        {
            // Whatever a run throws is its failure, an assertion of the code under test too.
            failure = cause is SimulationException or ViolationException ? cause.Message : $"{cause.GetType().Name}: {cause}";
        }
        return new SeedOutcome(seed, run.Trace.Hash, failure, [.. own, .. run.Faults], run.Trace.Lines, run.NowNs);
    }
}
