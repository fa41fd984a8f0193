using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Files;

/// <summary>One dataset of a recorder as it was told before frames were committed: a row for each frame told, in that order.</summary>
internal static class RecordedView
{
    public static VirtualDataset Of(ScanDataset dataset, EquatableArray<RecordedRange> recorded, DetectorRate rate)
    {
        var runs = RunsOf(dataset.Recorder, recorded, rate);
        var mappings = runs.Select(r => new FrameMapping(
            VirtualMapping.IndexOf(dataset.SegmentNumbers, r.Segment), Slab.Range(r.Position, r.Count), [Slab.Range(r.Row, r.Count)]));
        var sources = dataset.Segments.Select(s => new VirtualSource(
            s.Path, dataset.PathIn(s), runs.Where(r => r.Segment == s.Number).Select(r => r.Position + r.Count).DefaultIfEmpty(1).Max()));
        return new VirtualDataset(
            $"/entry/recorded/{dataset.Recorder}/{dataset.Key}", dataset.Dataset.NumpyType, [recorded.Sum(r => rate.Of(r.Frames.Count))],
            dataset.Dataset.FrameShape, [.. sources], [.. mappings]);
    }

    /// <summary>Runs that continue each other as one: without trouble there is one for each segment.</summary>
    private static List<Run> RunsOf(string recorder, EquatableArray<RecordedRange> recorded, DetectorRate rate)
    {
        var runs = new List<Run>();
        long row = 0;
        foreach (var range in recorded)
        {
            foreach (var extent in range.Extents.Where(e => e.Recorder == recorder).OrderBy(e => e.Frame))
            {
                var next = new Run(
                    row + rate.Of(extent.Frame - range.Frames.First), extent.Segment, extent.Position, rate.Of(extent.Count));
                if (runs.Count > 0 && runs[^1].IsContinuedBy(next))
                    runs[^1] = runs[^1] with { Count = runs[^1].Count + next.Count };
                else
                    runs.Add(next);
            }
            row += rate.Of(range.Frames.Count);
        }
        return runs;
    }

    private sealed record Run(long Row, int Segment, long Position, long Count)
    {
        public bool IsContinuedBy(Run next) =>
            next.Segment == Segment && next.Row == Row + Count && next.Position == Position + Count;
    }
}
