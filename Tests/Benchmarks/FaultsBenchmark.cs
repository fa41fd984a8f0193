using System.Globalization;
using Flyscan.Actors.Scans;

namespace Flyscan.Benchmarks;

/// <summary>What pauses, dumped beam, kills and handovers cost with one, four and eight detectors, on the virtual beamline in real
/// time.</summary>
internal static class FaultsBenchmark
{
    private static readonly int[] Detectors = [1, 4, 8];

    public static async Task RunAsync(TextWriter output)
    {
        var columns = new List<IReadOnlyList<(string What, string Figure)>>();
        foreach (var cameras in Detectors)
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"measuring with {cameras} detector(s)…"));
            using var place = new FaultsPlace(cameras);
            columns.Add(await OfAsync(place));
        }
        output.WriteLine();
        output.WriteLine($"| | {string.Join(" | ", Detectors.Select(d => d == 1 ? "1 detector" : $"{d} detectors"))} |");
        output.WriteLine($"| --- |{string.Concat(Detectors.Select(_ => " ---: |"))}");
        for (var row = 0; row < columns[0].Count; row++)
            output.WriteLine($"| {columns[0][row].What} | {string.Join(" | ", columns.Select(c => c[row].Figure))} |");
    }

    private static async Task<IReadOnlyList<(string What, string Figure)>> OfAsync(FaultsPlace place)
    {
        var held = await new HeldFlight(place).RunAsync();
        var adopted = await new AdoptedFlight(place).RunAsync();
        var killed = await new KilledFlight(place).RunAsync();
        var steps = place.Request("handovers", 300, 1, 10);
        var handed = await HandoverBenchmark.FlyAsync(place.FolderOf("handover"), place.BeamlineFile, steps);
        return
        [
            ("pause asked to hardware idle and axes at rest, ms: median (most)", Spread(held.PauseNs)),
            ("resumed to flying again, ms: median (most)", Spread(held.ResumeNs)),
            ("beam dumped: frames exposed again, mean (most)", Frames(held.FramesAgain)),
            ("beam dumped: beam settled to flying again, ms: median (most)", Spread(held.RewindNs)),
            ("successor told to take over to in charge of the flight, ms: median (most)", Spread(adopted.AdoptNs)),
            ("of these, flights that went on untouched", adopted.Untouched),
            ("killed process: `flyscan resume` started to in charge, ms: median (most)", Spread(killed.TookOverNs)),
            ("killed process: `flyscan resume` started to its first commit, ms: median (most)", Spread(killed.CommittedNs)),
            ("killed process: frames exposed again, mean (most)", Frames(killed.FramesAgain)),
            ("handover, software and journal, ms: p50 / p99", Percentiles(handed, h => h.SoftwareNs)),
            ("handover, with devices' answers, ms: p50 / p99", Percentiles(handed, h => h.TotalNs)),
        ];
    }

    private static string Spread(IReadOnlyList<long> ns)
    {
        var sorted = ns.Order().ToList();
        return sorted.Count == 0
            ? "none"
            : string.Create(CultureInfo.InvariantCulture, $"{sorted[sorted.Count / 2] / 1e6:0} ({sorted[^1] / 1e6:0})");
    }

    private static string Frames(IReadOnlyList<long> frames) => frames.Count == 0
        ? "none"
        : string.Create(CultureInfo.InvariantCulture, $"{frames.Average():0.#} ({frames.Max()})");

    private static string Percentiles(IReadOnlyList<Handover> handovers, Func<Handover, long> ns)
    {
        var sorted = handovers.Select(ns).Order().ToList();
        return string.Create(
            CultureInfo.InvariantCulture, $"{sorted[sorted.Count / 2] / 1e6:0.00} / {sorted[(int)(sorted.Count * 0.99)] / 1e6:0.00}");
    }
}
