using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;
using Xunit;
using Range = Flyscan.Scanning.Specs.Range;

namespace Flyscan.Tests.Scanning.Paths;

public class ScanPathTests
{
    [Fact]
    public void Durations_of_a_reversed_pass_run_backwards_with_their_frames()
    {
        // scanspec 1.0 gives 0.1 0.4 0.4 0.1 on the second pass.
        var pieces = new Concat(
            new ConstantDuration(0.1, Linspace.Bounded("x", 0, 1, 2)), new ConstantDuration(0.4, Linspace.Bounded("x", 1, 2, 2)));
        var whole = Read(new Fly(new Product(new Linspace("y", 0, 1, 2), new Snake(pieces))));
        Assert.Equal([0.1, 0.1, 0.4, 0.4, 0.4, 0.4, 0.1, 0.1], whole.DurationSeconds);
        Assert.Equal([0.25, 0.75, 1.25, 1.75, 1.75, 1.25, 0.75, 0.25], whole.Midpoint[1]);
        Assert.Equal([true, false, false, false, true, false, false, false], whole.Gap);
    }

    [Fact]
    public void Range_of_many_steps_ends_before_stop()
    {
        var path = ScanPath.Of(new Range("x", 0, 1.0000005, 1e-6));
        Assert.Equal(1_000_001, path.Length);
        Assert.Equal(1.0, path.MidpointOf(0, path.Length - 1), 1e-12);
    }

    [Fact]
    public void Range_in_small_units_ends_before_stop()
    {
        var whole = Read(new Range("x", 0, 5e-9, 2e-9));
        Assert.Equal(3, whole.Count);
        Assert.Equal(4e-9, whole.Midpoint[0][2], 1e-20);
    }

    [Fact]
    public void Range_whose_distance_is_whole_but_for_rounding_includes_stop() =>
        Assert.Equal(4, ScanPath.Of(new Range("x", 0, 0.3, 0.1)).Length);

    [Fact]
    public void Pieces_that_touch_but_for_rounding_have_no_gap()
    {
        var whole = Read(new Fly(new Concat(Linspace.Bounded("x", 0, 0.1, 3), Linspace.Bounded("x", 0.1, 0.7, 7))));
        Assert.NotEqual(whole.Upper[0][2], whole.Lower[0][3]);
        Assert.Equal([0], Gaps(whole));
    }

    [Fact]
    public void Pieces_that_a_thousandth_of_a_frame_parts_have_a_gap() =>
        Assert.Equal([0, 3], Gaps(Read(new Fly(new Concat(Linspace.Bounded("x", 0, 0.3, 3), Linspace.Bounded("x", 0.3001, 0.7, 7))))));

    [Fact]
    public void A_repeated_snake_joined_without_gaps_has_none() =>
        Assert.Equal([0], Gaps(Read(new Fly(new Product(new Repeat(2), new Snake(Linspace.Bounded("x", 0, 0.7, 3)), Gap: false)))));

    [Fact]
    public void Frame_0_is_a_start_even_of_a_lone_snake() =>
        Assert.Equal([0], Gaps(Read(new Fly(new Snake(new Linspace("x", 0, 1, 3))))));

    [Fact]
    public void A_chunk_from_the_middle_may_continue_the_last_one()
    {
        var path = ScanPath.Of(new Fly(new Linspace("x", 0, 9, 10)));
        var block = new FrameBlock(1, 4);
        path.Read(3, block);
        Assert.Equal([false, false, false, false], block.Gap);
        path.Read(8, block);
        Assert.Equal(2, block.Count);
        path.Read(10, block);
        Assert.Equal(0, block.Count);
        path.Read(2, block, limit: 1);
        Assert.Equal((1, 2.0), (block.Count, block.Midpoint[0][0]));
    }

    [Fact]
    public void With_an_odd_number_of_rows_the_next_plane_begins_reversed()
    {
        var path = ScanPath.Of(new Product(new Repeat(2), new Product(new Linspace("y", 0, 2, 3), new Snake(new Linspace("x", 0, 1, 2)))));
        Assert.Equal([0, 1, 1, 0, 0, 1, 1, 0, 0, 1, 1, 0], ScanspecResult.Read(path, 100).Midpoint[1]);
        Assert.Equal([1, 0, 1], path.Unravel(6));
        Assert.Equal(7, path.IndexInShape(6));
        Assert.Equal(6, path.FrameAtShapeIndex(7));
    }

    [Fact]
    public void A_long_line_is_read_at_its_far_end_at_no_cost()
    {
        var path = ScanPath.Of(new Fly(new Product(new Linspace("y", 0, 1, 1_000_000), new Snake(new Linspace("x", 0, 1, 1_000_000_000)))));
        Assert.Equal(1_000_000_000_000_000, path.Length);
        Assert.Equal(1, path.MidpointOf(0, path.Length - 1), 1e-9);
        Assert.Equal(0, path.MidpointOf(1, path.Length - 1), 1e-9);
        Assert.True(path.GapBefore(path.Length - 1_000_000_000));
        Assert.False(path.GapBefore(path.Length - 1));
        Assert.Equal(path.Length - 1, path.FrameAtShapeIndex(path.IndexInShape(path.Length - 1)));
    }

    [Fact]
    public void A_polygon_with_a_notch_has_a_gap_across_it()
    {
        // A U: the upper rows have a hole between x = 1 and x = 3.
        var u = new Polygon("x", "y", [new(0, 0), new(4, 0), new(4, 2), new(3, 2), new(3, 1), new(1, 1), new(1, 2), new(0, 2)], 0.5, 0.5);
        var path = ScanPath.Of(new Fly(u));
        var whole = Read(new Fly(u));
        Assert.Equal(["y", "x"], path.Axes);
        Assert.Equal([0, 8, 16, 18, 20, 22], Gaps(whole));
        Assert.Equal([0, 0.5, 3, 3.5], whole.Midpoint[1][16..20]);
        Assert.Equal((-0.25, 3.75), path.RangeOf(1));
        Assert.Equal((0, 1.5), path.RangeOf(0));
    }

    [Fact]
    public void One_frame_on_the_right_of_a_zip_follows_a_snaked_left()
    {
        var path = ScanPath.Of(new Product(new Linspace("y", 0, 1, 2), new Zip(new Snake(new Linspace("x", 0, 2, 3)), new Static("t", 7))));
        Assert.True(path.Dimensions[1].Snaked);
        Assert.Equal([7, 7, 7, 7, 7, 7], ScanspecResult.Read(path, 10).Midpoint[2]);
        Assert.Equal([0, 1, 2, 2, 1, 0], ScanspecResult.Read(path, 10).Midpoint[1]);
    }

    [Fact]
    public void A_squash_that_ends_elsewhere_than_it_began_has_a_gap_at_its_repeat()
    {
        var back = new Squash(new Product(new Linspace("y", 0, 0, 1), new Snake(new Linspace("x", 0, 2, 3))), CheckPathChanges: false);
        Assert.Equal([0, 3], Gaps(Read(new Fly(new Product(new Repeat(2), back, Gap: false)))));
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_makes_no_path_is_refused_with_its_place(Spec spec, string message) =>
        Assert.Contains(message, Assert.Throws<SpecException>(() => ScanPath.Of(spec)).Message, StringComparison.Ordinal);

    public static TheoryData<Spec, string> Refusals
    {
        get
        {
            var three = new Linspace("x", 0, 1, 3);
            var squash = new Squash(new Product(new Linspace("y", 0, 1, 3), new Snake(three)));
            var timed = new ConstantDuration(0.1, squash);
            var pair = new Linspace("z", 0, 1, 2);
            var rows = new Ellipse("x", 0, 2, 1, "y", 0, 2, 1, Snake: true);
            return new()
            {
                { new Fly(new Zip(three, new Linspace("y", 0, 1, 2))), "spec.spec: left has 3 frames (x) and right 2 (y)" },
                { new Zip(three, new Product(pair, new Static("y", 1, 3))), "spec: right has 2 dimensions and left 1" },
                { new Zip(new Snake(three), new Linspace("y", 0, 1, 3)), "left is snaked and right is not" },
                { new Product(pair, squash), "spec.inner: cannot squash snaked x that is passed an odd number of times" },
                { new Product(pair, timed), "spec.inner.spec: cannot squash snaked x" },
                { new Product(pair, new ConstantDuration(0.1, rows)), "spec.inner.spec: cannot squash snaked x" },
                { new Product(pair, new Squash(new Product(new Snake(three), new Static("y", 0)))), "cannot squash y, not snaked" },
                { new Concat(new Snake(three), three), "one of left and right is snaked" },
                { new Ellipse("x", 0, 1, 5, "y", 0, 1, 5), "no point of its grid lies inside" },
                { new Product(new Static("x", 0, 1L << 40), new Static("y", 0, 1L << 40)), "frames that a scan can have" },
                { new Linspace("x", double.NaN, 1, 3), "spec.start: is NaN, but must be a finite number" },
                { new Linspace("x", -1e308, 1e308, 3), "distance from start to stop is" },
                { new Linspace(" ", 0, 1, 3), "spec.axis: is empty" },
                { new Repeat(3), "can only be the outer or the inner of a Product" },
            };
        }
    }

    [Fact]
    public void Frames_and_axes_that_do_not_exist_are_refused()
    {
        var path = ScanPath.Of(new Linspace("x", 0, 1, 3));
        Assert.Throws<ArgumentOutOfRangeException>(() => path.GapBefore(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => path.MidpointOf(1, 0));
        Assert.Throws<ArgumentOutOfRangeException>(() => path.Read(4, new FrameBlock(1, 1)));
        Assert.Throws<ArgumentException>(() => path.Read(0, new FrameBlock(2, 1)));
    }

    private static FrameBlock Read(Spec spec)
    {
        var path = ScanPath.Of(spec);
        var block = new FrameBlock(path.Axes.Count, (int)path.Length);
        path.Read(0, block);
        return block;
    }

    private static int[] Gaps(FrameBlock block) => [.. Enumerable.Range(0, block.Count).Where(i => block.Gap[i])];
}
