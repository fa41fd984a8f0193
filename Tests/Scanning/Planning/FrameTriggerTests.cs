using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>Every kind of window with every kind of frame; and frames that a detector begins by itself.</summary>
public sealed class FrameTriggerTests
{
    private const long Ms = Beamlines.Ms;

    private static readonly Spec Grid = Planned.Grid(3, 100, 0.001);

    private static readonly Spec Burst = new Product(Planned.Line("z", 0, 1, 2), new Product(new ConstantDuration(0.001), new Repeat(100)));

    internal static readonly BeamlineDescription Beamline = Beamlines.Virtual with
    {
        Box = Beamlines.Virtual.Box with { FollowsDetectors = ["cam"] },
        Detectors = [Beamlines.Virtual.Detectors[0], Beamlines.Virtual.Detectors[1] with { FreeRun = new FreeRunDescription(20, 1000) }],
    };

    /// <summary>Three kinds of windows and three of frames: those that can be, in words of what each window waits for.</summary>
    [Theory]
    [InlineData(WindowTrigger.Position, FrameTrigger.Time, "live, x; 100 of 1 ms")]
    [InlineData(WindowTrigger.Position, FrameTrigger.Position, "live, x; 100 at their places")]
    [InlineData(WindowTrigger.Position, FrameTrigger.Detector, "live, x; 100 of 1 ms by cam")]
    [InlineData(WindowTrigger.SetPoint, FrameTrigger.Time, "live; 100 of 1 ms")]
    [InlineData(WindowTrigger.SetPoint, FrameTrigger.Detector, "live; 100 of 1 ms by cam")]
    [InlineData(WindowTrigger.Time, FrameTrigger.Time, "; 100 of 1 ms")]
    [InlineData(WindowTrigger.Time, FrameTrigger.Detector, "; 100 of 1 ms by cam")]
    public void Windows_and_frames_begin_as_the_request_says(WindowTrigger windows, FrameTrigger frames, string said)
    {
        var plan = Planned.Of(windows == WindowTrigger.Time ? Burst : Grid, Beamline, By(windows, frames));
        var programme = plan.Compile(plan.NextTake(new FrameRange(0, plan.Frames))).Triggers;
        Assert.Equal(frames == FrameTrigger.Detector ? "cam" : null, plan.FramesBy);
        foreach (var window in programme.Windows)
            Assert.Equal(said, Words(window, programme.FramesBy));
    }

    [Theory]
    [InlineData(WindowTrigger.SetPoint, "frames begin by position only in windows that do")]
    [InlineData(WindowTrigger.Time, "frames begin by position only in windows that do")]
    public void Frames_by_position_need_windows_by_position(WindowTrigger windows, string problem) =>
        Assert.Contains(problem, Planned.Problems(
            windows == WindowTrigger.Time ? Burst : Grid, Beamline, By(windows, FrameTrigger.Position)));

    [Fact]
    public void A_box_that_follows_no_detector_refuses_by_its_name() => Assert.Equal(
        "trigger box panda, frameTrigger: the trigger box cannot follow frames that a detector begins by itself: detector; "
        + "allowed: time or position. Leave frameTrigger out, or wire a detector's frame pulse to the box and say so in the beamline file.",
        Planned.Problems(Grid, change: By(WindowTrigger.Position, FrameTrigger.Detector)));

    [Fact]
    public void A_detector_that_needs_triggers_refuses_by_its_name() => Assert.Contains(
        "detector cam, frameTrigger: detector cam needs a trigger for each frame", Planned.Problems(
            Grid, Beamline with { Detectors = Beamlines.Virtual.Detectors }, By(WindowTrigger.Position, FrameTrigger.Detector)));

    [Fact]
    public void One_detector_begins_the_frames_and_others_have_outputs_of_their_own()
    {
        var two = Beamline with { Detectors = [.. Beamline.Detectors, Beamline.Detectors[1] with { Name = "second" }] };
        ScanRequest Both(ScanRequest request) => request with { Detectors = ["cam", "second"], FrameTrigger = FrameTrigger.Detector };
        Assert.Contains("the output that triggers detector second is the gate of detector cam", Planned.Problems(Grid, two, Both));
        var wired = two with { Box = two.Box with { OwnOutputs = ["second"] } };
        Assert.Equal("cam", Planned.Of(Grid, wired, Both).FramesBy);
        var either = wired with { Box = wired.Box with { FollowsDetectors = ["cam", "second"] } };
        Assert.Contains(
            "one detector begins the frames: cam and second; allowed: one of cam, second", Planned.Problems(Grid, either, Both));
        Assert.Contains("one detector begins the frames: none of the request's", Planned.Problems(
            Grid, two, r => r with { Detectors = ["second"], FrameTrigger = FrameTrigger.Detector }));
    }

    [Fact]
    public void Frames_by_the_detector_have_one_duration_and_time_between_their_pulses()
    {
        var mixed = new Fly(new Concat(
            new ConstantDuration(0.001, Linspace.Bounded("x", 0, 1, 10)), new ConstantDuration(0.002, Linspace.Bounded("x", 1, 3, 10))));
        Assert.Contains("takes frames of one duration: 1 ms to 2 ms", Planned.Problems(
            mixed, Beamline, By(WindowTrigger.Position, FrameTrigger.Detector)));
        var close = Beamline with { Detectors = [Beamline.Detectors[0], Beamline.Detectors[1] with { DeadTimeNs = 1000 }] };
        const string tooClose = "the frame pulses of detector cam follow one another too closely to be told apart: 1 us between them";
        Assert.Contains(tooClose, Planned.Problems(
            Grid, close, By(WindowTrigger.Position, FrameTrigger.Detector)));
    }

    /// <summary>A thousandth off, frame 499 ends more than half a frame late.</summary>
    [Theory]
    [InlineData(1000, 499, true)]
    [InlineData(1000, 500, false)]
    [InlineData(20, 5000, true)]
    public void Windows_are_short_enough_for_the_detector_s_own_clock(int errorPpm, int frames, bool proved)
    {
        var cam = Beamline.Detectors[1] with { FreeRun = new FreeRunDescription(errorPpm, 1000) };
        var problems = Planned.Problems(
            Planned.Grid(2, frames, 0.001), Beamline with { Detectors = [Beamline.Detectors[0], cam] },
            By(WindowTrigger.Position, FrameTrigger.Detector));
        Assert.Equal(
            proved
                ? "proved"
                : "frame 499, frameTrigger: by its own clock detector cam may have moved the frame more than half its length away from its "
                    + "place: 501 us; allowed: at most 500 us. Make windows of at most 499 frames, or leave frameTrigger out.",
            problems);
    }

    [Fact]
    public void Velocity_is_kept_as_long_as_the_detector_s_frames_may_be_late()
    {
        var box = Planned.Of(Planned.Grid(2, 1000, 0.001), Beamline);
        var cam = Planned.Of(Planned.Grid(2, 1000, 0.001), Beamline, By(WindowTrigger.Position, FrameTrigger.Detector));
        // A second of frames by a clock that may be 20 millionths slow, and a microsecond to see the gate.
        Assert.Equal(21_000, cam.Estimate.DeadNs(DeadTimeCause.RunDown) - box.Estimate.DeadNs(DeadTimeCause.RunDown));
        Assert.NotEqual(box.Hash, cam.Hash);
        Assert.NotEqual(box.Compile(new FrameRange(0, 10)).Hash, cam.Compile(new FrameRange(0, 10)).Hash);
    }

    private static Func<ScanRequest, ScanRequest> By(WindowTrigger windows, FrameTrigger frames) =>
        request => request with { WindowTrigger = windows, FrameTrigger = frames };

    private static string Words(TriggerWindow window, string? leader)
    {
        var waits = (window.WaitForLive ? "live" : "") + (window.Compare is { } compare ? $", {compare.Axis}" : "");
        var placed = window.Trains.Count(t => t.At is not null);
        Assert.True(placed is 0 || placed == window.Frames - 1);
        var frames = placed > 0 ? "at their places" : $"of {window.Trains[0].PeriodNs / Ms} ms";
        return $"{waits}; {window.Frames} {frames}" + (leader is null ? "" : $" by {leader}");
    }
}
