using System.Text;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>Detectors at whole multiples and fractions of the frames' rate.</summary>
public sealed class MultiRateTests
{
    private const long Ms = Beamlines.Ms;

    private static readonly DetectorDescription Camera = Beamlines.Virtual.Detectors[1];

    private static readonly BeamlineDescription Beamline = Beamlines.Virtual with
    {
        Box = Beamlines.Virtual.Box with { OwnOutputs = ["fast", "slow"] },
        Detectors = [.. Beamlines.Virtual.Detectors, Camera with { Name = "fast" }, Camera with { Name = "slow" }],
    };

    private static Func<ScanRequest, ScanRequest> At(string fast, string slow) => request => request with
    {
        Detectors = ["diode", "cam", "fast", "slow"],
        Rates = [new RatedDetector("fast", Rate(fast)), new RatedDetector("slow", Rate(slow))],
    };

    private static DetectorRate Rate(string text) => DetectorRate.TryParse(text, out var rate) ? rate : throw new FormatException(text);

    [Fact]
    public void Exposures_leave_the_dead_time_free_in_periods_of_their_own()
    {
        var plan = Planned.Of(Planned.Grid(3, 100, 0.006), Beamline, At("3", "1/4"));
        Assert.Equal(
            [
                new FurtherOutput("fast", new DetectorRate(3, 1), 1_800_000, 2 * Ms),
                new FurtherOutput("slow", new DetectorRate(1, 4), 23_800_000, 24 * Ms),
            ],
            plan.FurtherOutputs);
        Assert.Equal(4, plan.EventGroup);
        var programme = plan.Compile(new FrameRange(0, 300));
        Assert.Equal(plan.FurtherOutputs, programme.Triggers.Outputs);
        var without = Planned.Of(Planned.Grid(3, 100, 0.006), Beamline, r => r with { Detectors = ["diode", "cam", "fast", "slow"] });
        Assert.NotEqual(without.Hash, plan.Hash);
        Assert.NotEqual(without.Compile(new FrameRange(0, 300)).Hash, programme.Hash);
        // 300 frames, 900 and 75 images of the same size, and the diode.
        Assert.Equal(300 * 8 + (300 + 900 + 75) * Camera.BytesPerFrame, plan.Estimate.BytesToWrite);
    }

    [Fact]
    public void A_window_of_no_whole_groups_is_refused() => Assert.Equal(
        "frame 0, rates: with the detectors' rates a window holds whole groups of frames only: a window of 102 frames; "
        + "allowed: a multiple of 4 frames. Give lines as many frames, or choose other rates.",
        Planned.Problems(Planned.Grid(3, 102, 0.006), Beamline, At("3", "1/4")));

    [Fact]
    public void A_frame_of_no_equal_parts_is_refused() => Assert.Contains(
        "a frame has no 3 equal parts in ticks of the trigger box: 5 ms; allowed: a multiple of 24 ns. "
        + "Make frames 4999992 or 5000016 ns long.",
        Planned.Problems(Planned.Grid(3, 100, 0.005), Beamline, At("3", "1")), StringComparison.Ordinal);

    [Fact]
    public void A_rate_that_the_detector_cannot_follow_is_refused() => Assert.Contains(
        "at 20 times the base rate frames come faster than detector fast takes them",
        Planned.Problems(Planned.Grid(3, 100, 0.002), Beamline, At("20", "1")), StringComparison.Ordinal);

    [Fact]
    public void Detectors_without_an_output_of_their_own_have_no_rate_of_their_own()
    {
        var problems = Planned.Problems(Planned.Grid(3, 100, 0.006), Beamline, r => r with
        {
            Rates = [new("cam", Rate("2")), new("diode", Rate("2")), new("fast", Rate("2"))],
        });
        Assert.Contains("detector cam, rates: the detector has no output of its own at the trigger box: 2; allowed: 1.", problems);
        Assert.Contains("detector diode, rates: box panda reads the detector once a frame", problems);
        Assert.Contains("detector fast, rates: a rate is given for a detector that the request does not use", problems);
    }

    [Fact]
    public void Takes_of_long_windows_are_cut_between_groups()
    {
        var beamline = Beamline with { Controllers = [Beamline.Controllers[0] with { MaxPoints = 70, MaxSegmentNs = 20 * Ms }] };
        var plan = Planned.Of(Planned.Grid(1, 400, 0.006), beamline, At("2", "1/4"));
        var takes = Planned.Takes(plan).ToList();
        Assert.True(takes.Count > 1);
        Assert.All(takes, t => Assert.Equal(0, t.First % 4));
    }

    [Fact]
    public void Rates_are_read_and_written()
    {
        const string json = """
            {"request": 1, "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 4},
             "detectors": ["fast", "slow"], "rates": {"fast": 3, "slow": "1/4"}}
            """;
        var request = ScanRequestJson.Parse(Encoding.UTF8.GetBytes(json), "test");
        Assert.Equal([new RatedDetector("fast", new(3, 1)), new RatedDetector("slow", new(1, 4))], request.Rates);
        Assert.Equal(request, ScanRequestJson.Parse(ScanRequestJson.Write(request), "again"));
        var wrong = Assert.Throws<SpecException>(
            () => ScanRequestJson.Parse(Encoding.UTF8.GetBytes(json.Replace("1/4", "2/3", StringComparison.Ordinal)), "test"));
        Assert.Equal("rates.slow", wrong.Path);
    }
}
