using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Files;

/// <summary>A box of the scan's shape whose frames stand contiguously in a source: in C order, or, one row of it, in reverse.</summary>
internal sealed record MappingBox(int Source, long Position, long[] Start, long[] Block, bool IsReversed)
{
    /// <summary>Rows of the source at each place.</summary>
    public long PerPlace { get; init; } = 1;

    /// <summary>Rows of the source.</summary>
    public long Size => Block.Aggregate(PerPlace, (size, n) => size * n);
}

/// <summary>Cuts extents into boxes.</summary>
internal static class MappingBoxes
{
    public static List<MappingBox> Cut(ScanGrid grid, IReadOnlyList<Extent> extents, IReadOnlyList<int> segments)
    {
        var boxes = new List<MappingBox>();
        foreach (var extent in extents)
            CutExtent(grid, extent, VirtualMapping.IndexOf(segments, extent.Segment), boxes);
        return boxes;
    }

    private static void CutExtent(ScanGrid grid, Extent extent, int source, List<MappingBox> boxes)
    {
        var width = grid.Shape[^1];
        var (place, position, length) = (0L, 0L, 0L);
        for (var frame = extent.Frame; frame < extent.Frame + extent.Count;)
        {
            var (row, column) = Math.DivRem(frame, width);
            var count = Math.Min(width - column, extent.Frame + extent.Count - frame);
            var first = grid.PlaceOf(row, grid.Shape.Count - 1) * width;
            var at = extent.Position + (frame - extent.Frame) * grid.PerPlace;
            if (count > 1 && grid.Snaked[^1] && row % 2 == 1)
            {
                boxes.Add(Reversed(grid, source, at, first + width - column - count, count));
            }
            else
            {
                var start = grid.Snaked[^1] && row % 2 == 1 ? first + width - 1 - column : first + column;
                if (length > 0 && start == place + length && at == position + length * grid.PerPlace)
                {
                    length += count;
                }
                else
                {
                    CutRun(grid, source, position, place, length, boxes);
                    (place, position, length) = (start, at, count);
                }
            }

            frame += count;
        }

        CutRun(grid, source, position, place, length, boxes);
    }

    /// <summary>Cuts places [place, place + length) of C order into the largest boxes.</summary>
    private static void CutRun(ScanGrid grid, int source, long position, long place, long length, List<MappingBox> boxes)
    {
        while (length > 0)
        {
            var dimension = 0;
            var inner = grid.Frames / grid.Shape[0];
            while (place % inner != 0 || length < inner)
                inner /= grid.Shape[++dimension];
            var taken = Math.Min(length / inner, grid.Shape[dimension] - place / inner % grid.Shape[dimension]);
            var block = new long[grid.Shape.Count];
            for (var i = 0; i < block.Length; i++)
                block[i] = i < dimension ? 1 : i == dimension ? taken : grid.Shape[i];
            boxes.Add(new MappingBox(source, position, Unravel(grid, place), block, IsReversed: false) { PerPlace = grid.PerPlace });
            place += taken * inner;
            position += taken * inner * grid.PerPlace;
            length -= taken * inner;
        }
    }

    private static MappingBox Reversed(ScanGrid grid, int source, long position, long place, long count)
    {
        var block = new long[grid.Shape.Count];
        Array.Fill(block, 1);
        block[^1] = count;
        return new MappingBox(source, position, Unravel(grid, place), block, IsReversed: true) { PerPlace = grid.PerPlace };
    }

    private static long[] Unravel(ScanGrid grid, long place)
    {
        var indices = new long[grid.Shape.Count];
        for (var i = indices.Length - 1; i >= 0; i--)
            (place, indices[i]) = Math.DivRem(place, grid.Shape[i]);
        return indices;
    }
}

/// <summary>Equal boxes of one source at equal distances along one dimension, and at equal distances in the source.</summary>
internal sealed record BoxRun(MappingBox First, int Dimension, long Count, long Step, long PositionStep)
{
    /// <summary>A reversed row is mapped frame by frame.</summary>
    public long MappingCount => First.IsReversed ? First.Block[^1] : 1;

    public static BoxRun Of(MappingBox box) => new(box, 0, 1, box.Block[0], box.Size);

    /// <summary>Joins what repeats along a dimension.</summary>
    public static List<BoxRun> Along(int dimension, List<MappingBox> boxes)
    {
        var runs = new List<BoxRun>();
        foreach (var box in boxes.Order(Comparer<MappingBox>.Create((left, right) => Compare(left, right, dimension))))
        {
            if (runs.Count > 0 && runs[^1].Extended(box, dimension) is { } longer)
                runs[^1] = longer;
            else
                runs.Add(new BoxRun(box, dimension, 1, box.Block[dimension], box.Size));
        }

        return runs;
    }

    public IEnumerable<FrameMapping> Mappings()
    {
        if (!First.IsReversed)
        {
            var frames = new Slab(First.Position, PositionStep, Count, First.Size);
            yield return new FrameMapping(First.Source, frames, Target(0, First.Block[^1]));
            yield break;
        }

        var columns = First.Block[^1];
        for (long column = 0; column < columns; column++)
        {
            var position = First.Position + (columns - 1 - column) * First.PerPlace;
            yield return new FrameMapping(First.Source, new Slab(position, PositionStep, Count, First.PerPlace), Target(column, 1));
        }
    }

    private EquatableArray<Slab> Target(long column, long width)
    {
        var target = new Slab[First.Start.Length];
        for (var i = 0; i < target.Length; i++)
            target[i] = i == Dimension ? new Slab(First.Start[i], Step, Count, First.Block[i]) : Slab.Range(First.Start[i], First.Block[i]);
        ref var last = ref target[^1];
        last = last with { Start = last.Start + column, Block = width, Stride = Math.Max(last.Count > 1 ? last.Stride : 1, width) };
        return First.PerPlace == 1 ? target.ToEquatableArray() : target.ToEquatableArray().Add(Slab.Range(0, First.PerPlace));
    }

    private BoxRun? Extended(MappingBox box, int dimension)
    {
        if (CompareKinds(First, box, dimension) != 0 || !CanRepeat(dimension))
            return null;
        var step = box.Start[dimension] - First.Start[dimension] - (Count - 1) * Step;
        var positionStep = box.Position - First.Position - (Count - 1) * PositionStep;
        if (Count > 1)
            return step == Step && positionStep == PositionStep ? this with { Count = Count + 1 } : null;
        return step >= First.Block[dimension] && positionStep >= First.Size
            ? this with { Count = 2, Step = step, PositionStep = positionStep }
            : null;
    }

    private bool CanRepeat(int dimension)
    {
        // C order must run through a whole box before it comes to the next.
        if (First.IsReversed && dimension == First.Block.Length - 1)
            return false;
        return First.Block.Take(dimension).All(n => n == 1);
    }

    private static int Compare(MappingBox left, MappingBox right, int dimension)
    {
        var kinds = CompareKinds(left, right, dimension);
        return kinds != 0 ? kinds : left.Start[dimension].CompareTo(right.Start[dimension]);
    }

    private static int CompareKinds(MappingBox left, MappingBox right, int dimension)
    {
        var order = left.Source.CompareTo(right.Source);
        for (var i = 0; i < left.Start.Length && order == 0; i++)
        {
            order = left.Block[i].CompareTo(right.Block[i]);
            if (order == 0 && i != dimension)
                order = left.Start[i].CompareTo(right.Start[i]);
        }

        return order;
    }
}
