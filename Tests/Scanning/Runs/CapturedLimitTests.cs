using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class CapturedLimitTests
{
    private static readonly CapturedLimit Limit = new("i0", "ic1", 100, 1000);

    [Fact]
    public void Floor_and_ceiling_are_inside_and_what_is_no_number_is_outside() =>
        Assert.Equal(
            RangeSet.Of([new FrameRange(41, 42), new FrameRange(43, 45)]),
            Limit.Outside(new FrameRange(40, 46), [100, 99.9, 1000, 1000.1, double.NaN, 500]));

    [Fact]
    public void Frames_that_were_dim_are_retaken_and_the_journal_says_what_was_read()
    {
        var retaken = 0;
        for (ulong seed = 0; seed < 100; seed++)
        {
            var dim = new HashSet<int>();
            var runner = new ScanRunner(seed, 2, 6, 6, change: s => s with { CapturedLimits = [Limit] });
            // Some rows of the box's file, each once: the frame that is in it must not be committed from there.
            runner.Hardware.Captured = (column, segment, row) =>
            {
                Assert.Equal("ic1", column);
                if ((row * 7 + (int)seed) % 5 != 0)
                    return 400;
                dim.Add(row);
                return 12.5;
            };
            runner.Submit();
            runner.Run();
            runner.CheckFinished();
            var committed = runner.Journal.OfType<ScanEvent.FramesCommitted>().SelectMany(e => e.Extents);
            foreach (var extent in committed.Where(e => e.Recorder == "panda"))
            {
                for (var row = extent.Position; row < extent.Position + extent.Count; row++)
                    Assert.DoesNotContain((int)row, dim);
            }
            var rejected = runner.Journal.OfType<ScanEvent.FramesRejected>().ToList();
            retaken += rejected.Count;
            Assert.All(rejected, r => Assert.Contains("ic1 was 12.5", r.Cause));
            Assert.All(rejected, r => Assert.Contains("i0 wants at least 100 and at most 1000", r.Cause));
        }
        Assert.InRange(retaken, 100, 1000);
    }

    [Fact]
    public void Without_a_suspender_on_a_signal_nobody_waits_for_one()
    {
        var runner = new ScanRunner(1, 1, 6, 6, change: s => s with { CapturedLimits = [Limit] });
        runner.Hardware.Captured = (_, _, _) => 400;
        runner.Submit();
        runner.Run();
        runner.CheckFinished();
        Assert.DoesNotContain(runner.Journal, e => e is ScanEvent.FramesRejected or ScanEvent.HoldSet or ScanEvent.BeamLost);
    }
}
