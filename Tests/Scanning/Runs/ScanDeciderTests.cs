using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class ScanDeciderTests
{
    [Fact]
    public void A_scan_without_trouble_is_journaled_in_the_order_of_the_scan_model()
    {
        var runner = new ScanRunner(1, outer: 2, inner: 3, atMost: 10);
        runner.Submit();
        runner.Run();
        runner.CheckFinished();
        var written = runner.Journal.Select(e => e.GetType().Name).ToList();
        Assert.Equal("ScanSubmitted", written[0]);
        Assert.Equal(["Unstaged", "Finished"], written[^2..]);
        Assert.Equal(
            ["OuterPointReached", "ProgrammeDownloaded", "Armed", "HandedOver", "FlightStarted", "TookBack"],
            written.SkipWhile(n => n != "OuterPointReached").Where(n => !n.StartsWith("Block") && !n.StartsWith("Frames")).Take(6));
        Assert.Equal(2, written.Count(n => n == "HandedOver"));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Any_order_of_answers_ends_with_every_frame_committed_once(int batch)
    {
        for (var seed = 0; seed < 100; seed++)
            Named(batch * 100 + seed, runner =>
            {
                runner.Submit();
                runner.Run();
                runner.CheckFinished();
                Assert.Equal(0, runner.State.Rewinds);
            });
    }

    [Fact]
    public void Frames_that_the_camera_missed_are_retaken()
    {
        for (var seed = 0; seed < 200; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                runner.Run();
                runner.CheckFinished();
            }, missRate: 0.05);
    }

    [Fact]
    public void A_camera_that_forgets_its_session_is_staged_anew_and_every_frame_is_committed_once()
    {
        var reopened = 0;
        for (var seed = 0; seed < 200; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                for (var times = 0; times < 2; times++)
                {
                    var answers = runner.Random.Next(40);
                    runner.Run(r => r.Step is ScanStep.Unstaging || answers-- == 0);
                    if (runner.Step is not (ScanStep.Unstaging or ScanStep.Ended))
                        runner.Hardware.Forget("cam");
                }
                runner.Run();
                runner.CheckFinished();
                var holds = runner.Journal.OfType<ScanEvent.HoldSet>().Count(h => h.Hold == "recorder cam");
                Assert.Equal(holds, runner.Journal.OfType<ScanEvent.HoldCleared>().Count(h => h.Hold == "recorder cam"));
                reopened += holds;
            });
        Assert.True(reopened > 50, $"only {reopened} sessions were lost while they were needed");
    }

    [Fact]
    public void A_camera_that_forgets_again_and_again_ends_the_scan()
    {
        var runner = new ScanRunner(1, outer: 2, inner: 3, atMost: 10);
        runner.Submit();
        for (var times = 0; times < 10 && runner.State.Status is null; times++)
        {
            var staged = runner.Journal.Count(e => e is ScanEvent.Staged);
            runner.Run(r => r.Journal.Count(e => e is ScanEvent.Staged) > staged && r.Step is ScanStep.Preparing);
            runner.Hardware.Forget("cam");
        }
        runner.Run();
        var fault = Assert.Single(runner.Journal.OfType<ScanEvent.DeviceFaulted>(), f => f.Device == "cam");
        Assert.Contains("it was staged anew 3 times, and no frame was committed since", fault.Reason);
    }

    [Fact]
    public void With_every_frame_committed_a_successor_stages_nothing_and_counts_the_files_of_the_dead()
    {
        var runner = new ScanRunner(1, outer: 2, inner: 3, atMost: 10);
        runner.Submit();
        runner.Run(r => r.Step is ScanStep.Unstaging);
        var opened = runner.Journal.Count(e => e is ScanEvent.SegmentOpened);
        runner.Hardware.PowerFailed();
        runner.TakeOver();
        runner.Run();
        runner.CheckFinished();
        Assert.Equal(opened, runner.Journal.Count(e => e is ScanEvent.SegmentOpened));
        Assert.Equal(
            [new SegmentCount("cam", 1, 6), new SegmentCount("panda", 1, 6)],
            Assert.Single(runner.Journal.OfType<ScanEvent.Unstaged>()).Segments.OrderBy(s => s.Recorder));
    }

    [Fact]
    public void A_recorder_that_began_anew_while_it_was_unstaged_is_unstaged_once_more_and_the_scan_finishes()
    {
        for (var seed = 0UL; seed < 20; seed++)
        {
            var runner = new ScanRunner(seed, outer: 2, inner: 3, atMost: 10);
            var deaths = 1;
            runner.Hardware.RefusesToUnstage = recorder =>
            {
                if (recorder != "cam" || deaths-- <= 0)
                    return null;
                runner.Hardware.Forget("cam");
                return new Outcome<long>.Refused("cam: the IOC began anew");
            };
            runner.Submit();
            runner.Run();
            runner.CheckFinished();
            var hold = Assert.Single(runner.Journal.OfType<ScanEvent.HoldSet>(), h => h.Hold == "recorder cam");
            Assert.Equal("cam: the IOC began anew", hold.Reason);
            Assert.Contains(
                new SegmentCount("cam", 1, 6), Assert.Single(runner.Journal.OfType<ScanEvent.Unstaged>()).Segments);
            Assert.DoesNotContain(FakeHardware.Needed, runner.Hardware.Settings.Values);
        }
    }

    [Fact]
    public void A_recorder_that_never_lets_itself_be_unstaged_is_named()
    {
        var runner = new ScanRunner(1, outer: 2, inner: 3, atMost: 10);
        runner.Hardware.RefusesToUnstage = recorder => recorder == "cam" ? new Outcome<long>.Failed("no answer") : null;
        runner.Submit();
        runner.Run();
        Assert.Contains(
            "cam: no answer", Assert.Single(runner.Journal.OfType<ScanEvent.DeviceFaulted>(), f => f.Device == "unstaging").Reason);
    }

    [Fact]
    public void A_supervisor_that_dies_anywhere_is_followed_by_one_that_finishes()
    {
        for (var seed = 0; seed < 400; seed++)
            Named(seed, runner => Live(runner, powerToo: false));
    }

    [Fact]
    public void When_everything_dies_at_once_the_scan_still_finishes()
    {
        for (var seed = 0; seed < 400; seed++)
            Named(seed, runner => Live(runner, powerToo: true));
    }

    [Fact]
    public void Deaths_and_missed_triggers_together_lose_and_repeat_nothing()
    {
        for (var seed = 0; seed < 400; seed++)
            Named(seed, runner => Live(runner, powerToo: seed % 2 == 0), missRate: 0.03);
    }

    [Fact]
    public void Pause_is_answered_with_the_frame_and_resume_goes_on_from_it()
    {
        for (var seed = 0; seed < 200; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                var after = runner.Random.Next(60);
                runner.Run(_ => after-- == 0);
                runner.Tell(new ScanCommand.PauseScan(0, "test"));
                if (runner.Heard[^1] is ScanReply.Refused)
                    return;
                runner.Run();
                var paused = Assert.IsType<ScanReply.Paused>(runner.Heard[^1]);
                Assert.IsType<ScanStep.Held>(runner.Step);
                Assert.Equal(runner.State.NextWanted()?.First ?? runner.State.Frames, paused.AtFrame);
                runner.Tell(new ScanCommand.ResumeScan(0, "test"));
                Assert.IsType<ScanReply.Accepted>(runner.Heard[^1]);
                runner.Run();
                runner.CheckFinished();
            });
    }

    [Fact]
    public void Abort_is_safe_in_every_state_and_keeps_what_was_recorded()
    {
        for (var seed = 0; seed < 200; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                var after = runner.Random.Next(80);
                runner.Run(_ => after-- == 0);
                if (runner.State.Status is not null)
                    return;
                runner.Tell(new ScanCommand.AbortScan(0, "test", "enough"));
                runner.Run();
                Assert.True(runner.State.Status == ScanStatus.Aborted && runner.State.EndReason == "enough");
                runner.CheckPutBack();
            });
    }

    [Fact]
    public void A_lost_device_holds_the_scan_and_resume_waits_for_it()
    {
        var runner = new ScanRunner(7, 3, 5, 4);
        runner.Submit();
        runner.Run(r => r.Step is ScanStep.Flying);
        runner.Tell(new ScanCommand.DeviceLost(0, "cam", "connection reset"));
        runner.Run();
        Assert.Equal("connection reset", runner.State.Holds["device cam"]);
        runner.Tell(new ScanCommand.ResumeScan(0, "test"));
        Assert.StartsWith("cam is lost: connection reset", Assert.IsType<ScanReply.Refused>(runner.Heard[^1]).Reason);
        runner.Hardware.SupervisorDied();
        runner.TakeOver();
        runner.Run();
        runner.Tell(new ScanCommand.ResumeScan(0, "test"));
        runner.Run();
        runner.CheckFinished();
    }

    [Fact]
    public void A_device_that_fails_ends_the_scan_with_its_name()
    {
        var runner = new ScanRunner(3, 2, 3, 3);
        runner.Submit();
        runner.Run(r => r.Step is ScanStep.Preparing);
        var preparing = (ScanStep.Preparing)runner.Step;
        runner.Tell(new ScanCommand.BoxAnswered(0, preparing.Take, BoxOrder.Load,
            new Outcome<BoxStatus>.Refused("the table has 5000 rows, 4096 fit")));
        runner.Run();
        Assert.Equal(ScanStatus.Faulted, runner.State.Status);
        Assert.Equal("panda: refused: the table has 5000 rows, 4096 fit", runner.State.EndReason);
        runner.CheckPutBack();
    }

    [Fact]
    public void A_scan_that_is_aborted_after_a_crash_puts_back_what_its_predecessor_changed()
    {
        for (var seed = 0; seed < 200; seed++)
            Named(seed, runner =>
            {
                runner.Submit();
                var after = runner.Random.Next(80);
                runner.Run(_ => after-- == 0);
                if (runner.State.Status is not null)
                    return;
                if (seed % 2 == 0)
                    runner.Hardware.PowerFailed();
                else
                    runner.Hardware.SupervisorDied();
                runner.TakeOver();
                runner.Tell(new ScanCommand.AbortScan(0, "test", "enough"));
                runner.Run();
                Assert.Equal(ScanStatus.Aborted, runner.State.Status);
                runner.CheckPutBack();
            });
    }

    [Fact]
    public void An_encoder_that_disagrees_stops_the_scan_before_anything_flies()
    {
        var runner = new ScanRunner(3, 2, 3, 3);
        runner.Submit();
        runner.Run(r => r.Step is ScanStep.Preparing { AtStart.Count: > 0 });
        var preparing = (ScanStep.Preparing)runner.Step;
        runner.Tell(new ScanCommand.EncodersRead(
            0, preparing.Take, new Outcome<EquatableArray<AxisPosition>>.Completed([new AxisPosition("x", 1.5)])));
        runner.Run();
        Assert.Contains("axis x reads 1.5, the controller 0; tolerance is 0.01", runner.State.EndReason);
        Assert.Equal(0, runner.Hardware.Moves);
    }

    internal static void Live(ScanRunner runner, bool powerToo)
    {
        runner.Submit();
        for (var lives = 0; lives < 6; lives++)
        {
            var died = false;
            runner.Run(r => r.Hardware.Answer() is ScanCommand answer && (died = r.Tell(answer, deathRate: 0.02)));
            if (!died)
                break;
            if (powerToo)
                runner.Hardware.PowerFailed();
            else
                runner.Hardware.SupervisorDied();
            runner.TakeOver();
        }
        runner.Run();
        runner.CheckFinished();
    }

    private static void Named(int seed, Action<ScanRunner> scenario, double missRate = 0)
    {
        var shape = new Seeded((ulong)seed + 1000);
        var runner = new ScanRunner((ulong)seed, 1 + shape.Next(4), 1 + shape.Next(7), 1 + shape.Next(8), missRate);
        try
        {
            scenario(runner);
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}\n{string.Join("\n", runner.Journal.TakeLast(12))}", e);
        }
    }
}
