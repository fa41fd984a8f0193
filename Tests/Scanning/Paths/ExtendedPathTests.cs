using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;
using Xunit;

namespace Flyscan.Tests.Scanning.Paths;

/// <summary>Paths of specs that scanspec 1.x does not have.</summary>
public class ExtendedPathTests
{
    private static readonly Linspace X = new("x", 0, 3, 4);
    private static readonly Linspace Y = new("y", 0, 1, 2);

    [Fact]
    public void Listed_durations_turn_round_with_a_reversed_pass() => Assert.Equal(
        [1, 2, 3, 4, 4, 3, 2, 1],
        Read(new Product(Y, new Snake(new Durations([1, 2, 3, 4], X)))).DurationSeconds);

    [Fact]
    public void Listed_durations_of_a_slow_dimension_hold_for_all_frames_of_its_steps() =>
        Assert.Equal([5, 5, 5, 5, 7, 7, 7, 7], Read(new Product(new Durations([5, 7], Y), X)).DurationSeconds);

    [Fact]
    public void A_duration_by_position_is_interpolated_and_level_outside() => Assert.Equal(
        [0.5, 0.5, 1.5, 2],
        Read(new DurationByPosition("x", [1, 2.5], [0.5, 2], X)).DurationSeconds);

    [Fact]
    public void A_duration_by_position_may_follow_a_slow_axis() => Assert.Equal(
        [1, 1, 1, 1, 3, 3, 3, 3],
        Read(new DurationByPosition("y", [0, 1], [1, 3], new Product(Y, X))).DurationSeconds);

    [Fact]
    public void A_constant_velocity_times_each_frame_by_its_way() => Assert.Equal(
        [0.5, 0.5, 1, 1],
        Read(new ConstantVelocity(2, new Fly(new Concat(Linspace.Bounded("x", 0, 2, 2), Linspace.Bounded("x", 2, 6, 2))))).DurationSeconds);

    [Fact]
    public void A_constant_velocity_over_all_axes_takes_the_straight_line() => Assert.Equal(
        [0.5, 0.5],
        Read(new Fly(new ConstantVelocity(10, new Zip(new Linspace("x", 0, 3, 2), new Linspace("y", 0, 4, 2))))).DurationSeconds);

    [Fact]
    public void A_delay_stands_after_each_frame_and_makes_a_gap_before_the_next()
    {
        var whole = Read(new Fly(new Product(Y, new Snake(new Delay([0, 0.5, 0, 0], X)))));
        Assert.Equal([0, 0.5, 0, 0, 0, 0, 0.5, 0], whole.DelaySeconds);
        Assert.Equal([0, 2, 4, 7], Gaps(whole));
    }

    [Fact]
    public void A_delay_of_a_slow_dimension_comes_after_its_step_and_adds_up()
    {
        var path = ScanPath.Of(new Product(new Delay([2], Y), new Delay([0.5], X)));
        Assert.Equal([0.5, 0.5, 0.5, 2.5, 0.5, 0.5, 0.5, 2.5], ScanspecResult.Read(path, 3).DelaySeconds);
        Assert.Equal(2.5, path.DelayOf(3));
    }

    [Fact]
    public void A_chunk_after_a_delay_begins_with_its_gap_and_a_used_block_keeps_no_delays()
    {
        var path = ScanPath.Of(new Fly(new Delay([0, 0.5, 0, 0], X)));
        var block = new FrameBlock(1, 2);
        path.Read(2, block);
        Assert.Equal([true, false], block.Gap);
        path.Read(0, block);
        Assert.Equal([0, 0.5], block.DelaySeconds);
        ScanPath.Of(X).Read(0, block);
        Assert.Equal([0, 0], block.DelaySeconds);
    }

    [Fact]
    public void Delays_and_durations_go_through_squash_concat_and_zip()
    {
        var row = new Delay([0.5], new Durations([1, 2], new Linspace("x", 0, 1, 2)));
        var squashed = Read(new Squash(new Product(Y, new Snake(row))));
        Assert.Equal([1, 2, 2, 1], squashed.DurationSeconds);
        Assert.Equal([0.5, 0.5, 0.5, 0.5], squashed.DelaySeconds);
        var joined = Read(new Concat(row, new ConstantDuration(3, new Linspace("x", 2, 3, 2))));
        Assert.Equal([1, 2, 3, 3], joined.DurationSeconds);
        Assert.Equal([0.5, 0.5, 0, 0], joined.DelaySeconds);
        Assert.Equal([0.5, 0.75], Read(new Zip(row, new Delay([0, 0.75], Y))).DelaySeconds);
    }

    [Fact]
    public void A_delay_of_nothing_is_none() => Assert.False(ScanPath.Of(new Delay([0], X)).HasDelays);

    [Fact]
    public void Flown_points_meet_half_way()
    {
        var points = Points([0, 1, 3], [5, 5, 6], durations: [0.1, 0.2, 0.3]);
        var path = ScanPath.Of(new Fly(points));
        var whole = ScanspecResult.Read(path, 2);
        Assert.Equal([0, 1, 3], whole.Midpoint[0]);
        Assert.Equal([-0.5, 0.5, 2], whole.Lower[0]);
        Assert.Equal([0.5, 2, 4], whole.Upper[0]);
        Assert.Equal([0.1, 0.2, 0.3], whole.DurationSeconds);
        Assert.Equal([0], Gaps(whole));
        Assert.Equal((-0.5, 4), path.RangeOf(0));
        Assert.Equal([true, true, true], Read(points).Gap);
    }

    [Fact]
    public void Points_whose_file_was_not_read_make_no_path() => Assert.Equal(
        "spec.file: the file p.csv has not been read",
        Assert.Throws<SpecException>(() => ScanPath.Of(new PointFile("p.csv", ["x"], ["x"]))).Message);

    [Fact]
    public void A_mask_over_two_dimensions_makes_one_with_gaps_where_frames_were_left_out()
    {
        // scanspec 0.7: Line("y", 1, 3, 3) * Line("x", 3, 5, 5) & Circle("x", "y", 4, 2, 1.2)
        var grid = new Product(new Linspace("y", 1, 3, 3), new Linspace("x", 3, 5, 5));
        var path = ScanPath.Of(new Fly(new Mask(grid, new Region.Circle("x", "y", 4, 2, 1.2))));
        var whole = ScanspecResult.Read(path, 4);
        Assert.Equal([11L], path.Dimensions.Select(d => d.Length));
        Assert.Equal([1, 1, 1, 2, 2, 2, 2, 2, 3, 3, 3], whole.Midpoint[0]);
        Assert.Equal([3.5, 4, 4.5, 3, 3.5, 4, 4.5, 5, 3.5, 4, 4.5], whole.Midpoint[1]);
        Assert.Equal([0, 3, 8], Gaps(whole));
        Assert.Equal((2.75, 5.25), path.RangeOf(1));
    }

    [Fact]
    public void Regions_of_one_axis_each_leave_a_grid_a_grid()
    {
        var both = new Region.Combination(RegionOperator.IntersectionOf, new Region.Range("x", 1, 2), new Region.Range("y", 1, 9));
        var path = ScanPath.Of(new Mask(new Product(Y, new ConstantDuration(0.1, new Snake(X))), both));
        Assert.Equal([1L, 2L], path.Dimensions.Select(d => d.Length));
        Assert.Equal((1, 1), path.RangeOf(0));
        Assert.Equal([0.1, 0.1], ScanspecResult.Read(path, 9).DurationSeconds);
    }

    [Theory]
    [InlineData(RegionOperator.UnionOf, new double[] { 1, 2, 3 })]
    [InlineData(RegionOperator.IntersectionOf, new double[] { 2 })]
    [InlineData(RegionOperator.DifferenceOf, new double[] { 1 })]
    [InlineData(RegionOperator.SymmetricDifferenceOf, new double[] { 1, 3 })]
    public void Regions_combine_as_in_scanspec_0(RegionOperator how, double[] kept)
    {
        var region = new Region.Combination(how, new Region.Range("x", 0.5, 2.5), new Region.Range("x", 1.5, 3.5));
        Assert.Equal(kept, Read(new Mask(new Linspace("x", 0, 4, 5), region)).Midpoint[0]);
    }

    [Fact]
    public void Turned_regions_turn_about_their_corner_or_middle()
    {
        var grid = new Product(new Linspace("y", -2, 2, 5), new Linspace("x", -2, 2, 5));
        var rectangle = Read(new Mask(grid, new Region.Rectangle("x", "y", 0, 0, 2.1, 0.1, 90)));
        Assert.Equal([0, 1, 2], rectangle.Midpoint[0]);
        Assert.Equal([0, 0, 0], rectangle.Midpoint[1]);
        var ellipse = Read(new Mask(grid, new Region.Ellipse("x", "y", 0, 0, 2.1, 0.1, 90)));
        Assert.Equal([-2, -1, 0, 1, 2], ellipse.Midpoint[0]);
        var triangle = Read(new Mask(grid, new Region.Polygon("x", "y", [new(0, 0), new(2, 0), new(0, 2)])));
        Assert.Equal([0, 0, 1], triangle.Midpoint[0]);
    }

    [Fact]
    public void A_run_up_widens_the_range_by_the_way_to_the_velocity_and_needs_no_expansion()
    {
        var spec = new Fly(new ConstantDuration(0.5,
            new Product(new Linspace("y", 0, 1, 1_000_000), new Linspace("x", 0, 1e6, 1_000_001))));
        var path = ScanPath.Of(spec);
        // 1 in 0.5 s: 2 a second; from rest at 4 a second squared that takes 0.5.
        Assert.Equal((-1, 1e6 + 1), path.RangeWithRunUp(1, 4));
        Assert.Equal(path.RangeOf(0), path.RangeWithRunUp(0, 4));
        Assert.Throws<InvalidOperationException>(() => ScanPath.Of(new Fly(X)).RangeWithRunUp(0, 1));
    }

    [Fact]
    public void A_trillion_frames_cost_no_memory()
    {
        var spec = new Fly(new ConstantDuration(1e-3, new Product(
            new Linspace("z", 0, 1, 10_000), new Product(new Linspace("y", 0, 1, 10_000), new Snake(new Linspace("x", 0, 1, 10_000))))));
        var before = GC.GetAllocatedBytesForCurrentThread();
        var path = ScanPath.Of(spec);
        var block = new FrameBlock(3, 1000);
        for (long at = 0; at < path.Length; at += path.Length / 50)
            path.Read(at, block);
        Assert.Equal((-0.5 / 9999, 1 + 0.5 / 9999), path.RangeOf(2));
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1 << 20);
        Assert.Equal(1_000_000_000_000, path.Length);
    }

    [Theory]
    [MemberData(nameof(Refusals))]
    public void What_does_not_fit_is_refused_with_its_place(Spec spec, string message) =>
        Assert.Contains(message, Assert.Throws<SpecException>(() => ScanPath.Of(spec)).Message, StringComparison.Ordinal);

    public static TheoryData<Spec, string> Refusals => new()
    {
        { new Durations([1, 2], X), "spec.durations: has 2 values, but the fastest dimension (x) has 4 frames" },
        { new Durations([1, 2, -1, 4], X), "spec.durations[2]: is -1, but must be above 0" },
        { new ConstantDuration(1, new Durations([1, 2, 3, 4], X)), "has one already" },
        { new Delay([0, -1, 0, 0], X), "spec.delay[1]: is -1, but must be between 0 and" },
        { new Delay([0, 1], X), "spec.delay: has 2 values, but the fastest dimension (x) has 4 frames" },
        { new DurationByPosition("q", [0], [1], X), "spec.axis: is 'q', but the spec inside moves x" },
        { new DurationByPosition("x", [0, 0], [1, 2], X), "spec.positions[1]: is 0, but must be above the one before it, 0" },
        { new ConstantVelocity(1, X), "x does not move through frame 0" },
        { new ConstantVelocity(0, new Fly(X)), "spec.velocity: is 0, but must be a finite number above 0" },
        { new Mask(X, new Region.Range("x", 7, 9)), "spec.region: no frame of the spec lies inside" },
        { new Mask(X, new Region.Range("x", 9, 7)), "spec.region.max: is 7, but must be at least min, 9" },
        { new Mask(X, new Region.Circle("x", "y", 0, 0, 1)), "spec.region.y_axis: is 'y', but the spec inside moves x" },
        { new PointFile("p.csv", ["x", "x"], ["a", "b"]), "spec.axes[1]: is 'x' again" },
        { new PointFile("p.csv", ["x"], ["a", "b"]), "spec.columns: has 2 names for 1 axes" },
    };

    private static PointFile Points(double[] x, double[] y, double[] durations) => new("p.csv", ["x", "y"], ["x", "y"])
    {
        DurationColumn = "t",
        Table = new PointTable([x, y], durations, null, "00"),
    };

    private static FrameBlock Read(Spec spec) => ScanspecResult.Read(ScanPath.Of(spec), 3);

    private static int[] Gaps(FrameBlock block) => [.. Enumerable.Range(0, block.Gap.Length).Where(i => block.Gap[i])];
}
