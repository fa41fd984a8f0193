using System.Collections.Immutable;
using Flyscan.Persistence.Documents;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Persistence.Documents;

/// <summary>Journals of runs of one small scan: 3 outer points of an energy, 4 frames of x each, a camera and a box that reads x.</summary>
internal sealed class RunStory
{
    public const string Uid = "1d0c3f52-7a44-4b0e-9a31-6f7d3c0f9b10";
    public const long Frames = 12;
    public const long PerPoint = 4;

    public static readonly RunDescription Description = new(
        Uid, "fly", "/data/visit one/runs/1d0c/master.nxs", Frames, [3, 4],
        [
            new RunDimension([new RunAxis("energy", "keV", 7.1, 7.3, IsOuter: true)]),
            new RunDimension([new RunAxis("x", "mm", 0.5, 3.5, IsOuter: false)]),
        ],
        ["cam"], PerPoint)
    {
        ScanNumber = 42,
        Visit = "cm12345-1",
        Operator = "an operator",
        Sample = "lysozyme µ-crystal",
        MetadataJson = """{"owner":"staff","purpose":{"what":"test","numbers":[1,2.5]}}""",
    };

    private readonly List<ScanEvent> _events = [];
    private int _take;
    private int _segment = 1;

    public IReadOnlyList<ScanEvent> Events => _events;

    private long Now => 1_795_246_066_000_000_000 + _events.Count * 37_000_000L;

    public static TheoryData<string> Names => ["finished", "aborted", "resumed", "rewound", "skipped", "before staging"];

    public static IReadOnlyList<ScanEvent> Of(string name) => name switch
    {
        "finished" => new RunStory().Begin().Fly(0).Commit(0, 4).Fly(1).Commit(4, 7).Commit(7, 8).Fly(2).Commit(8, 12)
            .End(ScanStatus.Finished, null)._events,
        "aborted" => new RunStory().Begin().Fly(0).Commit(0, 4).Fly(1).Commit(4, 6).Commit(7, 8)
            .Add(at => new ScanEvent.AbortRequested(at, "operator", "wrong sample"))
            .End(ScanStatus.Aborted, "operator: wrong sample")._events,
        "resumed" => new RunStory().Begin().Fly(0).Commit(0, 4).Fly(1).Commit(4, 6).TakeOver().Fly(1).Commit(6, 8).Fly(2).Commit(8, 12)
            .End(ScanStatus.Finished, null)._events,
        "rewound" => new RunStory().Begin().Fly(0).Commit(0, 2).Add(at => new ScanEvent.Rewound(at, 2, "beam lost"))
            .Fly(1).Commit(4, 8).Fly(2).Commit(8, 10).Fly(0).Commit(3, 4).Commit(2, 3).Fly(2).Commit(10, 12)
            .End(ScanStatus.Finished, null)._events,
        "skipped" => new RunStory().Begin().Fly(0).Commit(0, 2).Skip(2, 3).Commit(3, 4).Skip(4, 8).Fly(2).Commit(9, 12).Skip(8, 9)
            .End(ScanStatus.Finished, null)._events,
        "before staging" => new RunStory().Submit().End(ScanStatus.Faulted, "cam: does not answer")._events,
        _ => throw new ArgumentOutOfRangeException(nameof(name), name, "no such story"),
    };

    /// <summary>Scan frames that a story commits, in scan order: the rows of the linear virtual dataset.</summary>
    public static long[] CommittedFrames(IEnumerable<ScanEvent> events) =>
    [
        .. events.OfType<ScanEvent.FramesCommitted>()
            .SelectMany(e => Enumerable.Range((int)e.Frames.First, (int)e.Frames.Count)).Select(f => (long)f).Order(),
    ];

    public static ImmutableArray<Document> Documents(IEnumerable<ScanEvent> events, RunDescription? description = null)
    {
        var projection = new DocumentProjection(description ?? Description);
        var state = DocumentState.Empty;
        var all = ImmutableArray.CreateBuilder<Document>();
        long sequence = 0;
        foreach (var e in events)
        {
            (state, var documents) = projection.Project(state, ++sequence, e);
            all.AddRange(documents);
        }
        return all.ToImmutable();
    }

    public RunStory Submit() =>
        Add(at => new ScanEvent.ScanSubmitted(at, Uid, "{}", "i-test", "9f0c", Frames, "/data/visit one/runs/1d0c", "0.1.0"));

    public RunStory Begin() => Submit().Add(at => new ScanEvent.Staged(at, 1, [new StagedDevice("cam", "s1", [])])).OpenSegments();

    public RunStory Fly(long outer)
    {
        _take++;
        var frames = new FrameRange(outer * PerPoint, (outer + 1) * PerPoint);
        Add(at => new ScanEvent.OuterPointReached(at, outer, [new AxisPosition("energy", (71 + outer) / 10.0)]));
        Add(at => new ScanEvent.ProgrammeDownloaded(at, _take, frames, "abcd", 1_000_000_000));
        Add(at => new ScanEvent.Armed(at, _take, [new RecorderPosition("cam", _segment, 0), new RecorderPosition("box", _segment, 0)], []));
        Add(at => new ScanEvent.HandedOver(at, _take, 1));
        Add(at => new ScanEvent.FlightStarted(at, _take, at));
        return Add(at => new ScanEvent.TookBack(at, _take, PerPoint, "done"));
    }

    public RunStory Commit(long first, long end) => Add(at => new ScanEvent.FramesCommitted(
        at, new FrameRange(first, end),
        [new Extent("cam", _segment, first, end - first, first), new Extent("box", _segment, first, end - first, first)]));

    public RunStory Skip(long first, long end) =>
        Add(at => new ScanEvent.FramesSkipped(at, [new FrameRange(first, end)], "policy", "beam lost"));

    public RunStory TakeOver()
    {
        Add(at => new ScanEvent.SupervisorTookOver(at, 2, "node-b"));
        _segment++;
        return OpenSegments();
    }

    public RunStory End(ScanStatus status, string? reason) =>
        Add(at => new ScanEvent.Unstaged(at, [])).Add(at => new ScanEvent.Finished(at, status, reason));

    public RunStory Add(Func<long, ScanEvent> make)
    {
        _events.Add(make(Now));
        return this;
    }

    private RunStory OpenSegments() =>
        Add(at => new ScanEvent.SegmentOpened(at, new Segment("cam", _segment, $"data/cam.{_segment:0000}.h5",
        [
            new SegmentDataset("data", "/entry/data/data", "<u2", [24, 32], "counts", "detector", null, 2),
            new SegmentDataset("timestamp", "/entry/timestamp", "<f8", [], "s", "timestamp", null, 1024),
            new SegmentDataset("frame", "/entry/frame", "<i8", [], null, "identity", null, 1024),
        ]), $"cam-{_segment}", 0))
        .Add(at => new ScanEvent.SegmentOpened(at, new Segment("box", _segment, $"data/box.{_segment:0000}.h5",
        [
            new SegmentDataset("x-mean", "/entry/x_mean", "<f8", [], "mm", "axis", "x", 1024),
            new SegmentDataset("x-min", "/entry/x_min", "<f8", [], "mm", "axis", "x", 1024),
            new SegmentDataset("timestamp", "/entry/timestamp", "<f8", [], "s", "timestamp", null, 1024),
            new SegmentDataset("i0", "/entry/i0", "<f8", [], "V", "monitor", null, 1024),
        ]), $"box-{_segment}", 0));
}
