using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class StallTests
{
    private const long Ms = 1_000_000;

    [Theory]
    [InlineData("panda")]
    [InlineData("motion")]
    [InlineData("cam")]
    public void What_stands_is_named_within_its_allowance_and_nothing_else_is(string device)
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Flying(seed);
            runner.Hardware.Stands = device;
            var named = Tick(runner, r => r.Journal.OfType<ScanEvent.DeviceStalled>().Any());
            var stalled = Assert.Single(runner.Journal.OfType<ScanEvent.DeviceStalled>());
            Assert.Equal(device, stalled.Device);
            // Asked for ten times a second: known at the first or second look after the allowance. A camera's begins with the box's
            // count.
            Assert.InRange(named, 250 * Ms, (device == "cam" ? 800 : 620) * Ms);
            Assert.IsType<ScanStep.Flying>(runner.Step);
        }
    }

    [Theory]
    [InlineData("slow")]
    [InlineData("fast")]
    public void A_detector_at_a_rate_of_its_own_that_stands_is_named_and_no_other_is(string device)
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Flying(seed, null, new("slow", new(1, 4)), new("fast", new(3, 1)));
            runner.Hardware.Stands = device;
            var named = Tick(runner, r => r.Journal.OfType<ScanEvent.DeviceStalled>().Any());
            Assert.Equal(device, Assert.Single(runner.Journal.OfType<ScanEvent.DeviceStalled>()).Device);
            Assert.InRange(named, 250 * Ms, 800 * Ms);
        }
    }

    [Fact]
    public void A_stall_that_passes_costs_nothing()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Flying(seed);
            runner.Hardware.Stands = "panda";
            Tick(runner, r => r.Hardware.NowNs > 3000 * Ms);
            runner.Hardware.Stands = null;
            Tick(runner, r => r.State.Status is not null);
            runner.CheckFinished();
            Assert.Equal(0, runner.State.Rewinds);
            Assert.Single(runner.Journal.OfType<ScanEvent.DeviceStalled>());
        }
    }

    [Fact]
    public void A_take_that_stalls_is_taken_again_from_where_it_stood()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Flying(seed);
            var take = runner.State.LastTake;
            runner.Hardware.Stands = "panda";
            Tick(runner, r => r.Step is not ScanStep.Flying);
            Assert.InRange(runner.Hardware.NowNs, 5250 * Ms, 5900 * Ms);
            runner.Hardware.Stands = null;
            Tick(runner, r => r.State.Status is not null);
            runner.CheckFinished();
            Assert.StartsWith("panda stalled: ", runner.Journal.OfType<ScanEvent.TookBack>().First(t => t.Take == take).Reason);
        }
    }

    [Fact]
    public void A_device_that_stalls_again_ends_the_scan_with_its_name()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Flying(seed);
            runner.Hardware.Stands = "panda";
            Tick(runner, r => r.State.Status is not null);
            Assert.Equal(ScanStatus.Faulted, runner.State.Status);
            runner.CheckPutBack();
            Assert.StartsWith("panda: stalled again after its take was repeated: 0 of the ", runner.State.EndReason);
        }
    }

    [Fact]
    public void A_detector_that_may_lack_frames_holds_nobody_up()
    {
        var runner = Flying(4, s => s with { MayLack = ["cam"] });
        runner.Hardware.Stands = "cam";
        Tick(runner, r => r.State.Status is not null);
        Assert.Equal((ScanStatus.Finished, 0), (runner.State.Status, runner.State.Rewinds));
    }

    [Fact]
    public void A_process_that_had_no_processor_blames_nobody_for_the_time_in_which_it_did_not_look()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Flying(seed);
            Tick(runner, r => r.Hardware.NowNs > 500 * Ms);
            if (runner.Step is not ScanStep.Flying)
                continue;
            // Nothing is asked and nothing heard for 3 s; then a look, before the answers that have waited since.
            runner.Hardware.NowNs += 3000 * Ms;
            runner.Tell(new ScanCommand.ProgressDue(0, runner.State.LastTake));
            Tick(runner, r => r.State.Status is not null);
            Assert.DoesNotContain(runner.Journal, e => e is ScanEvent.DeviceStalled);
            runner.CheckFinished();
        }
    }

    [Fact]
    public void A_device_that_really_stands_is_named_on_a_slow_machine_too()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Flying(seed);
            runner.Hardware.Stands = "panda";
            var looked = 0L;
            for (var i = 0; i < 100 && !runner.Journal.OfType<ScanEvent.DeviceStalled>().Any(); i++)
            {
                // Each look comes as late again as it should come at all.
                runner.Hardware.NowNs += 200 * Ms;
                looked += 100 * Ms;
                runner.Tell(new ScanCommand.ProgressDue(0, runner.State.LastTake));
                while (runner.Hardware.NextProgress() is ScanCommand answer)
                    runner.Tell(answer);
            }
            Assert.Equal("panda", Assert.Single(runner.Journal.OfType<ScanEvent.DeviceStalled>()).Device);
            Assert.InRange(looked, 250 * Ms, 700 * Ms);
        }
    }

    [Fact]
    public void Motion_that_is_over_is_not_expected_to_move()
    {
        var runner = Flying(1);
        runner.Tell(new ScanCommand.ProgressDue(100 * Ms, runner.State.LastTake));
        var motion = new MotionStatus(MotionPhase.Done, Marks.Of(ScanRunner.Uid, runner.State.LastTake), [], null);
        runner.Tell(new ScanCommand.MotionProgress(150 * Ms, runner.State.LastTake, new Outcome<MotionStatus>.Completed(motion)));
        runner.Tell(new ScanCommand.ProgressDue(900 * Ms, runner.State.LastTake));
        Assert.DoesNotContain(runner.Journal.OfType<ScanEvent.DeviceStalled>(), s => s.Device == "motion");
    }

    private static ScanRunner Flying(
        int seed, Func<RunSetup, RunSetup>? change = null, params EquatableArray<RatedDetector> rated)
    {
        var runner = new ScanRunner((ulong)seed, 2, 400, 400, change: change, rated: rated);
        runner.Submit();
        runner.Run(r => r.Step is ScanStep.Flying);
        return runner;
    }

    /// <summary>Lets time pass, a look at progress every tenth of a second, until something is so; gives when.</summary>
    private static long Tick(ScanRunner runner, Func<ScanRunner, bool> until)
    {
        var next = runner.Hardware.NowNs + 100 * Ms;
        for (var i = 0; i < 100_000 && !until(runner); i++)
        {
            runner.Hardware.NowNs += runner.Random.Next(20) * Ms;
            if (runner.Hardware.NowNs >= next)
            {
                next = runner.Hardware.NowNs + 100 * Ms;
                runner.Tell(new ScanCommand.ProgressDue(0, runner.State.LastTake));
            }
            else if (runner.Hardware.Answer() is ScanCommand answer)
            {
                runner.Tell(answer);
            }
        }
        Assert.True(until(runner), $"hangs in {runner.Step}; {string.Join("\n", runner.Journal.TakeLast(5))}");
        return runner.Hardware.NowNs;
    }
}
