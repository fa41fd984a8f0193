using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Tests.Persistence.Codecs;

/// <summary>One event of every case with every member set to something that is not its default.</summary>
internal static class ScanEventExamples
{
    private const long At = 1_795_246_066_839_628_700;

    public static readonly ScanEvent[] All =
    [
        new ScanEvent.ScanSubmitted(
            At, "7d1c2f0e", """{"request":1,"spec":{"type":"Line"}}""", "i-test", "9f0c", 12, "runs/7d1c2f0e", "0.1.0",
            [new RatedDetector("fast", new DetectorRate(3, 1)), new RatedDetector("slow", new DetectorRate(1, 4))]),
        new ScanEvent.Staged(
            At, 3,
            [
                new StagedDevice("stage", "stage-4", [new SavedSetting("x.velocity", "2.5"), new SavedSetting("x.mode", "jog")]),
                new StagedDevice("cam", "cam-9", []),
            ]),
        new ScanEvent.SegmentOpened(
            At,
            new Segment(
                "cam", 2, "data/cam.0002.h5",
                [
                    new SegmentDataset("data", "/entry/data/data", "<u2", [240, 320], "counts", "detector", null, 4),
                    new SegmentDataset("x", "/entry/x", "<f8", [], "µm", "axis", "x", 1024),
                ]),
            "cam-9",
            16,
            1_795_246_066_000_000_000),
        new ScanEvent.OuterPointReached(At, 5, [new AxisPosition("energy", 7.112), new AxisPosition("temperature", -3.5e-7)]),
        new ScanEvent.ProgrammeDownloaded(At, 7, new FrameRange(4, 8), "a1b2", 1_500_000_000),
        new ScanEvent.Armed(At, 7, [new RecorderPosition("cam", 2, 4), new RecorderPosition("box", 1, 64)], ["old-cam"]),
        new ScanEvent.HandedOver(At, 7, 3),
        new ScanEvent.FlightStarted(At, 7, At + 12_345),
        new ScanEvent.TookBack(At, 7, 4, "done"),
        new ScanEvent.BlockReconciled(
            At, 7, new FrameRange(4, 8), [new FrameRange(4, 6), new FrameRange(7, 8)], [new FrameRange(6, 7)], "cam: frame 6 missing"),
        new ScanEvent.FramesRecorded(At, 7, new FrameRange(4, 6), [new Extent("cam", 2, 4, 2, 0)]),
        new ScanEvent.FramesCommitted(At, new FrameRange(4, 6), [new Extent("cam", 2, 4, 2, 0), new Extent("box", 1, 4, 2, 64)]),
        new ScanEvent.FramesSkipped(At, [new FrameRange(6, 7)], "operator", "sample gone \"here\"\n"),
        new ScanEvent.FramesRejected(At, 7, [new FrameRange(6, 8)], "beam lost"),
        new ScanEvent.BeamLost(At, "ring", 1_795_246_066_800_000_000, "ring reads 2.1 mA"),
        new ScanEvent.BeamRestored(At, "ring", 1_795_246_099_000_000_000),
        new ScanEvent.HoldSet(At, "beam", "ring current 2.1 mA is below 100 mA"),
        new ScanEvent.HoldCleared(At, "beam"),
        new ScanEvent.Rewound(At, 6, "beam lost"),
        new ScanEvent.DeviceFaulted(At, "cam", "no progress for 0.25 s"),
        new ScanEvent.DeviceStalled(At, 7, "cam", "3 of the 8 frames that the plan expects by now, none for 0.31 s"),
        new ScanEvent.SupervisorTookOver(At, 4, "node-b"),
        new ScanEvent.AbortRequested(At, "operator", "wrong sample"),
        new ScanEvent.Unstaged(At, [new SegmentCount("cam", 2, 8), new SegmentCount("box", 1, 68)]),
        new ScanEvent.SettingsFound(At, "cam", [new SavedSetting("exposure-ns", "10000")]),
        new ScanEvent.Finished(At, ScanStatus.Aborted, "wrong sample"),
    ];

    /// <summary>The closed family, by reflection.</summary>
    public static readonly Type[] Cases =
        [.. typeof(ScanEvent).GetNestedTypes().Where(t => t.IsSubclassOf(typeof(ScanEvent))).OrderBy(t => t.Name, StringComparer.Ordinal)];
}
