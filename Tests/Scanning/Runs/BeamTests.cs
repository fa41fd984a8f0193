using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class BeamTests
{
    private static readonly Suspender Ring = new("ring", "ring", Floor: 100, Resume: 200, Ceiling: 1e300,
        SettleNs: 50, GuardNs: 10, LatencyNs: 5, PeriodNs: 10);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void No_frame_is_committed_that_was_exposed_without_beam(bool keepsRecord)
    {
        var dumps = 0;
        for (var seed = 0; seed < 300; seed++)
            dumps += Lived(seed, keepsRecord, dies: false);
        Assert.True(dumps > 300, $"only {dumps} dumps in 300 scans");
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Beam_dumps_deaths_and_missed_triggers_together_lose_and_repeat_nothing(bool keepsRecord)
    {
        for (var seed = 0; seed < 300; seed++)
            Lived(1000 + seed, keepsRecord, dies: true);
    }

    [Fact]
    public void Beam_that_is_down_before_the_start_is_waited_for()
    {
        var beam = new FakeBeam(1, keepsRecord: true);
        var runner = new ScanRunner(1, 2, 3, 3, beam: beam);
        beam.Pass(1, runner.Random);
        runner.Submit();
        for (var i = 0; i < 50 && runner.Step is not ScanStep.Staging; i++)
            if (runner.Hardware.Answer() is ScanCommand answer)
                runner.Tell(answer);
        Assert.Contains(runner.Journal, e => e is ScanEvent.HoldSet { Hold: "beam ring" });
        Assert.DoesNotContain(runner.Journal.TakeWhile(e => e is not ScanEvent.HoldCleared), e => e is ScanEvent.Staged);
    }

    [Fact]
    public void Beam_that_comes_back_does_not_end_an_operators_pause()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = new ScanRunner((ulong)seed, 2, 6, 6, beam: new FakeBeam(0.01, true));
            runner.Submit();
            runner.Run(r => r.State.Holds.ContainsKey("beam ring") || r.State.Status is not null);
            if (runner.State.Status is not null)
                continue;
            runner.Tell(new ScanCommand.PauseScan(0, "test"));
            if (runner.Heard[^1] is ScanReply.Refused)
                continue;
            runner.Tell(new ScanCommand.ResumeScan(0, "test"));
            runner.Tell(new ScanCommand.PauseScan(0, "test"));
            runner.Run(r => !r.State.Holds.ContainsKey("beam ring") && r.Step is ScanStep.Held);
            Assert.True(runner.State.Holds.ContainsKey("operator"));
            for (var i = 0; i < 2000; i++)
                if (runner.Hardware.Answer() is ScanCommand answer)
                    runner.Tell(answer);
            Assert.IsType<ScanStep.Held>(runner.Step);
            runner.Tell(new ScanCommand.ResumeScan(0, "test"));
            runner.Run();
            runner.CheckFinished();
        }
    }

    [Fact]
    public void Resume_does_not_override_beam()
    {
        var runner = new ScanRunner(3, 2, 6, 6, beam: new FakeBeam(0.05, true));
        runner.Submit();
        runner.Run(r => r.State.Holds.ContainsKey("beam ring"));
        runner.Tell(new ScanCommand.ResumeScan(0, "test"));
        Assert.StartsWith("the scan waits for beam", Assert.IsType<ScanReply.Refused>(runner.Heard[^1]).Reason);
    }

    [Fact]
    public void Seek_forward_skips_by_name_and_back_below_the_commit_mark_is_refused()
    {
        var runner = new ScanRunner(5, 3, 4, 4);
        runner.Submit();
        runner.Run(r => r.State.Committed.Count >= 4);
        runner.Tell(new ScanCommand.SeekScan(0, "test", 9));
        Assert.Equal("the scan is not paused: pause it, then seek", Assert.IsType<ScanReply.Refused>(runner.Heard[^1]).Reason);
        runner.Tell(new ScanCommand.PauseScan(0, "test"));
        runner.Run(r => r.IsStanding && r.State.OpenTakes.Count == 0);
        while (runner.State.OpenTakes.Count > 0)
            if (runner.Hardware.Answer() is ScanCommand answer)
                runner.Tell(answer);
        runner.Tell(new ScanCommand.SeekScan(0, "test", 0));
        Assert.StartsWith("committed to frame", Assert.IsType<ScanReply.Refused>(runner.Heard[^1]).Reason);
        runner.Tell(new ScanCommand.SeekScan(0, "test", 12));
        Assert.Equal("frame 12 is outside the scan's 0 to 11", Assert.IsType<ScanReply.Refused>(runner.Heard[^1]).Reason);
        runner.Tell(new ScanCommand.SeekScan(0, "kim", 10));
        Assert.Equal(10, Assert.IsType<ScanReply.Paused>(runner.Heard[^1]).AtFrame);
        runner.Tell(new ScanCommand.ResumeScan(0, "test"));
        runner.Run();
        var skipped = Assert.Single(runner.Journal.OfType<ScanEvent.FramesSkipped>());
        Assert.Equal(("kim", "seek to frame 10"), (skipped.Who, skipped.Why));
        Assert.Equal(ScanStatus.Finished, runner.State.Status);
        Assert.Equal(12, runner.State.Committed.Count + runner.State.Skipped.Count);
    }

    [Fact]
    public void A_signal_is_lost_below_its_floor_and_restored_at_its_resume_level_once_settled()
    {
        var (watch, first) = SignalWatch.New.Hear(Ring, new BeamReading(300, "mA", 1000));
        Assert.Equal(new BeamReport(995, 995, [], true, true, "ring reads 300 mA"), first);
        (watch, var lost) = watch.Hear(Ring, new BeamReading(99, "mA", 1010));
        Assert.Equal(new BeamReport(995, 1005, [new BeamSpan(995, null)], false, false, "ring reads 99 mA"), lost);
        (watch, var between) = watch.Hear(Ring, new BeamReading(150, "mA", 1020));
        Assert.False(between.IsGood);
        (watch, var back) = watch.Hear(Ring, new BeamReading(200, "mA", 1030));
        Assert.Equal((true, false), (back.IsGood, back.IsUp));
        Assert.Equal([new BeamSpan(995, 1030)], back.Lost);
        (_, var settled) = watch.Hear(Ring, new BeamReading(150, "mA", 1080));
        Assert.True(settled.IsUp);
    }

    [Fact]
    public void A_dip_between_two_readings_is_found_where_the_signal_keeps_a_record()
    {
        var (watch, _) = SignalWatch.New.Hear(Ring, Recorded(1000, new BeamChange(0, 300)));
        (_, var report) = watch.Hear(Ring, Recorded(2000, new BeamChange(0, 300), new BeamChange(1200, 0), new BeamChange(1300, 250)));
        Assert.Equal([new BeamSpan(1200, 1300)], report.Lost);
        Assert.True(report is { IsGood: true, IsUp: true, FromNs: 995, ToNs: 1995 });
    }

    [Fact]
    public void A_signal_that_cannot_be_read_makes_a_gap_that_counts_as_lost()
    {
        var (watch, _) = SignalWatch.New.Hear(Ring, new BeamReading(300, "mA", 1000));
        (watch, var failed) = watch.Fail(Ring, "connection reset");
        Assert.Equal("ring cannot be read: connection reset", failed.Reading);
        Assert.Equal((false, failed.FromNs), (failed.IsUp, failed.ToNs));
        (_, var again) = watch.Hear(Ring, new BeamReading(300, "mA", 5000));
        Assert.Equal(4995, again.FromNs);
    }

    [Theory]
    [InlineData(100, 110, false)]
    [InlineData(189, 199, false)]
    [InlineData(191, 201, true)]
    [InlineData(299, 309, true)]
    [InlineData(300, 310, false)]
    public void An_exposure_is_lost_when_any_part_of_it_touches_the_loss(long from, long to, bool lost)
    {
        var query = new BeamQuery(0, 1000, [new BeamSpan(200, 300)]);
        var verdict = query.Judge(new FrameRange(7, 8), [from], to - from);
        Assert.Equal(8, verdict.ClearTo);
        Assert.Equal(lost, verdict.Lost.Count == 1);
    }

    [Fact]
    public void Exposures_beyond_the_horizon_wait_and_those_before_the_watch_are_lost()
    {
        var query = new BeamQuery(100, 200, []);
        var verdict = query.Judge(new FrameRange(0, 4), [90, 110, 195, 210], 10);
        Assert.Equal(2, verdict.ClearTo);
        Assert.Equal([new FrameRange(0, 1)], verdict.Lost);
        Assert.Equal(220, verdict.LastNs);
    }

    private static BeamReading Recorded(long atNs, params BeamChange[] changes) =>
        new(changes[^1].Value, "mA", atNs) { KnownSinceNs = 0, History = changes.ToEquatableArray() };

    private static int Lived(int seed, bool keepsRecord, bool dies)
    {
        var shape = new Seeded((ulong)seed + 5000);
        var beam = new FakeBeam(0.003, keepsRecord);
        var runner = new ScanRunner(
            (ulong)seed, 1 + shape.Next(4), 1 + shape.Next(7), 1 + shape.Next(8), dies ? 0.02 : 0, beam);
        try
        {
            runner.Submit();
            for (var lives = 0; dies && lives < 5; lives++)
            {
                var died = false;
                runner.Run(r => r.Hardware.Answer() is ScanCommand answer && (died = r.Tell(answer, deathRate: 0.01)));
                if (!died)
                    break;
                if (shape.Next(2) == 0)
                    runner.Hardware.PowerFailed();
                else
                    runner.Hardware.SupervisorDied();
                runner.TakeOver();
            }
            runner.Run();
            runner.CheckFinished();
            return beam.Dumps;
        }
        catch (Exception e)
        {
            throw new InvalidOperationException($"seed {seed}: {e.Message}\n{string.Join("\n", runner.Journal.TakeLast(12))}", e);
        }
    }
}
