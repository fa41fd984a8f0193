using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class DiskHoldTests
{
    [Fact]
    public void A_full_disk_holds_the_scan_in_any_state_and_room_lets_it_go_on_with_nothing_lost()
    {
        var held = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var runner = Begun(seed, out var ended);
            if (ended)
                continue;
            runner.Tell(new ScanCommand.DiskReported(0, false, "1 MB are free on the disk of /data"));
            for (var i = 0; i < 2000 && runner.State.Status is null; i++)
                if (runner.Hardware.Answer() is ScanCommand answer)
                    runner.Tell(answer);
            if (runner.State.Status is null)
            {
                held++;
                Assert.IsType<ScanStep.Held>(runner.Step);
                Assert.Equal("1 MB are free on the disk of /data", runner.State.Holds["disk"]);
                Assert.Null(runner.State.InFlight);
                Assert.DoesNotContain(runner.Heard, r => r is ScanReply.Paused);
            }
            runner.Tell(new ScanCommand.DiskReported(0, true, ""));
            runner.Run();
            runner.CheckFinished();
        }
        Assert.True(held > 100, $"only {held} scans were held");
    }

    [Fact]
    public void Room_on_the_disk_does_not_end_an_operators_pause_and_resume_does_not_end_a_full_disks_hold()
    {
        var runner = Begun(5, out _);
        runner.Tell(new ScanCommand.DiskReported(0, false, "full"));
        runner.Tell(new ScanCommand.PauseScan(0, "test"));
        runner.Run();
        runner.Tell(new ScanCommand.DiskReported(0, true, ""));
        runner.Run();
        Assert.IsType<ScanStep.Held>(runner.Step);
        runner.Tell(new ScanCommand.DiskReported(0, false, "full"));
        runner.Tell(new ScanCommand.ResumeScan(0, "test"));
        Assert.Equal(["disk"], runner.State.Holds.Keys);
        Assert.IsType<ScanStep.Held>(runner.Step);
        runner.Tell(new ScanCommand.ResumeScan(0, "test"));
        Assert.Equal(
            "the scan waits for the disk (full) and goes on by itself when it is back",
            Assert.IsType<ScanReply.Refused>(runner.Heard[^1]).Reason);
        runner.Tell(new ScanCommand.DiskReported(0, true, ""));
        runner.Run();
        runner.CheckFinished();
    }

    [Theory]
    [InlineData("panda")]
    [InlineData("cam")]
    public void A_write_that_fails_holds_the_scan_and_it_goes_on_by_itself_with_every_frame(string recorder)
    {
        var held = 0;
        for (var seed = 0; seed < 200; seed++)
        {
            var runner = Begun(seed, out var ended);
            if (ended || runner.State.Staged.Count < 2)
                continue;
            runner.Hardware.DiskOf(recorder, isFull: true);
            Pump(runner, r => r.Step is ScanStep.Held or ScanStep.Ended);
            if (runner.Step is ScanStep.Held)
            {
                held++;
                Assert.Equal($"{recorder}: no space left", runner.State.Holds["disk"]);
            }
            runner.Hardware.DiskOf(recorder, isFull: false);
            Pump(runner, r => r.Step is not ScanStep.Held);
            runner.Run();
            runner.CheckFinished();
            Assert.DoesNotContain(runner.Journal, e => e is ScanEvent.DeviceFaulted);
        }
        Assert.True(held > 100, $"only {held} scans were held");
    }

    [Fact]
    public void A_disk_that_says_it_has_room_and_takes_no_writes_waits_for_somebody_the_third_time()
    {
        var runner = Begun(3, out _);
        runner.Run(r => r.Step is ScanStep.Flying);
        for (var time = 1; time <= 3; time++)
        {
            var status = new RecorderStatus("s", false, 0, 0, [], false, "no space left") { CannotWrite = true };
            Pump(runner, r => r.Step is ScanStep.Preparing);
            var take = ((ScanStep.Preparing)runner.Step).Take;
            runner.Tell(new ScanCommand.RecorderArmed(0, take, "cam", new Outcome<RecorderStatus>.Completed(status)));
            Pump(runner, r => r.Step is ScanStep.Held);
            Assert.Equal(time < 3 ? "disk" : "files of cam", Assert.Single(runner.State.Holds.Keys));
        }
        runner.Tell(new ScanCommand.ResumeScan(0, "ana"));
        runner.Run();
        runner.CheckFinished();
    }

    /// <summary>Goes on, also while the scan stands, with a look at progress now and then.</summary>
    private static void Pump(ScanRunner runner, Func<ScanRunner, bool> until)
    {
        for (var i = 0; i < 20_000 && !until(runner); i++)
        {
            if (runner.Step is ScanStep.Flying && i % 10 == 9)
                runner.Tell(new ScanCommand.ProgressDue(0, runner.State.LastTake));
            if (runner.Hardware.Answer() is ScanCommand answer)
                runner.Tell(answer);
        }
        Assert.True(until(runner), $"hangs in {runner.Step}");
    }

    private static ScanRunner Begun(int seed, out bool ended)
    {
        var runner = new ScanRunner((ulong)seed, 3, 5, 4, change: s => s with { WatchesDisk = true });
        runner.Submit();
        var after = runner.Random.Next(60);
        runner.Run(_ => after-- == 0);
        ended = runner.State.Status is not null;
        return runner;
    }
}
