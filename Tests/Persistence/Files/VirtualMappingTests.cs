using Flyscan.Hardware.Hdf5;
using Flyscan.Persistence.Files;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Persistence.Files;

public sealed class VirtualMappingTests
{
    private const int NoBudget = int.MaxValue;

    [Theory]
    [InlineData(new long[] { 7 }, false, 1)]
    [InlineData(new long[] { 5, 7 }, false, 1)]
    [InlineData(new long[] { 3, 4, 5 }, false, 1)]
    [InlineData(new long[] { 1000, 1000 }, true, 1001)]
    [InlineData(new long[] { 2, 1000 }, true, 1001)]
    [InlineData(new long[] { 1, 1000 }, true, 1)]
    [InlineData(new long[] { 1000, 1 }, true, 1)]
    public void A_whole_scan_in_one_take_needs_few_mappings(long[] shape, bool snake, long mappings)
    {
        var grid = Grid(shape, snake);
        Assert.Equal(mappings, VirtualMapping.InShape(grid, [new Extent("cam", 1, 0, grid.Frames, 0)], [1], NoBudget).Count);
    }

    [Fact]
    public void Contiguous_takes_count_as_one()
    {
        var grid = Grid([1000, 1000], snake: true);
        var takes = Enumerable.Range(0, 1000).Select(row => new Extent("cam", 1, row * 1000, 1000, row * 1000)).Reverse();
        var merged = VirtualMapping.Merge(takes, "cam", grid.Frames);
        Assert.Equal([new Extent("cam", 1, 0, 1_000_000, 0)], merged);
    }

    [Fact]
    public void A_rewound_row_of_a_snake_costs_its_own_mappings_only()
    {
        var grid = Grid([100, 100], snake: true);
        Extent[] extents = [new("cam", 1, 0, 5050, 0), new("cam", 1, 5050, 4950, 5100)];
        var plan = VirtualMapping.InShape(grid, extents, [1], NoBudget);
        AssertShows(grid, extents, plan.Mappings!);

        // Rows before and after: 1 + 100 each. Row 50 runs forward and is cut into two pieces.
        Assert.Equal(204, plan.Count);
    }

    [Fact]
    public void Above_the_budget_there_are_no_mappings_but_their_number()
    {
        var grid = Grid([10, 10], snake: true);
        var plan = VirtualMapping.InShape(grid, [new Extent("cam", 1, 0, 100, 0)], [1], 10);
        Assert.Equal(11, plan.Count);
        Assert.Null(plan.Mappings);
    }

    [Fact]
    public void A_frame_that_is_committed_twice_is_refused()
    {
        Extent[] extents = [new("cam", 1, 0, 10, 0), new("cam", 2, 9, 3, 0)];
        var refusal = Assert.Throws<ArgumentException>(() => VirtualMapping.Merge(extents, "cam", 100));
        Assert.Contains("frame 9 is committed twice", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Places_of_a_snake_are_those_of_scanspec()
    {
        var grid = new ScanGrid([2, 3, 2], [false, true, true]);
        Assert.Equal([0, 1, 3, 2, 4, 5, 11, 10, 8, 9, 7, 6], Enumerable.Range(0, 12).Select(frame => grid.PlaceOf(frame)));
    }

    [Fact]
    public void Mappings_show_each_committed_frame_at_its_place_and_nothing_else()
        => Prop.ForAll(Arb.From(Scans()), scan =>
        {
            var merged = VirtualMapping.Merge(scan.Extents, "cam", scan.Grid.Frames, scan.Grid.PerPlace);
            var plan = VirtualMapping.InShape(scan.Grid, merged, [1, 2, 3], NoBudget);
            Assert.Equal(plan.Count, plan.Mappings!.Count);
            AssertShows(scan.Grid, scan.Extents, plan.Mappings);
        }).Check(PropertyCases.Of(600));

    [Fact]
    public void The_linear_view_shows_committed_frames_in_scan_order_without_holes()
        => Prop.ForAll(Arb.From(Scans()), scan =>
        {
            var perPlace = scan.Grid.PerPlace;
            var merged = VirtualMapping.Merge(scan.Extents, "cam", scan.Grid.Frames, perPlace);
            var shown = VirtualMapping.Linear(
                merged, [1, 2, 3], RangeSet.Of(merged.Select(e => new FrameRange(e.Frame, e.Frame + e.Count))), perPlace)
                .SelectMany(Expand).OrderBy(pair => pair.Place).ToArray();
            var expected = Sources(scan.Extents, perPlace).OrderBy(pair => pair.Row)
                .Select((pair, place) => ((long)place, pair.Segment, pair.Position)).ToArray();
            Assert.Equal(expected, shown.Select(pair => (pair.Place, pair.Segment, pair.Position)));
        }).Check(PropertyCases.Of(200));

    [Theory]
    [InlineData(new long[] { 4, 6 }, 3, new long[] { 4, 2 })]
    [InlineData(new long[] { 4, 6 }, 12, new long[] { 2, 1 })]
    [InlineData(new long[] { 3, 4, 5 }, 5, new long[] { 3, 4, 1 })]
    [InlineData(new long[] { 3, 4, 5 }, 10, new long[] { 3, 2, 1 })]
    [InlineData(new long[] { 4, 6 }, 4, new long[] { 6 })]
    public void A_slower_detector_has_a_place_for_each_group_where_its_frames_are(long[] shape, int divide, long[] own)
    {
        foreach (var snake in new[] { false, true })
        {
            var grid = Grid(shape, snake);
            var slow = grid.At(new DetectorRate(1, divide));
            Assert.Equal(own, slow.Shape);
            Assert.Equal((grid.Frames / divide, 1), (slow.Frames, slow.PerPlace));
            for (var frame = 0L; frame < grid.Frames; frame++)
                Assert.Equal(own.Length == 1 ? frame / divide : grid.PlaceOf(frame) / divide, slow.PlaceOf(frame / divide));
        }
    }

    [Fact]
    public void A_faster_detector_has_several_rows_at_each_place()
    {
        var grid = Grid([2, 3], snake: true).At(new DetectorRate(2, 1));
        Assert.Equal([2, 3, 2], grid.RowShape);
        // Row 0 forward, row 1 backward; the first frame's file has a stray row before it.
        var plan = VirtualMapping.InShape(grid, [new Extent("cam", 1, 0, 6, 1)], [1], NoBudget);
        var shown = plan.Mappings!.SelectMany(m => Expand(m, grid)).OrderBy(m => m.Place).Select(m => m.Position);
        Assert.Equal([1, 2, 3, 4, 5, 6, 11, 12, 9, 10, 7, 8], shown);
    }

    private static ScanGrid Grid(long[] shape, bool snake)
        => new(shape.ToEquatableArray(), shape.Select((_, i) => snake && i > 0).ToEquatableArray());

    private static void AssertShows(ScanGrid grid, IEnumerable<Extent> extents, IEnumerable<FrameMapping> mappings)
    {
        var places = WalkedPlaces(grid);
        long PlaceOf(long row) => places[row / grid.PerPlace] * grid.PerPlace + row % grid.PerPlace;
        var expected = Sources(extents, grid.PerPlace).Select(pair => (Place: PlaceOf(pair.Row), pair.Segment, pair.Position)).Order();
        var shown = mappings.SelectMany(mapping => Expand(mapping, grid)).Order();
        Assert.Equal(expected, shown);
    }

    private static IEnumerable<(long Row, int Segment, long Position)> Sources(IEnumerable<Extent> extents, long perPlace)
        => extents.SelectMany(extent => Enumerable.Range(0, (int)(extent.Count * perPlace))
            .Select(i => (extent.Frame * perPlace + i, extent.Segment, extent.Position + i)));

    /// <summary>Walks the scan as nested loops would.</summary>
    private static long[] WalkedPlaces(ScanGrid grid)
    {
        var digits = new long[grid.Shape.Count];
        var backwards = new bool[grid.Shape.Count];
        var places = new long[grid.Frames];
        for (var frame = 0; frame < places.Length; frame++)
        {
            places[frame] = digits.Select((digit, i) => (digit, i)).Aggregate(0L, (place, pair) => place * grid.Shape[pair.i] + pair.digit);
            var moving = digits.Length - 1;
            while (moving >= 0 && digits[moving] == (backwards[moving] ? 0 : grid.Shape[moving] - 1))
            {
                if (grid.Snaked[moving])
                    backwards[moving] = !backwards[moving];
                else
                    digits[moving] = 0;
                moving--;
            }

            if (moving >= 0)
                digits[moving] += backwards[moving] ? -1 : 1;
        }

        return places;
    }

    private static IEnumerable<(long Place, int Segment, long Position)> Expand(FrameMapping mapping) => Expand(mapping, null);

    private static IEnumerable<(long Place, int Segment, long Position)> Expand(FrameMapping mapping, ScanGrid? grid)
    {
        IEnumerable<long> places = [0];
        for (var i = 0; i < mapping.Target.Count; i++)
        {
            var length = grid?.RowShape[i] ?? 1;
            var indices = Indices(mapping.Target[i]).ToArray();
            Assert.All(indices, index => Assert.True(grid is null || index < length));
            places = places.SelectMany(_ => indices, (place, index) => place * length + index);
        }

        var positions = Indices(mapping.Frames).ToArray();
        var all = places.ToArray();
        Assert.Equal(positions.Length, all.Length);
        return all.Zip(positions, (place, position) => (place, mapping.Source + 1, position));
    }

    private static IEnumerable<long> Indices(Slab slab)
    {
        Assert.True(slab.Count == 1 || slab.Stride >= slab.Block);
        for (long i = 0; i < slab.Count; i++)
            for (long j = 0; j < slab.Block; j++)
                yield return slab.Start + i * slab.Stride + j;
    }

    private static Gen<RandomScan> Scans()
        => from dimensions in Gen.Choose(1, 4)
           from shape in Gen.Choose(1, 6).ArrayOf(dimensions)
           from snaked in Gen.Elements(true, false).ArrayOf(dimensions)
           from perPlace in Gen.Elements(1, 1, 2, 3)
           let grid = new ScanGrid(shape.Select(n => (long)n).ToEquatableArray(), snaked.ToEquatableArray()) { PerPlace = perPlace }
           from takes in Gen.Choose(1, (int)Math.Min(20, 2 + grid.Frames)).ArrayOf(12)
           from gaps in Gen.Frequency((6, Gen.Constant(0)), (1, Gen.Choose(1, 4))).ArrayOf(12)
           from holes in Gen.Frequency((6, Gen.Constant(0)), (1, Gen.Choose(1, 9))).ArrayOf(12)
           from segments in Gen.Elements(0, 0, 0, 1).ArrayOf(12)
           from whole in Gen.Elements(true, false)
           select new RandomScan(grid, whole ? [new Extent("cam", 1, 0, grid.Frames, 5)] : Cut(grid, takes, gaps, holes, segments));

    private static EquatableArray<Extent> Cut(ScanGrid grid, int[] takes, int[] gaps, int[] holes, int[] segments)
    {
        var extents = new List<Extent>();
        var (frame, position, segment) = (0L, 0L, 1);
        for (var i = 0; frame < grid.Frames; i++)
        {
            var k = i % takes.Length;
            if (segments[k] == 1 && segment < 3)
                (segment, position) = (segment + 1, 0);
            var count = Math.Min(takes[k], grid.Frames - frame);
            extents.Add(new Extent("cam", segment, frame, count, position));
            frame += count + gaps[k];
            position += count * grid.PerPlace + holes[k];
        }

        return extents.ToEquatableArray();
    }

    private sealed record RandomScan(ScanGrid Grid, EquatableArray<Extent> Extents);
}
