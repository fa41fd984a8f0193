using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Runs;

/// <summary>Follows one signal reading by reading and says what it means for a suspender. Pure.</summary>
/// <remarks>Between two periodic readings the signal is taken to be as bad as the worse of them; what happens within one period is the
/// guard's business.</remarks>
public sealed record SignalWatch
{
    private const double MostSecondsAhead = 1e8;

    public static readonly SignalWatch New = new();

    /// <summary>Up to when the signal is known; null before the first reading and after a failed one.</summary>
    public long? KnownToNs { get; private init; }

    private long? LostSinceNs { get; init; }

    private long? RestoredSinceNs { get; init; }

    private bool Began { get; init; }

    /// <summary>A reading came.</summary>
    public (SignalWatch Next, BeamReport Report) Hear(Suspender suspender, BeamReading reading)
    {
        var horizon = reading.AtNs - suspender.LatencyNs;
        var from = KnownToNs ?? Math.Min(reading.KnownSinceNs ?? horizon, horizon);
        var next = this;
        var lost = new List<BeamSpan>();
        foreach (var change in reading.History)
        {
            if (KnownToNs is null || change.AtNs > KnownToNs)
                next = next.Step(suspender, change.AtNs, change.AtNs, change.Value, lost);
        }
        next = next.Step(suspender, reading.KnownSinceNs is null ? from : reading.AtNs, reading.AtNs, reading.Value, lost);
        if (next.LostSinceNs is long open)
            lost.Add(new BeamSpan(open, null));
        var to = Math.Max(from, horizon);
        next = next with { KnownToNs = to };
        var isUp = next.LostSinceNs is null && (!next.Began || reading.AtNs - next.RestoredSinceNs >= suspender.SettleNs);
        var text = FormattableString.Invariant($"{suspender.Signal} reads {reading.Value:G6} {reading.Unit}").TrimEnd();
        var lossInNs = suspender.ExpectedLossNs > 0 && next.LostSinceNs is null
            ? (long)(Math.Min(reading.Value - suspender.Floor, MostSecondsAhead) * 1e9)
            : (long?)null;
        return (next, new BeamReport(from, to, lost.ToEquatableArray(), next.LostSinceNs is null, isUp, text) { LossInNs = lossInNs });
    }

    /// <summary>The signal could not be read: nothing is known until it can be.</summary>
    public (SignalWatch Next, BeamReport Report) Fail(Suspender suspender, string problem)
    {
        var at = KnownToNs ?? 0;
        return (this with { KnownToNs = null, LostSinceNs = null, RestoredSinceNs = null, Began = true },
            new BeamReport(at, at, [], false, false, $"{suspender.Signal} cannot be read: {problem}"));
    }

    /// <summary>The signal has this value at AtNs; a loss that it shows began at SinceNs or later.</summary>
    private SignalWatch Step(Suspender suspender, long sinceNs, long atNs, double value, List<BeamSpan> lost)
    {
        if (LostSinceNs is long since)
        {
            if (!suspender.IsRestored(value))
                return this;
            lost.Add(new BeamSpan(since, atNs));
            return this with { LostSinceNs = null, RestoredSinceNs = atNs, Began = true };
        }
        // The first value ever seen must be one at which a scan may begin.
        if (RestoredSinceNs is null ? suspender.IsRestored(value) : suspender.IsGood(value))
            return this with { RestoredSinceNs = RestoredSinceNs ?? atNs };
        return this with { LostSinceNs = sinceNs, RestoredSinceNs = null, Began = true };
    }
}
