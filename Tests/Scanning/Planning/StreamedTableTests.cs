using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>Programmes longer than the box's table: paged, or streamed with a proof.</summary>
public sealed class StreamedTableTests
{
    private const long Ms = Beamlines.Ms;

    /// <summary>A piece of 1000 rows takes 10 ms and 10 ms of latency.</summary>
    private static readonly TableStreaming Streaming = new(1000, 4, 100_000, 10 * Ms);

    private static readonly BeamlineDescription Beamline = Beamlines.Virtual with
    {
        Box = Beamlines.Virtual.Box with { Streaming = Streaming },
        Controllers = [Beamlines.Virtual.Controllers[0] with { MaxPoints = 10_000_000 }],
    };

    /// <summary>Frames of two durations by turns: a row each.</summary>
    private static Spec Varied(int frames, double seconds) => new Fly(new Durations(
        [.. Enumerable.Range(0, frames).Select(i => seconds * (1 + i % 2))], new Linspace("x", 0, 10, frames)));

    [Fact]
    public void A_long_programme_is_one_take_with_its_proof()
    {
        var plan = Planned.Of(Varied(20_000, 0.001), Beamline);
        Assert.Equal([20_000L], Planned.Takes(plan).Select(t => t.Count));
        // 1000 rows of 1 and 2 ms by turns; the first piece holds the three rows that open the window.
        var proof = plan.Estimate.Tables!;
        Assert.Equal((1L, 1000, 20 * Ms), (proof.Takes, proof.PieceRows, proof.RefillNs));
        Assert.InRange(proof.FastestPieceNs, 1490 * Ms, 1500 * Ms);
        // Each piece is sent when the one four before it is used up, and needed when the one before it is.
        Assert.InRange(proof.MarginNs!.Value, 3 * proof.FastestPieceNs - 20 * Ms, 3 * 1500 * Ms - 20 * Ms);
        Assert.Equal(3 * proof.FastestPieceNs, proof.AutonomyNs);
    }

    [Fact]
    public void Paged_programmes_stop_between_takes_and_boxes_of_whole_tables_have_no_others()
    {
        var paged = Planned.Of(Varied(20_000, 0.001), Beamline, r => r with { LongTables = LongTables.Paged });
        Assert.Equal(5, paged.Estimate.Takes);
        Assert.Null(paged.Estimate.Tables);
        Assert.Equal(5, Planned.Of(Varied(20_000, 0.001), Beamline with { Box = Beamlines.Virtual.Box }).Estimate.Takes);
        Assert.Equal(
            "trigger box panda, longTables: the trigger box takes whole tables only: streamed; allowed: tables of 4096 rows. "
            + "Say longTables: paged, or leave it out.",
            Planned.Problems(Varied(20_000, 0.001), change: r => r with { LongTables = LongTables.Streamed }));
    }

    [Fact]
    public void Refill_that_is_too_slow_is_refused_with_the_shortfall_and_a_way_out()
    {
        // 1000 rows of 10 and 20 us: 15 ms a piece, and 20 ms to send one.
        var fast = Beamline with { Detectors = [Beamline.Detectors[0]] };
        ScanRequest Wanted(ScanRequest request) => request with { Detectors = ["diode"], LongTables = LongTables.Streamed };
        var spec = new Fly(new Durations(
            [.. Enumerable.Range(0, 20_000).Select(i => 0.00001 * (1 + i % 2))], new Linspace("x", 0, 10, 20_000)));
        var problem = Assert.Single(
            ((PlanResult.Refused)Planned.Try(spec, fast, Wanted)).Problems, p => p.Where.Contains("panda", StringComparison.Ordinal));
        Assert.Contains("the box would run out of rows: pieces of its table come later than it needs them", problem.ToString());
        Assert.InRange(problem.Measured!.Value, 0.01490, 0.01501);
        Assert.Equal(0.02, problem.Allowed);
        var slower = problem.Suggestion!.SlowerBy!.Value;
        Assert.InRange(slower, 1.33, 1.36);
        var enough = new Fly(new Durations(
            [.. Enumerable.Range(0, 20_000).Select(i => slower * 0.00001 * (1 + i % 2))], new Linspace("x", 0, 10, 20_000)));
        Assert.DoesNotContain("run out of rows", Planned.Problems(enough, fast, Wanted));
    }

    [Fact]
    public void Left_to_the_plan_a_take_ends_before_its_table_would_run_dry()
    {
        // Frames of 10 and 20 us by turns, as before: each piece comes 5 ms later than the one before, and four are there at the start.
        var fast = Beamline with { Detectors = [Beamline.Detectors[0]] };
        var plan = Planned.Of(
            new Fly(new Durations(
                [.. Enumerable.Range(0, 20_000).Select(i => 0.00001 * (1 + i % 2))], new Linspace("x", 0, 0.001, 20_000))),
            fast, r => r with { Detectors = ["diode"] });
        var takes = Planned.Takes(plan).Select(t => t.Count).ToList();
        Assert.Equal(20_000, takes.Sum());
        // 45 ms before the fifth piece is needed, 20 ms to send it; then 5 ms less with each.
        Assert.All(takes.SkipLast(1), frames => Assert.InRange(frames, 8000, 10_000));
        Assert.Equal(takes.Count(f => f > 4096), plan.Estimate.Tables!.Takes);
        Assert.True(plan.Estimate.Tables.MarginNs >= 0);
    }

    /// <summary>The proof against a box that is run row by row: whatever is proved never starves, and what is not does.</summary>
    [Fact]
    public void The_proof_is_what_a_box_would_do()
    {
        var (starved, held) = (0, 0);
        for (var seed = 1UL; seed <= 2000; seed++)
        {
            var random = new Seeded(seed);
            var rates = new TableFlow(1 + random.Next(20), 1 + random.Next(8), 1 + random.Next(2000));
            var rows = Enumerable.Range(0, 200 + random.Next(200)).Select(_ => (long)random.Next(5) * random.Next(100)).ToList();
            var flow = new RowFlow(rates);
            var half = new RowFlow(rates);
            foreach (var row in rows)
                flow.Add(1, row);
            foreach (var row in rows.Take(100))
                half.Add(1, row);
            var copy = half.Copy();
            foreach (var row in rows.Skip(100))
                copy.Add(1, row);
            Assert.Equal((flow.MarginNs, flow.FastestPieceNs), (copy.MarginNs, copy.FastestPieceNs));
            var late = Latest(rows, rates);
            Assert.True(flow.Holds == late <= 0, $"seed {seed}: margin {flow.MarginNs}, latest piece {late}");
            if (!flow.Holds)
                Assert.Equal(late, -flow.MarginNs);
            (starved, held) = flow.Holds ? (starved, held + 1) : (starved + 1, held);
        }
        Assert.True(starved > 200 && held > 200, $"{starved} starved, {held} held");
    }

    /// <summary>A box that holds so many pieces, and a sender that sends one after the other into the room there is: how late the latest
    /// piece comes, if nothing waits for it.</summary>
    private static long Latest(List<long> rows, TableFlow rates)
    {
        var pieces = rows.Chunk((int)rates.PieceRows).Select(p => p.Sum()).ToList();
        var ends = new long[pieces.Count];
        for (var i = 0; i < pieces.Count; i++)
            ends[i] = (i == 0 ? 0 : ends[i - 1]) + pieces[i];
        var (sender, latest) = (0L, long.MinValue);
        for (var piece = rates.PiecesQueued; piece < pieces.Count; piece++)
        {
            var room = ends[piece - rates.PiecesQueued];
            sender = Math.Max(sender, room) + rates.RefillNs;
            latest = Math.Max(latest, sender - ends[piece - 1]);
        }
        return latest;
    }

    [Fact]
    public void A_take_from_any_frame_has_its_own_proof()
    {
        var plan = Planned.Of(Varied(20_000, 0.001), Beamline);
        foreach (var first in new[] { 1L, 999, 10_000, 15_000 })
            Assert.Equal(new FrameRange(first, 20_000), plan.NextTake(new FrameRange(first, 20_000)));
    }

    [Fact]
    public void Lines_that_are_alike_are_streamed_together()
    {
        // Four rows a line: 1500 lines are 6000 rows.
        var plan = Planned.Of(Planned.Grid(1500, 10, 0.01), Beamline);
        Assert.Equal((1L, 1L), (plan.Estimate.Takes, plan.Estimate.Tables!.Takes));
        // 250 lines of 100 ms are a piece.
        Assert.Equal(25_000 * Ms, plan.Estimate.Tables.FastestPieceNs);
        Assert.Equal(6000, plan.Compile(new FrameRange(0, plan.Frames)).Triggers.Windows.Sum(w => 3 + w.Trains.Count));
    }
}
