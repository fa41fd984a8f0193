using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Scanning.Runs;

public sealed class ExposureCountTests
{
    [Fact]
    public void With_an_exposure_for_each_trigger_each_frame_is_of_its_own() =>
        Assert.Equal([Run(0, 4, 10)], Of([(-1, 7), (0, 8), (1, 9), (2, 10), (3, 11)], 4, 4));

    [Theory]
    [InlineData(new long[] { 7, 8, 9, 10 }, 1, 3, 10)]
    [InlineData(new long[] { 8, 9, 10, 10 }, 0, 3, 10)]
    public void A_trigger_that_made_no_frame_at_either_end_is_known(long[] counts, long first, long count, long position) =>
        Assert.Equal([Run(first, count, position)], Of([(-1, 7), .. counts.Select((c, i) => ((long)i, c))], 4, 3));

    [Fact]
    public void A_trigger_that_made_no_frame_in_the_middle_is_known_and_those_after_it_keep_their_frames() =>
        Assert.Equal([Run(0, 1, 10), Run(2, 2, 11)], Of([(-1, 7), (0, 8), (1, 8), (2, 9), (3, 10)], 4, 3));

    [Fact]
    public void Of_a_trigger_with_two_exposures_nobody_knows_which_made_its_frame() =>
        Assert.Equal([Run(0, 1, 10), Run(2, 2, 13)], Of([(-1, 7), (0, 8), (1, 10), (2, 11), (3, 12)], 4, 5));

    [Fact]
    public void One_missed_and_one_too_many_are_not_taken_for_right_because_the_sums_agree() =>
        Assert.Equal([Run(0, 1, 10), Run(3, 1, 13)], Of([(-1, 7), (0, 8), (1, 8), (2, 10), (3, 11)], 4, 4, firstRow: 10));

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    public void Where_the_detector_lost_or_made_up_frames_that_it_exposed_none_is_known(int frames) =>
        Assert.Empty(Of([(-1, 7), (0, 8), (1, 9), (2, 10), (3, 11)], 4, frames));

    [Fact]
    public void Without_the_count_before_the_take_only_a_frame_for_each_trigger_proves_anything()
    {
        Assert.Equal([Run(2, 2, 12)], Of([(1, 9), (2, 10), (3, 11)], 4, 4));
        Assert.Empty(Of([(0, 8), (1, 8), (2, 9), (3, 10)], 4, 3));
    }

    [Fact]
    public void After_a_hole_in_the_boxs_samples_one_frame_is_not_known_and_those_after_it_are()
    {
        Assert.Equal([Run(0, 1, 10), Run(3, 1, 13)], Of([(-1, 7), (0, 8), (2, 10), (3, 11)], 4, 4));
        Assert.Equal([Run(0, 1, 10), Run(3, 1, 12)], Of([(-1, 7), (0, 8), (2, 9), (3, 10)], 4, 3));
    }

    [Fact]
    public void Nothing_is_known_without_the_last_sample_or_where_the_count_goes_back()
    {
        Assert.Empty(Of([(-1, 7), (0, 8), (1, 9)], 4, 4));
        Assert.Empty(Of([(-1, 7), (0, 8), (1, 2), (2, 3), (3, 11)], 4, 4));
        Assert.Empty(Of([], 4, 4));
    }

    /// <summary>A detector that misses and makes up frames at random: what is told is true of every frame.</summary>
    [Fact]
    public void No_frame_is_ever_told_to_be_of_another_trigger()
    {
        var known = 0;
        for (ulong seed = 0; seed < 2000; seed++)
        {
            var random = new Seeded(seed);
            var triggers = 1 + random.Next(12);
            var (count, rows, counts) = ((long)random.Next(50), new List<long>(), new List<(long, long)>());
            counts.Add((-1, count));
            for (var trigger = 0; trigger < triggers; trigger++)
            {
                var rises = random.Next(8) switch { 0 => 0, 1 => 2, _ => 1 };
                // Of two exposures in one trigger neither is known to be its frame.
                for (var rise = 0; rise < rises; rise++)
                    rows.Add(rises == 1 ? trigger : -1);
                count += rises;
                if (trigger == triggers - 1 || random.Next(6) > 0)
                    counts.Add((trigger, count));
            }
            foreach (var run in Of([.. counts], triggers, rows.Count, firstRow: 0))
            {
                for (var i = 0; i < run.Count; i++, known++)
                    Assert.Equal(run.FirstTrigger + i, rows[(int)(run.Position + i)]);
            }
        }
        Assert.InRange(known, 3000, 24_000);
    }

    private static EquatableArray<SegmentRun> Of((long Number, long Count)[] counts, long triggers, int frames, long firstRow = 10) =>
        ExposureCount.Of(
            [.. counts.Select(c => new CountedTrigger(c.Number, c.Count))], triggers,
            [.. Enumerable.Range(0, frames).Select(i => (1, firstRow + i))], "s");

    private static SegmentRun Run(long first, long count, long position) => new(1, "s", first, count, position);
}
