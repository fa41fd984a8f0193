using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class BadFramesTests
{
    [Fact]
    public void Marked_frames_are_skipped_and_nothing_is_taken_again()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Lived(seed, s => s with { OnBadFrames = OnBadFrames.Mark }, frame => frame % 7 == 3);
            Assert.Equal((ScanStatus.Finished, 0), (runner.State.Status, runner.State.Rewinds));
            Assert.Equal(RangeSet.Of([new FrameRange(3, 4), new FrameRange(10, 11), new FrameRange(17, 18)]), runner.State.Skipped);
            Assert.Equal(20, runner.State.Skipped.Count + runner.State.Committed.Count);
            Assert.All(runner.Journal.OfType<ScanEvent.FramesSkipped>(), s => Assert.Equal("onBadFrames: mark", s.Who));
        }
    }

    [Fact]
    public void One_extra_take_is_flown_for_each_gap()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var once = new HashSet<long>();
            var runner = Lived(seed, s => s, frame => frame is 3 or 4 or 8 && once.Add(frame), outer: 1, inner: 10, atMost: 10);
            runner.CheckFinished();
            var takes = runner.Journal.OfType<ScanEvent.ProgrammeDownloaded>().Select(p => p.Frames).ToList();
            Assert.Equal([new FrameRange(0, 10), new FrameRange(3, 5), new FrameRange(8, 9)], takes);
            Assert.Equal(2, runner.State.Rewinds);
        }
    }

    [Fact]
    public void No_frame_is_exposed_more_often_than_the_request_allows()
    {
        for (var most = 1; most <= 4; most++)
        {
            var exposed = 0;
            var runner = Lived(most, s => s with { MaxExposuresPerFrame = most }, frame => frame == 5 && ++exposed > 0);
            Assert.Equal(ScanStatus.Faulted, runner.State.Status);
            Assert.Equal(most, exposed);
            Assert.Contains($"after {most} exposures, and the request allows no more (maxExposuresPerFrame)", runner.State.EndReason);
        }
    }

    [Fact]
    public void Asking_holds_the_scan_and_resume_takes_the_frames_again()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var missed = false;
            var runner = Lived(seed, s => s with { OnBadFrames = OnBadFrames.Ask }, frame => frame == 6 && !missed && (missed = true));
            Assert.Contains("bad frames", runner.State.Holds.Keys);
            Assert.EndsWith("resume retakes them", runner.State.Holds["bad frames"]);
            runner.Tell(new ScanCommand.ResumeScan(0, "test"));
            runner.Run();
            runner.CheckFinished();
        }
    }

    [Fact]
    public void Stop_ends_the_scan_at_the_first_bad_frame()
    {
        var runner = Lived(2, s => s with { OnBadFrames = OnBadFrames.Stop }, frame => frame == 6);
        Assert.Equal(ScanStatus.Faulted, runner.State.Status);
        Assert.EndsWith("the request says onBadFrames: stop", runner.State.EndReason);
    }

    [Fact]
    public void A_detector_that_may_lack_frames_leaves_holes_and_costs_no_take()
    {
        for (var seed = 0; seed < 100; seed++)
        {
            var runner = Lived(seed, s => s with { MayLack = ["cam"] }, frame => frame % 6 == 2);
            Assert.Equal((ScanStatus.Finished, 0), (runner.State.Status, runner.State.Rewinds));
            Assert.Equal(RangeSet.Of(new FrameRange(0, 20)), runner.State.Committed);
            var extents = runner.Journal.OfType<ScanEvent.FramesCommitted>().SelectMany(c => c.Extents).ToList();
            Assert.Equal(Frames(20, _ => true), extents.Where(e => e.Recorder == "panda").SelectMany(FramesOf).Order());
            Assert.Equal(Frames(20, f => f % 6 != 2), extents.Where(e => e.Recorder == "cam").SelectMany(FramesOf).Order());
            foreach (var e in extents)
                for (var i = 0; i < e.Count; i++)
                    Assert.Equal(e.Frame + i, runner.Hardware.Files[(e.Recorder, e.Segment)][(int)(e.Position + i)]);
        }
    }

    private static IEnumerable<long> FramesOf(Extent e) => Enumerable.Range(0, (int)e.Count).Select(i => e.Frame + i);

    private static IEnumerable<long> Frames(int count, Func<long, bool> wanted) =>
        Enumerable.Range(0, count).Select(f => (long)f).Where(wanted);

    private static ScanRunner Lived(
        int seed, Func<RunSetup, RunSetup> change, Func<long, bool> misses, int outer = 4, int inner = 5, int atMost = 5)
    {
        var runner = new ScanRunner((ulong)seed, outer, inner, atMost, change: change, misses: misses);
        runner.Submit();
        runner.Run();
        return runner;
    }
}
