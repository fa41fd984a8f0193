using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Scanning.Planning.Feasibility;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>Delays after frames, from the spec to trajectory, trigger table, estimate and hash.</summary>
public sealed class DelayTests
{
    private const long Ms = Beamlines.Ms;

    private static readonly Spec Rows = new ConstantDuration(0.01, new Fly(new Product(
        new Delay([0.5], Planned.Line("y", 0, 2, 3)), new Snake(Planned.Line("x", 0, 10, 10)))));

    [Fact]
    public void Axes_stand_still_between_rows_for_the_delay()
    {
        var plan = Planned.Of(Rows);
        var programme = plan.Compile(plan.NextTake(new FrameRange(0, plan.Frames)));
        Assert.Equal([0L, 500 * Ms, 500 * Ms], FlownProgramme.Stands(programme.Trajectory!));
        Assert.Equal(1000 * Ms, plan.Estimate.DeadNs(DeadTimeCause.Delay));
        var without = Planned.Of(new ConstantDuration(0.01, new Fly(new Product(
            Planned.Line("y", 0, 2, 3), new Snake(Planned.Line("x", 0, 10, 10))))));
        Assert.True(plan.Estimate.TotalNs - without.Estimate.TotalNs >= 1000 * Ms);
        Assert.NotEqual(without.Hash, plan.Hash);
    }

    [Fact]
    public void A_flown_row_stops_after_every_frame_with_a_delay()
    {
        var spec = new ConstantDuration(0.01, new Fly(new Delay([0, 0.1, 0, 0.2, 0, 0], Planned.Line("x", 0, 10, 6))));
        var plan = Planned.Of(spec);
        var programme = plan.Compile(new FrameRange(0, 6));
        Assert.Equal([0L, 2, 4], programme.Triggers.Windows.Select(w => w.FirstFrame));
        Assert.Equal([0L, 100 * Ms, 200 * Ms], FlownProgramme.Stands(programme.Trajectory!));
    }

    [Fact]
    public void A_take_from_after_a_delay_waits_for_it_before_its_run_up()
    {
        var plan = Planned.Of(Rows);
        Assert.Equal([500 * Ms, 500 * Ms], FlownProgramme.Stands(plan.Compile(new FrameRange(10, 30)).Trajectory!));
        Assert.Equal([0L], FlownProgramme.Stands(plan.Compile(new FrameRange(11, 20)).Trajectory!));
    }

    [Fact]
    public void A_dwell_is_a_row_of_the_sequencer_that_is_counted()
    {
        var plan = Planned.Of(new Product(
            new Delay([0.25], Planned.Line("z", 0, 1, 2)), new Product(new ConstantDuration(0.001), new Repeat(4))));
        var first = plan.Compile(plan.NextTake(new FrameRange(0, plan.Frames)));
        var second = plan.Compile(plan.NextTake(new FrameRange(4, plan.Frames)));
        Assert.Equal((0L, 250 * Ms), (first.Triggers.Windows[0].DwellNs, second.Triggers.Windows[0].DwellNs));
        Assert.Equal((4 * Ms, 254 * Ms), (first.DurationNs, second.DurationNs));
        Assert.Equal(254 * Ms, plan.Estimate.LongestTakeNs);
        Assert.Equal(
            [TakePhase.Delay, TakePhase.Frames], TakeTimeline.Of(second).Select(s => s.Phase));
        var rows = SequencerProgramme.Compile(second.Triggers, new(7), [], new SequencerLimits(4096, 8, false), out _)!.Rows;
        Assert.Equal(new SequencerRow(1, SequencerTrigger.Immediate, 0, 0, 7, 0, 31_250_000), rows[0]);
        Assert.Equal(2, rows.Count);
    }

    [Fact]
    public void A_dwell_too_long_for_one_segment_is_cut_and_its_points_are_kept_free()
    {
        var beamline = Beamlines.Virtual with
        {
            Controllers = [Beamlines.Virtual.Controllers[0] with { MaxSegmentNs = 100 * Ms, MaxPoints = 60 }],
        };
        var plan = Planned.Of(Rows, beamline);
        foreach (var take in Planned.Takes(plan))
            Assert.True(plan.Compile(take).Trajectory!.Points <= 60);
    }

    [Fact]
    public void Durations_of_our_own_types_are_planned()
    {
        var line = new Fly(Linspace.Bounded("x", 0, 1, 4));
        Assert.Equal(4, Planned.Of(new ConstantVelocity(2, line)).Frames);
        Assert.Equal(4, Planned.Of(new Durations([0.1, 0.1, 0.125, 0.125], line)).Frames);
    }
}
