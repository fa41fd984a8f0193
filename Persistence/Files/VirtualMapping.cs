using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Files;

/// <summary>Shows where committed frames stand as few hyperslab mappings: pure arithmetic.</summary>
/// <remarks>A hyperslab selects in C order and cannot run backwards. Forward runs become boxes, equal boxes at equal distances become one
/// strided mapping; the reversed rows of a snake are mapped per column, all equally distant rows at once: a whole 1000 × 1000 snake in
/// one take needs 1 + 1000 mappings. Mappings' sources are numbers of segments in the order given.</remarks>
public static class VirtualMapping
{
    /// <summary>Mappings that show the frames in the scan's own shape, or null where it takes more than the budget.</summary>
    /// <remarks>Extents: of one recorder, as <see cref="Merge"/> gives them. Source of a mapping: index into segments.</remarks>
    public static MappingPlan InShape(ScanGrid grid, IReadOnlyList<Extent> extents, IReadOnlyList<int> segments, int budget)
    {
        grid.Validate();
        var boxes = MappingBoxes.Cut(grid, extents, segments);
        var forward = BestRuns(grid, [.. boxes.Where(box => !box.IsReversed)]);
        var reversed = BestRuns(grid, [.. boxes.Where(box => box.IsReversed)]);
        var count = CountOf(forward) + CountOf(reversed);
        return new MappingPlan(count, count > budget ? null : [.. forward.Concat(reversed).SelectMany(run => run.Mappings())]);
    }

    /// <summary>Mappings that show the committed frames one after another, in scan order; those that the recorder lacks keep their
    /// place.</summary>
    /// <remarks>perPlace: rows for each frame.</remarks>
    public static IReadOnlyList<FrameMapping> Linear(
        IReadOnlyList<Extent> extents, IReadOnlyList<int> segments, RangeSet committed, long perPlace = 1)
    {
        var mappings = new List<FrameMapping>(extents.Count);
        var (at, before) = (0, 0L);
        foreach (var extent in extents)
        {
            while (committed.Ranges[at].End <= extent.Frame)
                before += committed.Ranges[at++].Count;
            mappings.Add(new FrameMapping(
                IndexOf(segments, extent.Segment), Slab.Range(extent.Position, extent.Count * perPlace),
                [Slab.Range((before + extent.Frame - committed.Ranges[at].First) * perPlace, extent.Count * perPlace)]));
        }

        return mappings;
    }

    /// <summary>The extents of one recorder in scan order, those joined that continue each other.</summary>
    /// <exception cref="ArgumentException">An extent lies outside the scan, or a frame is in two of them.</exception>
    public static IReadOnlyList<Extent> Merge(IEnumerable<Extent> extents, string recorder, long frames, long perPlace = 1)
    {
        var merged = new List<Extent>();
        foreach (var extent in extents.Where(extent => extent.Recorder == recorder && extent.Count != 0).OrderBy(extent => extent.Frame))
        {
            if (extent.Frame < 0 || extent.Count < 0 || extent.Position < 0 || extent.Frame + extent.Count > frames)
                throw new ArgumentException($"{extent} lies outside the scan's {frames} frames");
            if (merged.Count == 0 || !Continues(merged[^1], extent, perPlace))
                merged.Add(extent);
            else
                merged[^1] = merged[^1] with { Count = merged[^1].Count + extent.Count };
        }

        return merged;
    }

    internal static int IndexOf(IReadOnlyList<int> segments, int number)
    {
        for (var i = 0; i < segments.Count; i++)
            if (segments[i] == number)
                return i;
        throw new ArgumentException($"an extent names segment {number}, which is none of {string.Join(", ", segments)}");
    }

    private static bool Continues(Extent last, Extent next, long perPlace)
    {
        if (next.Frame < last.Frame + last.Count)
            throw new ArgumentException($"frame {next.Frame} is committed twice: in {last} and in {next}");
        return next.Segment == last.Segment && next.Frame == last.Frame + last.Count
            && next.Position == last.Position + last.Count * perPlace;
    }

    private static List<BoxRun> BestRuns(ScanGrid grid, List<MappingBox> boxes)
    {
        // Which dimension the equal boxes repeat along depends on which ones are snaked: the fewest mappings win.
        var best = boxes.ConvertAll(BoxRun.Of);
        for (var dimension = 0; dimension < grid.Shape.Count && boxes.Count > 1; dimension++)
        {
            var runs = BoxRun.Along(dimension, boxes);
            if (CountOf(runs) < CountOf(best))
                best = runs;
        }

        return best;
    }

    private static long CountOf(List<BoxRun> runs) => runs.Sum(run => run.MappingCount);
}

/// <summary>How many mappings it takes, and which where the budget allows them.</summary>
public sealed record MappingPlan(long Count, IReadOnlyList<FrameMapping>? Mappings);
