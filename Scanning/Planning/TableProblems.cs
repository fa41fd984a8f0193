using Flyscan.Scanning.Triggering;

namespace Flyscan.Scanning.Planning;

/// <summary>Words for tables that cannot be streamed.</summary>
internal static class TableProblems
{
    /// <summary>Adds what is wrong where a request wants its long tables streamed.</summary>
    public static void Add(ScanRequest request, TriggerBoxDescription box, Starvation starved, List<PlanProblem> problems)
    {
        if (request.LongTables != LongTables.Streamed)
            return;
        if (box.Streaming is not { } streaming)
            problems.Add(new PlanProblem(
                "the trigger box takes whole tables only", $"trigger box {box.Name}, longTables", "streamed",
                $"tables of {box.TableRows} rows", "Say longTables: paged, or leave it out."));
        else if (starved.First is { } first)
            problems.Add(TooSlow(first.Frame, first.Flow, streaming, box.Name));
    }

    private static PlanProblem TooSlow(long frame, RowFlow flow, TableStreaming streaming, string box)
    {
        var slower = flow.FastestPieceNs > 0 ? Math.Ceiling(100.0 * flow.RefillNs / flow.FastestPieceNs) / 100 : double.PositiveInfinity;
        return new PlanProblem(
            "the box would run out of rows: pieces of its table come later than it needs them", $"trigger box {box}, frame {frame}",
            $"a piece of {streaming.PieceRows} rows used up in {Show.Time(flow.FastestPieceNs)}, {Show.Time(-flow.MarginNs)} too late",
            $"at least {Show.Time(flow.RefillNs)}, which sending a piece takes",
            (double.IsFinite(slower) ? $"Make the frames {Show.Number(slower)} times as long in time, or of one" : "Make the frames of one")
                + " duration, so that they share rows; or say longTables: paged.")
        {
            Frame = frame,
            Measured = flow.FastestPieceNs / 1e9,
            Allowed = flow.RefillNs / 1e9,
            Unit = "s",
            Suggestion = double.IsFinite(slower) ? new PlanSuggestion(SlowerBy: slower) : null,
        };
    }
}
