using Flyscan.Hardware.Motion;
using Flyscan.Hardware.Simulation;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Host.Acceptance;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Scanning.Planning.Feasibility;

/// <summary>Random scans on random beamlines: what the planner accepts never breaks a limit when it is flown, and what it refuses would
/// have.</summary>
public sealed class FeasibilityTests(ITestOutputHelper output)
{
    private int _flights;
    private int _sharp;
    private int _dwells;

    private static readonly int Scans = Kills.IsSoak ? 10_000 : 1_000;

    [Fact]
    public void An_accepted_plan_holds_every_limit_and_a_refused_one_would_have_broken_one()
    {
        var (accepted, takes, refused) = (0, 0L, new SortedDictionary<string, int>(StringComparer.Ordinal));
        for (var seed = 1UL; seed <= (ulong)Scans; seed++)
        {
            var scan = new RandomScan(seed);
            switch (scan.Plan())
            {
                case PlanResult.Proved proved:
                    accepted++;
                    takes += Flown(scan, proved.Plan);
                    break;
                case PlanResult.Refused problems:
                    var why = Confirmed(scan, problems);
                    refused[why] = refused.GetValueOrDefault(why) + 1;
                    break;
            }
        }
        output.WriteLine($"{Scans} scans: {accepted} accepted and flown in {takes} takes; refused: "
            + string.Join(", ", refused.Select(r => $"{r.Value} {r.Key}")));
        output.WriteLine($"{_sharp} of {_flights} flights of one axis would break nine tenths of its acceleration");
        output.WriteLine($"{_dwells} delays kept");
        Assert.True(_dwells > Scans / 10, "delays that are never asked for prove nothing");
        Assert.True(_sharp > _flights / 10, "limits that are never come near prove nothing");
        Assert.InRange(accepted, Scans / 10, Scans * 9 / 10);
        Assert.Equal(["acceleration", "position", "velocity"], refused.Keys.Where(k => k != "jerk"));
    }

    /// <summary>1022: a take that ends inside a curve of frames shorter than the controller's segments.</summary>
    [Theory]
    [InlineData(1022)]
    public void Scans_that_once_broke_a_limit_hold_it_or_are_refused(int seed)
    {
        var scan = new RandomScan((ulong)seed);
        if (scan.Plan() is PlanResult.Proved proved)
            Assert.True(Flown(scan, proved.Plan) > 0);
        else
            Assert.NotEmpty(Confirmed(scan, (PlanResult.Refused)scan.Plan()));
    }

    [Fact]
    public void Along_curves_limits_of_jerk_hold_and_decide()
    {
        var (accepted, refused) = (0, new SortedDictionary<string, int>(StringComparer.Ordinal));
        for (var seed = 1UL; seed <= (ulong)Scans / 2; seed++)
        {
            if (RandomScan.Curve(seed) is not { } scan)
                continue;
            switch (scan.Plan())
            {
                case PlanResult.Proved proved:
                    accepted++;
                    Flown(scan, proved.Plan);
                    break;
                case PlanResult.Refused problems:
                    var why = Confirmed(scan, problems);
                    refused[why] = refused.GetValueOrDefault(why) + 1;
                    break;
            }
        }
        output.WriteLine($"{accepted} curves accepted; refused: {string.Join(", ", refused.Select(r => $"{r.Value} {r.Key}"))}");
        Assert.True(accepted > Scans / 50, $"{accepted} accepted");
        Assert.True(refused.GetValueOrDefault("jerk") > Scans / 200, "limits of jerk that refuse nothing prove nothing");
    }

    /// <summary>Flies all takes from frame 0, and one that begins anywhere; returns how many.</summary>
    private long Flown(RandomScan scan, ScanPlan plan)
    {
        var takes = 0L;
        var anywhere = (long)(new Seeded(scan.Seed).NextDouble() * plan.Frames);
        foreach (var take in Planned.Takes(plan).Append(plan.NextTake(new FrameRange(anywhere, plan.Frames)))
            .Append(plan.NextTake(new FrameRange(0, anywhere + 1))))
        {
            var programme = plan.Compile(take);
            Assert.Equal(take.Count, programme.Triggers.Frames);
            Assert.True(programme.Trajectory!.Points <= scan.Beamline.Controllers[0].MaxPoints);
            var controller = scan.Beamline.Controllers[0];
            foreach (var durationNs in programme.Trajectory.DurationsNs)
                Assert.True(
                    durationNs >= controller.MinSegmentNs && durationNs <= controller.MaxSegmentNs, $"{durationNs} ns; {scan}");
            foreach (var flown in FlownProgramme.Fly(programme.Trajectory))
            {
                // Where a take begins or ends inside a window, acceleration is that of the window's course at once.
                var flight = IsCut(plan, take.First) || IsCut(plan, take.End) ? flown with { AccelerationStep = 0 } : flown;
                var (axis, step) = (AxisOf(scan, flight), StepSeconds(scan));
                if (FlownProgramme.Broken(flight, axis, step) is { } broken)
                    Assert.Fail($"take {take}: {broken}; {scan}");
                if (FlownProgramme.Broken(flight, axis with { MaxAcceleration = 0.9 * axis.MaxAcceleration }, step) is not null)
                    _sharp++;
                _flights++;
            }
            Brake(scan, programme.Trajectory);
            Dwells(scan, plan, programme);
            takes++;
        }
        AddsUp(scan, plan);
        return takes;
    }

    /// <summary>Between two windows all axes stand, all at once, as long as the spec asks for after the frame before.</summary>
    private void Dwells(RandomScan scan, ScanPlan plan, TakeProgramme programme)
    {
        var stands = FlownProgramme.Stands(programme.Trajectory!).ToList();
        Assert.Equal(programme.Triggers.Windows.Count, stands.Count);
        foreach (var (window, stoodNs) in programme.Triggers.Windows.Zip(stands))
        {
            var seconds = window.FirstFrame == 0 ? 0 : plan.Path.DelayOf(window.FirstFrame - 1);
            Assert.True(stoodNs >= seconds * 1e9 - 1, $"{stoodNs} ns before frame {window.FirstFrame}, not {seconds} s; {scan}");
            _dwells += seconds > 0 ? 1 : 0;
        }
    }

    /// <summary>The controller's own brake, at some moments: it never leaves the limits of place and velocity.</summary>
    private static void Brake(RandomScan scan, Trajectory trajectory)
    {
        var random = new Seeded(scan.Seed + 99);
        var axes = trajectory.Axes.Select(name => scan.Beamline.Axes.First(a => a.Name == name)).ToList();
        var tracks = trajectory.Start.Select(start => new CubicTrack(start)).ToList();
        for (var i = 0; i < tracks.Count; i++)
            tracks[i].Continue(0, TrajectoryCheck.Knots(trajectory, i, 0));
        for (var moment = 0; moment < 4; moment++)
        {
            var nowNs = (long)(random.NextDouble() * trajectory.DurationNs);
            var brakeNs = MoveProfile.BrakeNs(tracks.Zip(axes, (t, a) => (t.VelocityAt(nowNs), a.MaxAcceleration)));
            for (var i = 0; i < tracks.Count; i++)
                foreach (var knot in MoveProfile.Brake(tracks[i], nowNs, brakeNs))
                {
                    Assert.InRange(knot.Position, axes[i].Low - 1e-6, axes[i].High + 1e-6);
                    Assert.True(Math.Abs(knot.Velocity) <= axes[i].MaxVelocity * (1 + 1e-6));
                }
        }
    }

    /// <summary>The estimate, added up line by line, is what the takes' programmes come to frame by frame.</summary>
    private static void AddsUp(RandomScan scan, ScanPlan plan)
    {
        var programmes = Planned.Takes(plan).Select(plan.Compile).ToList();
        var estimate = plan.Estimate;
        Assert.True(estimate.Takes == programmes.Count, $"{estimate.Takes} takes, {programmes.Count} programmes; {scan}");
        Assert.Equal(programmes.Sum(p => (long)p.Triggers.Windows.Count), estimate.Windows);
        DeadTimeCause[] flown =
            [DeadTimeCause.RunUp, DeadTimeCause.TurnAround, DeadTimeCause.Settle, DeadTimeCause.RunDown, DeadTimeCause.Readout,
            DeadTimeCause.Delay];
        var planned = estimate.ExposureNs + flown.Sum(estimate.DeadNs);
        // Before and after takes, which no programme has.
        planned -= (2 * estimate.Takes - 1) * scan.Beamline.Axes.Max(a => a.SettleNs);
        Assert.True(planned == programmes.Sum(p => p.DurationNs), $"{planned} ns planned, {programmes.Sum(p => p.DurationNs)} ns; {scan}");
        Assert.Equal(programmes.Max(p => p.DurationNs), estimate.LongestTakeNs);
    }

    /// <summary>Plans with the limits in question lifted and looks for what the flight then breaks.</summary>
    private static string Confirmed(RandomScan scan, PlanResult.Refused refused)
    {
        var noStops = Lift(scan.Beamline, a => a with { Low = -1e9, High = 1e9 });
        if (scan.Plan(noStops) is PlanResult.Proved within)
            return Outside(scan, within.Plan) ? "position" : throw Unconfirmed(scan, refused);
        var free = Lift(noStops, a => a with { MaxVelocity = 1e9, MaxAcceleration = 1e12, MaxJerk = double.PositiveInfinity });
        // Windows stay as smooth as a limit of jerk makes them.
        var smooth = scan.Beamline.Axes.Any(a => double.IsFinite(a.MaxJerk));
        if (scan.Plan(free, r => smooth ? r with { VelocitySteps = VelocitySteps.Smooth } : r) is not PlanResult.Proved unbound)
            throw Unconfirmed(scan, refused);
        var flights = Planned.Takes(unbound.Plan).SelectMany(t => FlownProgramme.Fly(unbound.Plan.Compile(t).Trajectory!)).ToList();
        if (flights.Exists(f => f.LiveSpeed > AxisOf(scan, f).MaxVelocity * (1 + 1e-12)))
            return "velocity";
        if (flights.Exists(f => f.LiveAcceleration > AxisOf(scan, f).MaxAcceleration * (1 + 1e-12)))
            return "acceleration";
        return flights.Exists(f => f.LiveJerk > AxisOf(scan, f).MaxJerk * (1 + 1e-12)
            || f.AccelerationStep > AxisOf(scan, f).MaxJerk * StepSeconds(scan) * (1 - 1e-9))
            ? "jerk"
            : throw Unconfirmed(scan, refused);
    }

    /// <summary>Whether some take, from any frame or to any frame, leaves the soft limits.</summary>
    private static bool Outside(RandomScan scan, ScanPlan plan)
    {
        for (long frame = 0; frame <= plan.Frames; frame++)
        {
            if (frame < plan.Frames && Leaves(scan, plan, plan.NextTake(new FrameRange(frame, plan.Frames))))
                return true;
            if (frame > 0 && Leaves(scan, plan, plan.NextTake(new FrameRange(0, frame))))
                return true;
        }
        return false;
    }

    private static bool Leaves(RandomScan scan, ScanPlan plan, FrameRange take) =>
        FlownProgramme.Fly(plan.Compile(take).Trajectory!).Any(f => f.Low < AxisOf(scan, f).Low || f.High > AxisOf(scan, f).High);

    private static bool IsCut(ScanPlan plan, long frame) =>
        frame > 0 && frame < plan.Frames && !plan.Path.GapBefore(frame) && plan.Path.DelayOf(frame - 1) <= 0;

    private static double StepSeconds(RandomScan scan) => Math.Max(100_000, scan.Beamline.Controllers[0].MinSegmentNs) / 1e9;

    private static AxisDescription AxisOf(RandomScan scan, AxisFlight flight) => scan.Beamline.Axes.First(a => a.Name == flight.Axis);

    private static BeamlineDescription Lift(BeamlineDescription beamline, Func<AxisDescription, AxisDescription> change) =>
        beamline with { Axes = beamline.Axes.Select(change).ToEquatableArray() };

    private static Xunit.Sdk.XunitException Unconfirmed(RandomScan scan, PlanResult.Refused refused) =>
        new($"nothing confirms {string.Join(" | ", refused.Problems)}; {scan}");
}
