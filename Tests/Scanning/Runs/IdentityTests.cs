using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class IdentityTests
{
    [Fact]
    public void Where_frames_are_only_counted_a_take_that_lacks_one_is_taken_again_as_a_whole()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Lived(seed, FrameIdentity.CountOnly, Once(3, 7));
            runner.CheckFinished();
            Assert.Equal(
                [new FrameRange(0, 5), new FrameRange(5, 10)],
                runner.Journal.OfType<ScanEvent.FramesRejected>().SelectMany(r => r.Frames).OrderBy(r => r.First));
            Assert.Equal(6, runner.Journal.Count(e => e is ScanEvent.HandedOver));
        }
    }

    [Fact]
    public void Where_stamps_tell_only_the_frames_that_were_missed_are_taken_again()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Lived(seed, FrameIdentity.Timestamp, Once(3, 7, 8));
            runner.CheckFinished();
            Assert.Equal(
                RangeSet.Of([new FrameRange(3, 4), new FrameRange(7, 9)]),
                RangeSet.Of(runner.Journal.OfType<ScanEvent.FramesRejected>().SelectMany(r => r.Frames)));
        }
    }

    [Theory]
    [InlineData(FrameIdentity.CountOnly)]
    [InlineData(FrameIdentity.Timestamp)]
    public void Deaths_and_missed_frames_put_no_frame_in_anothers_place(FrameIdentity identity)
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var runner = Runner(seed, identity, null, missRate: 0.03);
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
        }
    }

    [Fact]
    public void A_frame_near_no_trigger_and_two_near_the_same_are_of_none()
    {
        StampedTrigger[] triggers = [new(0, 1000), new(1, 2000), new(2, 3000), new(3, 4000), new(4, 5000)];
        StampedFrame[] frames = [new(1, 0, 1100), new(1, 1, 2499), new(1, 2, 3050), new(1, 3, 3950), new(1, 4, 4040), new(1, 5, 5400)];
        Assert.Equal(
            [new SegmentRun(1, "s", 0, 1, 0), new SegmentRun(1, "s", 2, 1, 2), new SegmentRun(1, "s", 4, 1, 5)],
            StampMatch.Of(triggers, frames, "s", 400));
    }

    [Fact]
    public void Frames_in_step_are_one_run_and_a_new_file_begins_another()
    {
        var triggers = Enumerable.Range(0, 6).Select(i => new StampedTrigger(i, i * 100)).ToList();
        StampedFrame[] frames = [new(1, 7, 1), new(1, 8, 99), new(2, 0, 205), new(2, 1, 300), new(2, 2, 500)];
        Assert.Equal(
            [new SegmentRun(1, "s", 0, 2, 7), new SegmentRun(2, "s", 2, 2, 0), new SegmentRun(2, "s", 5, 1, 2)],
            StampMatch.Of(triggers, frames, "s", 49));
    }

    private static Func<long, bool> Once(params long[] frames)
    {
        var left = frames.ToHashSet();
        return left.Remove;
    }

    private static ScanRunner Lived(int seed, FrameIdentity identity, Func<long, bool> misses)
    {
        var runner = Runner(seed, identity, misses);
        runner.Submit();
        runner.Run();
        return runner;
    }

    private static ScanRunner Runner(int seed, FrameIdentity identity, Func<long, bool>? misses, double missRate = 0)
    {
        var runner = new ScanRunner(
            (ulong)seed, 4, 5, 5, missRate, new FakeBeam(0, keepsRecord: true),
            s => s with { Identities = [KeyValuePair.Create("cam", identity)] }, misses);
        runner.Hardware.CameraOnlyCounts();
        return runner;
    }
}
