using System.Globalization;
using System.Text;

namespace Flyscan.Engine.Simulation;

/// <summary>How a run of a scenario ended.</summary>
/// <param name="Failure">What went wrong, as text; null where nothing did.</param>
/// <param name="Faults">The faults that happened, in order.</param>
/// <param name="Lines">The trace's text, where it was recorded.</param>
public sealed record SimulationOutcome(
    ulong Seed, ulong Hash, long Deliveries, long EndNs, string? Failure, IReadOnlyList<Fault> Faults, IReadOnlyList<string> Lines);

/// <summary>A failure of one seed, with the fewest faults that were found to cause it and the trace of that run.</summary>
/// <param name="First">The run that failed first, with all the faults of its seed.</param>
/// <param name="Shrunk">The run with the fewest faults, recorded.</param>
public sealed record SimulationFailure(SimulationOutcome First, SimulationOutcome Shrunk)
{
    /// <summary>A report to read: the seed, what went wrong, the faults that it takes, and what happened.</summary>
    /// <param name="mostLines">The most lines of the trace; its last ones.</param>
    public string Report(int mostLines = 200)
    {
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Seed {First.Seed} fails: {First.Failure}");
        text.AppendLine(CultureInfo.InvariantCulture, $"Of its {First.Faults.Count} faults it takes {Shrunk.Faults.Count}:");
        foreach (var fault in Shrunk.Faults)
            text.AppendLine("  " + fault);
        text.AppendLine(CultureInfo.InvariantCulture, $"With these it ends so: {Shrunk.Failure}");
        text.AppendLine(CultureInfo.InvariantCulture, $"Last of {Shrunk.Lines.Count} lines (seconds, what, where):");
        foreach (var line in Shrunk.Lines.Skip(Math.Max(0, Shrunk.Lines.Count - mostLines)))
            text.AppendLine(line);
        return text.ToString();
    }
}

/// <summary>Plays one scenario with many seeds; what fails is replayed, shrunk and recorded.</summary>
/// <param name="options">For every run, but for seed, faults and recording.</param>
/// <param name="scenario">Adds nodes to the run, runs it, and throws where something is wrong.</param>
public sealed class SimulationCampaign(SimulationOptions options, Action<SimulationRun> scenario)
{
    /// <summary>Plays one seed with the faults of the options' profile, or with exactly the given ones.</summary>
    public SimulationOutcome Play(ulong seed, IReadOnlyList<Fault>? faults = null, bool records = false)
    {
        var run = new SimulationRun(options with { Seed = seed, Faults = faults ?? options.Faults, RecordsTrace = records });
        string? failure = null;
        try
        {
            scenario(run);
        }
        catch (Exception cause)
        {
            // Whatever a scenario throws, an assertion's exception too, is this run's failure.
            failure = $"{cause.GetType().Name}: {cause.Message}";
        }

        return new SimulationOutcome(seed, run.Trace.Hash, run.Trace.Deliveries, run.NowNs, failure, run.Faults, run.Trace.Lines);
    }

    /// <summary>Plays one seed; null where it does not fail.</summary>
    public SimulationFailure? Examine(ulong seed)
    {
        var first = Play(seed);
        return first.Failure is null ? null : Shrink(first);
    }

    /// <summary>Finds the fewest faults with which the seed still fails, and records that run.</summary>
    public SimulationFailure Shrink(SimulationOutcome failed)
    {
        var fewest = FaultShrinker.Minimise(failed.Faults, some => Play(failed.Seed, some).Failure is not null);
        return new SimulationFailure(failed, Play(failed.Seed, fewest, records: true));
    }

    /// <summary>Plays seeds in order until one fails; null where none does.</summary>
    public SimulationFailure? Search(ulong firstSeed, int seeds)
    {
        for (var i = 0; i < seeds; i++)
        {
            if (Examine(firstSeed + (ulong)i) is { } failure)
                return failure;
        }

        return null;
    }
}
