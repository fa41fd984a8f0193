using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Judges what a detector recorded that writes its own file, by what its pixels tell: the number of the box's pulse that made
/// the image, counted on the cable.</summary>
internal static class DetectorChecker
{
    private static readonly CancellationToken None = CancellationToken.None;
    private static readonly SegmentReader Reader = new(TimeProvider.System, TimeSpan.FromSeconds(60));

    /// <summary>Every frame committed once, with the image that the pulse of the same row of the box made.</summary>
    public static async Task FinishedAsync(DataFolder folder, string camera)
    {
        var events = folder.Journal();
        Assert.Equal(ScanStatus.Finished, Assert.IsType<ScanEvent.Finished>(events[^1]).Status);
        var frames = events.OfType<ScanEvent.ScanSubmitted>().Single().Frames;
        var committed = events.OfType<ScanEvent.FramesCommitted>().ToList();
        Assert.Equal(frames, committed.Sum(c => c.Frames.Count));
        Assert.Equal(RangeSet.Of(new FrameRange(0, frames)), RangeSet.Of(committed.Select(c => c.Frames)));
        var pulses = await PulsesAsync(folder, events, camera);
        var rows = await NumbersAsync(folder, events, "panda", "sample_index");
        Assert.Equal(frames, pulses.Count);
        // The cable counts since the world began and the box since it was staged: the difference is that of all frames of a staging.
        foreach (var staged in rows.GroupBy(r => r.Value.Segment))
        {
            var apart = pulses[staged.First().Key] - staged.First().Value.Number;
            Assert.Empty(staged.Where(r => pulses[r.Key] - r.Value.Number != apart)
                .Select(r => $"frame {r.Key}: pulse {pulses[r.Key]}, row {r.Value.Number}"));
        }
        await MasterAsync(folder, pulses, camera);
    }

    /// <summary>The master file and the documents point into the files that the IOC wrote.</summary>
    private static async Task MasterAsync(DataFolder folder, SortedDictionary<long, long> pulses, string camera)
    {
        var bytes = await Reader.ReadAsync(folder.Run.Master, $"/entry/committed/{camera}/{camera}", "<u2", 0, pulses.Count, None);
        var shown = bytes.Chunk(bytes.Length / pulses.Count).Select(image => (long)BitConverter.ToUInt32(image));
        Assert.Equal(pulses.Values.Order(), shown.Order());
        Assert.Contains($"\"data_key\":\"{camera}\"", await File.ReadAllTextAsync(folder.Run.Documents));
    }

    /// <summary>The pulse that each committed image tells of, by frame.</summary>
    private static async Task<SortedDictionary<long, long>> PulsesAsync(DataFolder folder, IReadOnlyList<ScanEvent> events, string camera)
    {
        var pulses = new SortedDictionary<long, long>();
        foreach (var (extent, segment) in ExtentsOf(events, camera))
        {
            var data = segment.Datasets.Single(d => d.Key == camera);
            var bytes = await Reader.ReadAsync(
                Path.Combine(folder.Run.Path, segment.Path), data.Path, data.NumpyType, extent.Position, extent.Count, None);
            foreach (var (i, image) in bytes.Chunk((int)(bytes.Length / extent.Count)).Index())
                pulses.Add(extent.Frame + i, BitConverter.ToUInt32(image));
        }
        return pulses;
    }

    private static async Task<SortedDictionary<long, (int Segment, long Number)>> NumbersAsync(
        DataFolder folder, IReadOnlyList<ScanEvent> events, string recorder, string key)
    {
        var numbers = new SortedDictionary<long, (int, long)>();
        foreach (var (extent, segment) in ExtentsOf(events, recorder))
        {
            var path = segment.Datasets.Single(d => d.Key == key).Path;
            var read = await Reader.ReadIntegersAsync(
                Path.Combine(folder.Run.Path, segment.Path), path, extent.Position, extent.Count, None);
            foreach (var (i, number) in read.Index())
                numbers.Add(extent.Frame + i, (segment.Number, number));
        }
        return numbers;
    }

    private static IEnumerable<(Extent Extent, Segment Segment)> ExtentsOf(IReadOnlyList<ScanEvent> events, string recorder)
    {
        var segments = events.OfType<ScanEvent.SegmentOpened>().Select(e => e.Segment).Where(s => s.Recorder == recorder).ToList();
        return events.OfType<ScanEvent.FramesCommitted>().SelectMany(c => c.Extents).Where(e => e.Recorder == recorder)
            .Select(e => (e, segments.Single(s => s.Number == e.Segment)));
    }
}
