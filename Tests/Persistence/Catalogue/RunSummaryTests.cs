using System.Text.Json;
using Flyscan.Persistence.Catalogue;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Persistence.Documents;
using Xunit;

namespace Flyscan.Tests.Persistence.Catalogue;

public sealed class RunSummaryTests : IDisposable
{
    private const long Ms = 1_000_000;
    private static readonly RunFacts Facts = new("documents.jsonl", "master.nxs");
    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-summary-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_file_has_exactly_the_members_that_others_read()
    {
        using var json = JsonDocument.Parse(RunSummary.From(RunStory.Of("finished"), Facts).ToJson());
        Assert.Equal(
            ["uid", "status", "frames", "committed", "superseded", "takes", "rewinds", "duration_s", "dead_time_s", "handover_ms", "files",
                "documents", "master", "error", "superseded_ranges",
                "skipped_ranges", "lacking", "rates", "box_rounding"],
            json.RootElement.EnumerateObject().Select(m => m.Name));
        Assert.Equal(["p50", "p99", "max"], json.RootElement.GetProperty("handover_ms").EnumerateObject().Select(m => m.Name));
    }

    [Fact]
    public void A_rewound_run_counts_what_files_hold_beyond_the_committed()
    {
        ScanEvent[] events =
        [
            Submitted(0),
            Opened(1, "cam", 1),
            Opened(2, "cam", 2),
            new ScanEvent.HandedOver(3, 1, 1),
            new ScanEvent.TookBack(4, 1, 12, "beam lost"),
            new ScanEvent.FramesCommitted(5, new FrameRange(0, 5), [new Extent("cam", 1, 0, 5, 0)]),
            new ScanEvent.Rewound(6, 5, "beam lost"),
            new ScanEvent.HandedOver(7, 2, 1),
            new ScanEvent.TookBack(8, 2, 7, "done"),
            new ScanEvent.FramesCommitted(9, new FrameRange(5, 12), [new Extent("cam", 2, 5, 7, 0)]),
        ];
        Assert.Equal(7, RunSummary.From(events, Facts).Superseded);
        var closed = RunSummary.From(
            [.. events, new ScanEvent.Unstaged(10, [new SegmentCount("cam", 1, 11), new SegmentCount("cam", 2, 7)]),
                new ScanEvent.Finished(2_500_000_000, ScanStatus.Finished, null)],
            Facts);
        Assert.Equal((12L, 6L, 2, 1, 2.5), (closed.Committed, closed.Superseded, closed.Takes, closed.Rewinds, closed.DurationS));
        Assert.Equal(["data/cam.0001.h5", "data/cam.0002.h5"], closed.Files);
        Assert.Null(closed.Error);
        Assert.Equal("finished", closed.Status);
    }

    [Fact]
    public void Dead_time_is_named_by_the_step_that_ends_it_and_flight_is_none()
    {
        ScanEvent[] events =
        [
            Submitted(0),
            new ScanEvent.Staged(10 * Ms, 1, []),
            Opened(15 * Ms, "cam", 1),
            new ScanEvent.OuterPointReached(115 * Ms, 0, []),
            new ScanEvent.ProgrammeDownloaded(117 * Ms, 1, new FrameRange(0, 4), "h", 1),
            new ScanEvent.Armed(120 * Ms, 1, [], []),
            new ScanEvent.HandedOver(121 * Ms, 1, 1),
            new ScanEvent.FlightStarted(123 * Ms, 1, 0),
            new ScanEvent.ProgrammeDownloaded(150 * Ms, 2, new FrameRange(4, 8), "h", 1),
            new ScanEvent.TookBack(1123 * Ms, 1, 4, "done"),
            new ScanEvent.HoldSet(1130 * Ms, "beam", "low"),
            new ScanEvent.HoldSet(1135 * Ms, "operator", "tea"),
            new ScanEvent.FramesCommitted(1140 * Ms, new FrameRange(0, 4), []),
            new ScanEvent.HoldCleared(1200 * Ms, "beam"),
            new ScanEvent.HoldCleared(1630 * Ms, "operator"),
            new ScanEvent.OuterPointReached(1723 * Ms, 1, []),
            new ScanEvent.Unstaged(1753 * Ms, []),
            new ScanEvent.Finished(1754 * Ms, ScanStatus.Aborted, "enough"),
        ];
        var summary = RunSummary.From(events, Facts with { PlannedDeadTimeNs = [new("turn_around", 120 * Ms), new("arm", 3 * Ms)] });
        Assert.Equal(
            new SortedDictionary<string, double>
            {
                ["staging"] = 0.015,
                ["outer_move"] = 0.2,
                ["download"] = 0.002,
                ["arm"] = 0.004,
                ["handover"] = 0.003,
                ["hold"] = 0.5,
                ["unstaging"] = 0.031,
                ["turn_around"] = 0.04,
            },
            summary.DeadTimeS);
        Assert.Equal(("aborted", "enough", 1.754), (summary.Status, summary.Error, summary.DurationS));
    }

    [Fact]
    public void Handovers_are_those_measured_else_those_of_the_journal_else_none()
    {
        var measured = Enumerable.Range(1, 200).Select(n => n * 10_000L).ToEquatableArray();
        var summary = RunSummary.From(RunStory.Of("finished"), Facts with { HandoverNs = measured });
        Assert.Equal(new HandoverTimes(1.0, 1.98, 2.0), summary.HandoverMs);
        Assert.Equal(new HandoverTimes(37, 37, 37), RunSummary.From(RunStory.Of("finished"), Facts).HandoverMs);
        Assert.Equal(new HandoverTimes(null, null, null), RunSummary.From(RunStory.Of("before staging"), Facts).HandoverMs);
    }

    [Fact]
    public void A_file_is_replaced_as_a_whole_and_reads_back()
    {
        var path = Path.Combine(_folder, "summary.json");
        File.WriteAllText(path, "old");
        var summary = RunSummary.From(RunStory.Of("aborted"), Facts with { Error = "operator: wrong sample" });
        summary.Write(path);
        var back = RunSummary.Read(path);
        Assert.Equal(summary.ToJson(), back.ToJson());
        Assert.Equal([path], Directory.GetFiles(_folder));
        File.WriteAllText(path, """{"uid":"x"}""");
        Assert.Contains(path, Assert.Throws<InvalidDataException>(() => RunSummary.Read(path)).Message);
    }

    private static ScanEvent.ScanSubmitted Submitted(long at) => new(at, "u", "{}", "i-test", "h", 12, "runs/u", "0.1.0");

    private static ScanEvent.SegmentOpened Opened(long at, string recorder, int number) =>
        new(at, new Segment(recorder, number, $"data/{recorder}.{number:0000}.h5", []), $"{recorder}-{number}", 0);
}
