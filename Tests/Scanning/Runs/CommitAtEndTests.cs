using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class CommitAtEndTests
{
    [Fact]
    public void Nothing_is_committed_before_the_end_and_everything_is_then()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = AtEnd(seed);
            runner.Submit();
            runner.Run();
            runner.CheckFinished();
            var end = runner.Journal.FindIndex(e => e is ScanEvent.FramesCommitted);
            Assert.DoesNotContain(runner.Journal.Skip(end), e => e is ScanEvent.HandedOver or ScanEvent.FramesRecorded);
        }
    }

    [Fact]
    public void Seeking_back_over_what_is_kept_takes_it_again_and_says_who_wanted_it()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Paused(seed);
            var kept = runner.State.Kept;
            runner.Tell(new ScanCommand.SeekScan(0, "ana", 2));
            Assert.IsType<ScanReply.Accepted>(runner.Heard[^2]);
            Assert.Equal(2, Assert.IsType<ScanReply.Paused>(runner.Heard[^1]).AtFrame);
            Assert.Equal(RangeSet.Of(new FrameRange(0, 2)), runner.State.Kept);
            var rejected = runner.Journal.OfType<ScanEvent.FramesRejected>().Where(r => r.Cause == "ana went back to frame 2").ToList();
            Assert.Equal(kept.Subtract([new FrameRange(0, 2)]), RangeSet.Of(rejected.SelectMany(r => r.Frames)));
            runner.Tell(new ScanCommand.ResumeScan(0, "ana"));
            runner.Run();
            runner.CheckFinished();
            Assert.Equal("ana went back to frame 2", runner.Journal.OfType<ScanEvent.Rewound>().First().Cause);
        }
    }

    [Fact]
    public void Seeking_back_is_refused_where_frames_are_final()
    {
        var runner = new ScanRunner(3, 3, 5, 5);
        runner.Submit();
        runner.Run(r => r.State.Committed.Count >= 5);
        runner.Tell(new ScanCommand.PauseScan(0, "ana"));
        runner.Run();
        runner.Run(r => r.State.OpenTakes.Count == 0);
        Drain(runner);
        runner.Tell(new ScanCommand.SeekScan(0, "ana", 2));
        Assert.Matches(
            "^committed to frame [0-9]+: frames before it are final; a scan whose request says \"commit\": \"atEnd\" can go back$",
            Assert.IsType<ScanReply.Refused>(runner.Heard[^1]).Reason);
    }

    [Fact]
    public void Frames_skipped_by_a_seek_are_journaled_with_who_and_why_and_kept_ones_are_not_skipped()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Paused(seed);
            var kept = runner.State.Kept;
            runner.Tell(new ScanCommand.SeekScan(0, "ana", 14));
            Assert.Equal(RangeSet.Of(new FrameRange(0, 14)).Subtract(kept.Ranges), runner.State.Skipped);
            Assert.All(
                runner.Journal.OfType<ScanEvent.FramesSkipped>(), s => Assert.Equal(("ana", "seek to frame 14"), (s.Who, s.Why)));
            runner.Tell(new ScanCommand.ResumeScan(0, "ana"));
            runner.Run();
            Assert.Equal(ScanStatus.Finished, runner.State.Status);
            Assert.Equal(kept.Union([new FrameRange(14, 15)]), runner.State.Committed);
        }
    }

    [Fact]
    public void An_abort_commits_what_is_good_and_a_crash_loses_none_of_it()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var runner = AtEnd(seed);
            runner.Submit();
            var after = runner.Random.Next(60);
            runner.Run(_ => after-- == 0);
            if (runner.State.Status is not null)
                continue;
            var kept = runner.State.Kept;
            if (seed % 2 == 0)
                runner.Hardware.PowerFailed();
            else
                runner.Hardware.SupervisorDied();
            runner.TakeOver();
            Assert.Equal(kept, runner.State.Kept);
            runner.Tell(new ScanCommand.AbortScan(0, "test", "enough"));
            runner.Run();
            Assert.Equal(ScanStatus.Aborted, runner.State.Status);
            Assert.Equal(kept, runner.State.Committed.Intersect(kept));
        }
    }

    [Fact]
    public void Deaths_bad_beam_and_missed_frames_leave_every_frame_committed_once_at_the_end()
    {
        for (var seed = 0; seed < 200; seed++)
        {
            var runner = new ScanRunner(
                (ulong)seed, 3, 5, 4, 0.03, new FakeBeam(0.01, keepsRecord: true),
                s => s with { CommitsAtEnd = true, TellsRecorded = true });
            runner.Submit();
            for (var lives = 0; lives < 5; lives++)
            {
                var died = false;
                runner.Run(r => r.Hardware.Answer() is ScanCommand answer && (died = r.Tell(answer, deathRate: 0.02)));
                if (!died)
                    break;
                if (seed % 2 == 0)
                    runner.Hardware.PowerFailed();
                else
                    runner.Hardware.SupervisorDied();
                runner.TakeOver();
            }
            runner.Run();
            runner.CheckFinished();
            Assert.Empty(runner.State.Recorded);
        }
    }

    private static ScanRunner AtEnd(int seed) => new((ulong)seed, 3, 5, 5, change: s => s with { CommitsAtEnd = true });

    /// <summary>Stands somewhere behind frame 5, with the last frames read back.</summary>
    private static ScanRunner Paused(int seed)
    {
        var runner = AtEnd(seed);
        runner.Submit();
        runner.Run(r => r.State.Kept.Count >= 5);
        runner.Tell(new ScanCommand.PauseScan(0, "ana"));
        runner.Run();
        Drain(runner);
        return runner;
    }

    private static void Drain(ScanRunner runner)
    {
        for (var i = 0; i < 2000 && runner.State.OpenTakes.Count > 0; i++)
            if (runner.Hardware.Answer() is ScanCommand answer)
                runner.Tell(answer);
        Assert.IsType<ScanStep.Held>(runner.Step);
        Assert.Empty(runner.State.OpenTakes);
    }
}
