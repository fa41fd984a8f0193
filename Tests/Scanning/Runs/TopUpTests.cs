using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class TopUpTests
{
    private const long Ms = 1_000_000;

    /// <summary>Three windows of 10 frames in 100 ms, 20 ms between them.</summary>
    private static readonly FlightCourse Course = FlightCourse.Of(Programme());

    [Theory]
    // Over before it.
    [InlineData(1000, 50, 5, true, LossBehaviour.FlyOn, 30, 0)]
    // In the second window: with a gate only the guard is lost.
    [InlineData(250, 50, 5, true, LossBehaviour.FlyOn, 30, 55)]
    // Without one, what is left of the window is lost: the first window alone costs less.
    [InlineData(200, 50, 5, false, LossBehaviour.Split, 10, 95)]
    // Just before the second window's end, finishing it costs least.
    [InlineData(270, 50, 5, false, LossBehaviour.FlyOn, 30, 60)]
    // Too soon for anything.
    [InlineData(40, 50, 5, true, LossBehaviour.Wait, 0, 40)]
    // A take costs a little less than the wait.
    [InlineData(60, 50, 5, true, LossBehaviour.FlyOn, 30, 55)]
    // Prepared, it would be lost at once.
    [InlineData(90, 80, 20, true, LossBehaviour.Wait, 0, 90)]
    public void Whichever_costs_least_is_chosen(
        long untilMs, long overheadMs, long guardMs, bool hasGate, LossBehaviour behaviour, long frames, long costMs) =>
        Assert.Equal(
            new LossChoice(behaviour, frames, costMs * Ms),
            LossPlanning.Choose(Course, untilMs * Ms, overheadMs * Ms, guardMs * Ms, hasGate));

    [Fact]
    public void A_countdown_says_when_the_loss_comes_and_loses_what_is_nearer_than_its_floor()
    {
        var countdown = new Suspender("topup", "topup", 0.5, 0.5, 1e300, 0, 0, 0, 1) { ExpectedLossNs = 1000 * Ms };
        var (watch, report) = SignalWatch.New.Hear(countdown, new BeamReading(3, "s", 1000));
        Assert.Equal((true, 2_500_000_000L), (report.IsGood, report.LossInNs));
        (_, report) = watch.Hear(countdown, new BeamReading(0.4, "s", 3_000_000_000));
        Assert.Equal((false, null), (report.IsGood, report.LossInNs));
        var (_, plain) = SignalWatch.New.Hear(countdown with { ExpectedLossNs = 0 }, new BeamReading(3, "s", 1000));
        Assert.Null(plain.LossInNs);
    }

    [Fact]
    public void A_scan_waits_for_a_loss_that_comes_too_soon_and_goes_on_by_itself_after_it()
    {
        var runner = Waiting();
        Report(runner, 60, isUp: true, lossInNs: 40);
        Assert.IsType<ScanStep.Held>(runner.Step);
        Report(runner, 100, isUp: false, null);
        Report(runner, 150, isUp: true, null);
        Assert.IsNotType<ScanStep.Held>(runner.Step);
        Assert.Empty(runner.State.Holds);
    }

    [Fact]
    public void A_loss_that_does_not_come_is_not_waited_for_for_ever()
    {
        var runner = Waiting();
        Report(runner, 199, isUp: true, null);
        Assert.IsType<ScanStep.Held>(runner.Step);
        Report(runner, 200, isUp: true, null);
        Assert.IsNotType<ScanStep.Held>(runner.Step);
    }

    /// <summary>Stands because a loss of 100 ns is counted down to, 100 ns from its start.</summary>
    private static ScanRunner Waiting()
    {
        var runner = new ScanRunner(1, 1, 5, 5, change: s => s with
        {
            Suspenders = [new Suspender("topup", "topup", 0, 0, 1e300, 0, 0, 0, 1) { ExpectedLossNs = 100 }],
            TakeOverheadNs = 1000,
            HasGate = true,
        });
        // Its signal is told by hand.
        runner.Hardware.IsBeamTold = true;
        runner.Submit();
        Report(runner, 0, isUp: true, lossInNs: 100);
        for (var i = 0; i < 1000 && runner.Step is not ScanStep.Held; i++)
            if (runner.Hardware.Answer() is ScanCommand answer)
                runner.Tell(answer);
        Assert.Equal("topup counts down to a loss in 0 s; waiting for it costs least", runner.State.Holds["beam topup"]);
        return runner;
    }

    private static void Report(ScanRunner runner, long atNs, bool isUp, long? lossInNs)
    {
        runner.Hardware.NowNs = atNs;
        runner.Tell(new ScanCommand.BeamReported(
            atNs, "topup", new BeamReport(0, atNs, isUp ? [] : [new BeamSpan(atNs, null)], isUp, isUp, "") { LossInNs = lossInNs }));
    }

    private static TakeProgramme Programme()
    {
        var windows = Enumerable.Range(0, 3)
            .Select(_ => new TriggerWindow(0, true, null, [new PulseTrain(10, (int)(5 * Ms), (int)(10 * Ms))])).ToEquatableArray();
        var trajectory = new Trajectory
        {
            Controller = "motion",
            Axes = ["x"],
            Start = [0],
            DurationsNs = [(int)(100 * Ms), (int)(20 * Ms), (int)(100 * Ms), (int)(20 * Ms), (int)(100 * Ms)],
            Positions = [1, 2, 3, 4, 5],
            Velocities = [0, 0, 0, 0, 0],
            Live = [true, false, true, false, true],
        };
        return new TakeProgramme(new FrameRange(0, 30), trajectory, new TriggerProgramme(windows), 340 * Ms, "hash");
    }
}
