using System.Globalization;
using Flyscan.Persistence.Catalogue;
using Spectre.Console;

namespace Flyscan.Host.Cli;

/// <summary>A run's summary for people.</summary>
internal static class SummaryView
{
    public static void Show(Output output, RunSummary summary, RunFolder folder)
    {
        var table = new Table().Border(TableBorder.Simple).HideHeaders().AddColumn("what").AddColumn("value");
        void Row(string what, string value) => table.AddRow(Plain.Of(what), Plain.Of(value));
        Row("run", $"{summary.Uid}  {summary.Status}");
        Row("frames", Invariant($"{summary.Committed} of {summary.Frames} committed, {summary.Superseded} superseded"));
        if (summary.Rates.Count > 0)
            Row("rates", string.Join(", ", summary.Rates.Select(r => Invariant($"{r.Key} {r.Value.Rate} a frame: {r.Value.Committed}"))));
        Row("takes", Invariant($"{summary.Takes}, {summary.Rewinds} rewinds"));
        Row("time", Invariant($"{summary.DurationS:0.00} s, dead: ") +
            string.Join(", ", summary.DeadTimeS.Select(d => Invariant($"{d.Key} {d.Value:0.00} s"))));
        if (summary.HandoverMs.P50 is double p50)
            Row("handover", Invariant($"{p50:0.00} ms median, {summary.HandoverMs.P99:0.00} ms p99, ") +
                Invariant($"{summary.HandoverMs.Max:0.00} ms max (software)"));
        Row("files", string.Join("\n", summary.Files.Select(f => Path.Combine(folder.Path, f))));
        Row("master", folder.Master);
        Row("documents", folder.Documents);
        if (summary.SupersededRanges.Count > 0)
            Row("superseded", Some(summary.SupersededRanges.Select(r => Invariant($"[{r.First}, {r.End}) of take {r.Take}: {r.Cause}"))));
        if (summary.SkippedRanges.Count > 0)
            Row("skipped", Some(summary.SkippedRanges.Select(r => Invariant($"[{r.First}, {r.End}) by {r.Who}: {r.Why}"))));
        if (summary.Lacking.Count > 0)
            Row("lacking", string.Join(", ", summary.Lacking.Select(l => Invariant($"{l.Key} {l.Value} frames"))) + " (masked)");
        if (summary.BoxRounding.Count > 0)
            Row("rounded", Some(summary.BoxRounding));
        if (summary.Error is not null)
            Row("reason", summary.Error);
        output.Table(table);
    }

    /// <summary>The first few lines, and how many more there are.</summary>
    private static string Some(IEnumerable<string> lines)
    {
        const int Most = 8;
        var all = lines.ToList();
        var more = all.Count > Most ? Invariant($"\nand {all.Count - Most} more, see flyscan show --json") : "";
        return string.Join("\n", all.Take(Most)) + more;
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
