namespace Flyscan.Persistence.Catalogue;

/// <summary>Handover times; null where there was none.</summary>
/// <remarks><b>Units</b> milliseconds. Percentiles by nearest rank.</remarks>
public sealed record HandoverTimes(double? P50, double? P99, double? Max)
{
    internal static HandoverTimes Of(long[] ns)
    {
        if (ns.Length == 0)
            return new HandoverTimes(null, null, null);
        var sorted = ns.Order().ToArray();
        return new HandoverTimes(Percentile(50), Percentile(99), sorted[^1] / 1e6);

        double Percentile(int percent) => sorted[(sorted.Length * percent + 99) / 100 - 1] / 1e6;
    }
}
