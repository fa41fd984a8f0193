using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>Boxes without a table: what is planned for them is what they can do, or is refused before anything moves.</summary>
public sealed class EqualFramesTests
{
    private static readonly TriggerBoxDescription Box = new("zebra", 100, int.MaxValue, int.MaxValue, HasLiveInput: true)
    {
        HasGate = true,
        EqualFramesOnly = true,
        MaxWindows = 1,
        MaxFrames = 1000,
        LeastLowNs = 100,
        MinPeriodNs = 1_600,
    };

    [Fact]
    public void A_box_that_compares_one_position_is_given_one_window_a_take()
    {
        var plan = Planned.Of(Planned.Grid(4, 16, 0.01), Beamlines.Virtual with { Box = Box });
        var takes = Planned.Takes(plan).ToList();
        Assert.Equal([0, 16, 32, 48], takes.Select(t => t.First));
        Assert.All(takes, take => Assert.NotNull(Assert.Single(plan.Compile(take).Triggers.Windows).Compare));
    }

    [Fact]
    public void A_box_begun_by_the_live_output_is_given_all_equal_windows_and_no_position()
    {
        var box = Box with { MaxWindows = int.MaxValue, ComparesPosition = false };
        var plan = Planned.Of(Planned.Grid(4, 16, 0.01), Beamlines.Virtual with { Box = box });
        var triggers = plan.Compile(Assert.Single(Planned.Takes(plan))).Triggers;
        Assert.Equal(4, triggers.Windows.Count);
        Assert.All(triggers.Windows, w => Assert.Null(w.Compare));
        // Taken up inside a window: that one has fewer frames, and is a take of its own.
        Assert.Equal(new FrameRange(5, 16), plan.NextTake(new FrameRange(5, 64)));
        Assert.Equal(new FrameRange(16, 64), plan.NextTake(new FrameRange(16, 64)));
        // A wish that ends inside a window ends before it.
        Assert.Equal(new FrameRange(0, 48), plan.NextTake(new FrameRange(0, 50)));
    }

    [Fact]
    public void A_window_longer_than_the_box_keeps_is_cut()
    {
        var plan = Planned.Of(Planned.Grid(1, 2500, 0.01, width: 40), Beamlines.Virtual with { Box = Box });
        Assert.Equal([1000, 1000, 500], Planned.Takes(plan).Select(t => t.Count));
    }

    [Fact]
    public void Frames_of_different_durations_are_refused_by_name()
    {
        var spec = Planned.Spec("""
            {"type": "Durations", "durations": [0.01, 0.02, 0.01],
             "spec": {"type": "Fly", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 3}}}
            """);
        Assert.Equal("proved", Planned.Problems(spec));
        Assert.Contains("trigger box zebra has no table", Planned.Problems(spec, Beamlines.Virtual with { Box = Box }));
    }

    [Fact]
    public void Frames_too_fast_or_without_a_low_level_are_refused_by_name()
    {
        var beamline = Beamlines.Virtual with { Box = Box };
        var fast = Planned.Problems(Planned.Grid(1, 10, 1e-6, width: 1e-4), beamline, r => r with { Detectors = ["diode"] });
        Assert.Contains("frames come faster than trigger box zebra captures them", fast);
        var full = Planned.Problems(Planned.Grid(1, 10, 0.01), beamline, r => r with { Detectors = ["diode"], ExposureNs = 10_000_000 });
        Assert.Contains("leave trigger box zebra no time between them", full);
    }
}
