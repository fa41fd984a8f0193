using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>Scans too large to go through frame by frame.</summary>
public sealed class LargePlanTests(ITestOutputHelper output)
{
    private static readonly BeamlineDescription Beamline = Beamlines.Virtual with { Detectors = [Beamlines.Virtual.Detectors[0]] };

    private static ScanPlan Plan(Spec spec) => Planned.Of(spec, Beamline, r => r with { Detectors = ["diode"] });

    [Fact]
    public void A_thousand_million_frames_are_planned_in_less_than_50_MB()
    {
        Plan(Planned.Grid(10, 1000, 0.001));
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        var plan = Plan(Planned.Grid(200_000, 5000, 0.001));
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        var kept = GC.GetTotalMemory(forceFullCollection: true) - before;
        output.WriteLine($"{plan.Frames} frames: {allocated / 1048576.0:0.0} MB allocated, {kept / 1048576.0:0.0} MB kept");
        Assert.Equal(1_000_000_000, plan.Frames);
        Assert.Equal(200_000, plan.Estimate.Windows);
        // All that is ever allocated bounds what is held at any moment.
        Assert.True(allocated < 50_000_000, $"{allocated} bytes");
        GC.KeepAlive(plan);
    }

    [Fact]
    public void A_take_from_any_frame_is_cut_in_the_same_few_lines()
    {
        var plan = Plan(Planned.Grid(2000, 5000, 0.001));
        foreach (var first in new[] { 0L, 1, 4999, 5000, 123_456, 4_999_999, plan.Frames - 1 })
        {
            var allocated = GC.GetAllocatedBytesForCurrentThread();
            var take = plan.NextTake(new FrameRange(first, plan.Frames));
            allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
            Assert.Equal(first, take.First);
            // Windows of four rows each fill the table: 1024 of them, the first perhaps in part.
            Assert.Equal(Math.Min(plan.Frames, (first / 5000 + 1024) * 5000), take.End);
            Assert.True(allocated < 4_000_000, $"{allocated} bytes from frame {first}");
        }
    }
}
