using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>The same scan with a camera that misses its 40th trigger, identified in each way that it can be.</summary>
[Collection(ProcessCollection.Name)]
public sealed class IdentityRunTests
{
    private const long Frames = 48;

    [Theory]
    [InlineData("hardware-frame-number", 39, 40)]
    [InlineData("timestamp", 39, 40)]
    [InlineData("exposure-out-counted", 39, 40)]
    [InlineData("count-only", 24, 48)]
    public async Task A_missed_frame_costs_what_its_identity_says(string identity, long first, long end)
    {
        using var files = new DataFolder();
        var beamline = Path.Combine(files.Path, "missing.hocon");
        var original = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon"));
        await File.WriteAllTextAsync(
            beamline, original.Replace("width = 64", $"width = 64, identity = {identity}, miss-every = 40", StringComparison.Ordinal)
            + "\nbeamline.devices.panda.exposure-out.cam { input = TTLIN2.VAL, counter = COUNTER1 }\n");
        using var folder = new DataFolder(beamline: beamline);
        var run = await folder.RunAsync(Requests.Small);
        Assert.True(run.Code == 0, run.ToString());
        var events = folder.Journal();
        Assert.Equal(
            [new FrameRange(first, end)], events.OfType<ScanEvent.FramesRejected>().SelectMany(r => r.Frames));
        var committed = events.OfType<ScanEvent.FramesCommitted>().ToList();
        Assert.Equal(RangeSet.Of(new FrameRange(0, Frames)), RangeSet.Of(committed.Select(c => c.Frames)));
        foreach (var frames in committed)
        {
            // One clock makes both stamps here: a frame in another's place would be off by at least a frame.
            var (box, camera) = (await StampsAsync(folder, events, frames, "panda"), await StampsAsync(folder, events, frames, "cam"));
            Assert.All(box.Zip(camera), pair => Assert.InRange(pair.First - pair.Second - (box[0] - camera[0]), -1000, 1000));
        }
        Assert.Equal(Frames, committed.SelectMany(c => c.Extents).Where(e => e.Recorder == "cam").Sum(e => e.Count));
    }

    private static async Task<List<long>> StampsAsync(
        DataFolder folder, IReadOnlyList<ScanEvent> events, ScanEvent.FramesCommitted committed, string recorder)
    {
        var reader = new SegmentReader(TimeProvider.System, TimeSpan.FromSeconds(60));
        var stamps = new List<long>();
        foreach (var extent in committed.Extents.Where(e => e.Recorder == recorder).OrderBy(e => e.Frame))
        {
            var segment = events.OfType<ScanEvent.SegmentOpened>()
                .Single(s => s.Segment.Recorder == recorder && s.Segment.Number == extent.Segment).Segment;
            stamps.AddRange(await reader.ReadIntegersAsync(
                Path.Combine(folder.Run.Path, segment.Path), segment.Datasets.First(d => d.Role == "timestamp").Path,
                extent.Position, extent.Count, CancellationToken.None));
        }
        return stamps;
    }
}
