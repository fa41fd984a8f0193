using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

public sealed class ScanPlannerRefusalTests
{
    private static readonly Spec Good = Planned.Grid(3, 100, 0.001);

    private static Spec FlyLine(string axis, double from, double to, long num, double seconds) =>
        new ConstantDuration(seconds, new Fly(Linspace.Bounded(axis, from, to, num)));

    private static void Refuses(
        string text, Spec spec, BeamlineDescription? beamline = null, Func<ScanRequest, ScanRequest>? change = null) =>
        Assert.Equal(text, Planned.Problems(spec, beamline, change));

    [Fact]
    public void An_unknown_axis_is_named_with_those_there_are() => Refuses(
        "axis zz: beamline virtual has no such axis: 'zz', did you mean 'z'?; allowed: x, y, z, temperature. "
        + "Use a name of the beamline file, or add the axis there.",
        new ConstantDuration(0.1, Planned.Line("zz", 0, 1, 3)));

    [Fact]
    public void An_unknown_detector_is_named_with_those_there_are() => Refuses(
        "detector camm: beamline virtual has no such detector: 'camm', did you mean 'cam'?; allowed: diode, cam. "
        + "Use a name of the beamline file, or add the detector there.",
        Good, change: r => r with { Detectors = ["camm"] });

    [Fact]
    public void A_detector_is_named_once() => Refuses(
        "detector cam: the detector is named twice: 2 times; allowed: once. Name it once.",
        Good, change: r => r with { Detectors = ["cam", "cam"] });

    [Fact]
    public void A_spec_without_durations_cannot_be_timed() => Refuses(
        "spec: every frame needs a duration: no duration; allowed: more than 0 s. Put the spec into a ConstantDuration, such as "
        + "{\"type\": \"ConstantDuration\", \"constant_duration\": 0.01, \"spec\": …}.",
        new Fly(Planned.Line("x", 0, 1, 10)));

    [Fact]
    public void A_frame_shorter_than_a_tick_cannot_be_timed() => Assert.Contains(
        "frame 0: the frame is shorter than the trigger box can time: 1 ns; allowed: at least 8 ns. Give the frame a longer duration.",
        Planned.Problems(FlyLine("x", 0, 1e-9, 2, 1e-9)));

    [Fact]
    public void A_spec_that_is_wrong_is_refused_with_its_place() => Assert.Matches(
        "^spec.*: the spec describes no path: .*; allowed: a valid spec. Correct the spec there.$",
        Planned.Problems(new Product(Planned.Line("x", 0, 1, 2), Planned.Line("x", 0, 1, 2))));

    [Fact]
    public void A_region_without_points_makes_no_frames() => Assert.Matches(
        "^spec.*; allowed: .*",
        Planned.Problems(new ConstantDuration(0.1, new Polygon("x", "y", [new(0, 0.5), new(1, 0), new(1, 1)], 100, 100))));

    [Fact]
    public void Frames_beyond_a_soft_limit_are_refused() => Refuses(
        "axis x, window at frame 0: the motion would pass the high limit (the way to rest counts): 61.1 mm; allowed: at most 50 mm. "
        + "Move the scan's start by -11.1 mm or more, or make it slower so that run-ups get shorter.",
        FlyLine("x", 0, 60, 600, 0.001));

    [Fact]
    public void A_run_up_beyond_a_soft_limit_is_refused() => Assert.StartsWith(
        "axis x, run-up at frame 0: the motion would pass the low limit (the way to rest counts): -51.1 mm; allowed: at least -50 mm.",
        Planned.Problems(FlyLine("x", -50, -40, 100, 0.001)));

    [Fact]
    public void A_run_down_beyond_a_soft_limit_is_refused() => Assert.Contains(
        "at frame 0: the motion would pass the high limit (the way to rest counts): 50.6 mm; allowed: at most 50 mm.",
        Planned.Problems(FlyLine("x", 39.5, 49.5, 100, 0.001)));

    [Fact]
    public void A_turn_around_beyond_a_soft_limit_is_refused() => Assert.Contains(
        "axis x, window at frame 0: the motion would pass the high limit", Planned.Problems(Planned.Grid(3, 100, 0.001, width: 49.5)));

    [Fact]
    public void Too_fast_a_window_is_refused() => Assert.Contains(
        "axis x, run-up at frame 0: the axis would have to go too fast: 300 mm/s; allowed: at most 250 mm/s. "
        + "Make the frames 1.2 times as long in time, or 16.7 % shorter in space.",
        Planned.Problems(FlyLine("x", 0, 30, 100, 0.001)));

    [Fact]
    public void Too_sudden_a_change_of_velocity_is_refused() => Assert.Matches(
        "axis x, window at frame 0: the axis would have to accelerate too hard: .* mm/s2; allowed: at most 5000 mm/s2. "
        + "Make the frames .* times as long in time, or .* % shorter in space; or put a gap where velocity changes.",
        Planned.Problems(new Fly(new Concat(
            new ConstantDuration(0.001, Linspace.Bounded("x", 0, 1, 10)), new ConstantDuration(0.001, Linspace.Bounded("x", 1, 3, 10))))));

    [Fact]
    public void A_soft_axis_beyond_its_limits_is_refused() => Refuses(
        "axis temperature, frame 2: the position is outside the soft limits: 500 K; allowed: 80 to 400 K. Move the scan inside the limits.",
        new ConstantDuration(0.1, Planned.Line("temperature", 300, 500, 3)));

    [Fact]
    public void A_soft_axis_cannot_fly() => Refuses(
        "axis z: only axes of a trajectory controller can fly: flown in dimension 1 of 1 (slow to fast); allowed: stepped. "
        + "Leave z out of the Fly, so that it steps.",
        FlyLine("z", 0, 1, 10, 0.1));

    [Fact]
    public void Soft_and_hard_axes_cannot_fly_together() => Refuses(
        "axis z: only axes of a trajectory controller can fly: flown in dimension 1 of 1 (slow to fast); allowed: stepped. "
        + "Leave z out of the Fly, so that it steps.",
        new ConstantDuration(0.1, new Fly(new Zip(Planned.Line("x", 0, 1, 5), Planned.Line("z", 0, 1, 5)))));

    [Fact]
    public void Inner_dimensions_stop_where_hardware_does() => Refuses(
        "innerDimensions, axis z: hardware cannot run that many dimensions by itself: 2; allowed: 0 to 1. "
        + "Axis z is not moved by the controller of the inner scan: make it slower in the spec, or lower innerDimensions.",
        new ConstantDuration(0.01, new Fly(new Product(Planned.Line("z", 0, 1, 3), Planned.Line("x", 0, 1, 5)))),
        change: r => r with { InnerDimensions = 2 });

    [Fact]
    public void There_are_only_so_many_dimensions() => Refuses(
        "innerDimensions: there are not so many dimensions: 7; allowed: 0 to 2. Leave it out, or choose within that.",
        Good, change: r => r with { InnerDimensions = 7 });

    [Fact]
    public void A_flown_dimension_must_be_inner() => Refuses(
        "axis x: an axis that flies must be in the inner scan: flown in dimension 2 of 2 (slow to fast); "
        + "allowed: the 0 fastest dimensions. Step the axis, or let innerDimensions reach it.",
        Good, change: r => r with { InnerDimensions = 0 });

    [Fact]
    public void Two_controllers_cannot_share_a_scan()
    {
        var beamline = Beamlines.Virtual.With("y", a => a with { Controller = "other" });
        beamline = beamline with
        {
            Controllers =
            [
                beamline.Controllers[0] with { Axes = ["x"] }, new ControllerDescription("other", ["y"], 1_000_000, 4_000_000_000, 1000),
            ],
        };
        Refuses(
            "axis y: a scan's trajectory axes must be on one controller: controller other; "
            + "allowed: controller motion, which moves the inner scan. Take y out of the spec, or describe it as a soft axis.",
            Good, beamline);
    }

    [Fact]
    public void Exposure_and_dead_time_must_fit_into_the_frame() => Refuses(
        "detector cam, frame 0: exposure and dead time of detector cam do not fit into the frame: 900 us + dead time 200 us; "
        + "allowed: together at most 1 ms. Make the frames longer or the exposure shorter.",
        Good, change: r => r with { ExposureNs = 900_000 });

    [Fact]
    public void A_frame_all_of_dead_time_is_refused() => Assert.Contains(
        "detector cam, frame 0: exposure and dead time of detector cam do not fit into the frame: dead time 200 us; "
        + "allowed: together at most 200 us. Make the frames longer.",
        Planned.Problems(FlyLine("x", 0, 1, 100, 0.0002)));

    [Fact]
    public void Frames_faster_than_a_detector_are_refused() => Refuses(
        "detector cam, frame 0: frames come faster than detector cam takes them: 400 us; "
        + "allowed: at least 500 us a frame. Make the frames longer.",
        FlyLine("x", 0, 1, 100, 0.0004));

    [Fact]
    public void Too_short_an_exposure_is_refused() => Refuses(
        "detector cam, frame 0: the exposure is too short for detector cam: 5 us; allowed: at least 10 us. "
        + "Make the frames, or the exposure, longer.",
        Good, change: r => r with { ExposureNs = 5_000 });

    [Fact]
    public void Too_long_an_exposure_is_refused() => Refuses(
        "detector cam, frame 0: the exposure is too long for detector cam: 19.9998 s; allowed: at most 10 s. "
        + "Give a shorter exposure in the request, or shorter frames.",
        FlyLine("x", 0, 1, 3, 20));

    [Fact]
    public void An_exposure_of_nothing_is_refused() => Refuses(
        "exposure: an exposure must be longer than nothing: 0 s; allowed: more than 0 s. "
        + "Give a longer exposure, or none: then it is as long as dead times allow.",
        Good, change: r => r with { ExposureNs = 0 });

    [Fact]
    public void An_exposure_longer_than_the_frame_is_refused_without_detectors_too() => Refuses(
        "frame 0: the exposure does not fit into the frame: 2 ms; allowed: at most 1 ms. Make the frames longer or the exposure shorter.",
        Good, change: r => r with { Detectors = [], ExposureNs = 2_000_000 });

    [Fact]
    public void More_frames_than_a_detector_can_be_armed_for_are_refused() => Refuses(
        "detector cam: detector cam cannot be armed for so many frames: 2000000 frames; allowed: at most 1000000 frames. "
        + "Split the scan, or raise the detector's max-frames if it can take more.",
        Planned.Grid(2000, 1000, 0.001));

    [Fact]
    public void More_bytes_than_the_disk_has_are_refused()
    {
        var result = ScanPlanner.Plan(new ScanRequest(Good, ["cam"]), Beamlines.Virtual, new PlanningEnvironment(1 << 20));
        var refused = Assert.IsType<PlanResult.Refused>(result);
        Assert.Equal(
            "disk: the data do not fit on the disk: 1.76 MiB; allowed: 1 MiB free. "
            + "Make room, choose another data folder, or take fewer frames or detectors.",
            Assert.Single(refused.Problems).ToString());
    }

    [Fact]
    public void A_shutter_that_is_not_there_is_refused() => Refuses(
        "shutter: beamline virtual has no shutter: PerScan; allowed: none. Leave the shutter out of the request.",
        Good, Beamlines.Virtual with { Shutter = null }, r => r with { Shutter = ShutterMode.PerScan });

    [Fact]
    public void Motion_without_a_live_input_is_refused() => Refuses(
        "trigger box panda: windows on trajectory axes are started by the controller's live output: no live input; allowed: a live input. "
        + "Wire the controller's live output to the box and name it in the beamline file.",
        Good, Beamlines.Virtual with { Box = Beamlines.Virtual.Box with { HasLiveInput = false } });

    [Fact]
    public void A_table_too_small_for_one_frame_is_refused() => Refuses(
        "frame 0: not even one frame fits into a take: a window of one frame; allowed: 3 rows in box panda, 200000 points in motion. "
        + "Raise the limits in the beamline file if the hardware can take more.",
        new ConstantDuration(0.01, new Fly(Planned.Line("x", 0, 1, 5))),
        Beamlines.Virtual with { Box = Beamlines.Virtual.Box with { TableRows = 3 } });

    [Fact]
    public void A_compare_beyond_the_counter_is_refused() => Refuses(
        "axis x: the compare position is outside what the box's encoder counter holds: 10; allowed: 32-bit counts. "
        + "Correct the encoder's scale or offset in the beamline file.",
        FlyLine("x", 10, 11, 100, 0.001), Beamlines.Virtual.With("x", a => a with { Encoder = a.Encoder! with { Scale = 1e-9 } }));

    [Fact]
    public void A_description_that_makes_no_sense_is_refused() => Refuses(
        "axis x: the beamline description has an impossible acceleration: 0; allowed: more than 0. Correct the beamline file.",
        Good, Beamlines.Virtual.With("x", a => a with { MaxAcceleration = 0 }));

    [Fact]
    public void A_reason_has_its_numbers_and_what_would_do()
    {
        var refused = Assert.IsType<PlanResult.Refused>(Planned.Try(FlyLine("x", 0, 30, 100, 0.001)));
        var fast = refused.Problems.First(p => p.Unit == "mm/s");
        Assert.Equal(("x", 0L, 300.0, 250.0), (fast.Axis, fast.Frame, Math.Round(fast.Measured!.Value, 6), fast.Allowed));
        Assert.Equal((1.2, 1 / 6.0), (fast.Suggestion!.SlowerBy!.Value, fast.Suggestion.ShorterBy!.Value), new Near());
        Assert.IsType<PlanResult.Proved>(Planned.Try(FlyLine("x", 0, 30, 100, 0.001 * 1.2)));
        var beyond = Assert.IsType<PlanResult.Refused>(Planned.Try(FlyLine("x", -50, -40, 100, 0.001)));
        var move = Assert.Single(beyond.Problems).Suggestion!.MoveBy!.Value;
        Assert.IsType<PlanResult.Proved>(Planned.Try(FlyLine("x", -50 + move, -40 + move, 100, 0.001)));
    }

    private sealed class Near : IEqualityComparer<(double, double)>
    {
        public bool Equals((double, double) a, (double, double) b) =>
            Math.Abs(a.Item1 - b.Item1) < 1e-9 && Math.Abs(a.Item2 - b.Item2) < 1e-9;

        public int GetHashCode((double, double) pair) => 0;
    }

    [Fact]
    public void All_reasons_are_given_at_once()
    {
        var problems = Planned.Problems(
            new Product(Planned.Line("temperature", 0, 500, 3), FlyLine("x", 0, 60, 100, 0.001)),
            change: r => r with { Detectors = ["cam", "nothing"], ExposureNs = 990_000 });
        Assert.Contains("no such detector", problems);
        Assert.Contains("do not fit into the frame", problems);
        Assert.Contains("too fast", problems);
        Assert.Contains("high limit", problems);
        Assert.Contains("axis temperature, frame 0: the position is outside", problems);
    }
}
