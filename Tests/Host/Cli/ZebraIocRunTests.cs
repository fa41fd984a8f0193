using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Host.Acceptance;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

/// <summary>A scan whose box is reached over Channel Access only.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ZebraIocRunTests
{
    [Fact]
    public async Task A_scan_on_a_beamline_with_a_Zebra_behind_its_IOC_commits_every_frame()
    {
        using var place = new CliPlace();
        var text = await File.ReadAllTextAsync(Path.Combine(Path.GetDirectoryName(CliPlace.Beamline)!, "virtual-epics-zebra.hocon"));
        // Ten times as fast as the wall's clock runs the simulated IOC, and so is it read.
        var beamline = place.Write("b.hocon", text.Replace("status-within = 1500 ms", "status-within = 600 ms", StringComparison.Ordinal));
        var request = place.Write("r.json", Requests.Grid(1, 2, 12, 0.02));

        var run = await place.RunAsync("run", request, "--beamline", beamline, "--out", place.Data, "--time-scale", "0.1", "--json");

        Assert.True(run.Code == 0, run.Output + run.Error);
        Assert.Equal(0, run.Json().GetProperty("superseded").GetInt64());
        var journal = RunFolder.JournalOf(place.Data);
        var events = JournalReader.ReadScan(journal, Assert.Single(JournalReader.ListScans(journal)).Uid).Select(e => e.Event).ToList();
        Assert.Equal(ScanStatus.Finished, Assert.IsType<ScanEvent.Finished>(events[^1]).Status);
        // One position is compared in a take: each row is one.
        Assert.Equal(2, events.OfType<ScanEvent.HandedOver>().Count());
        var committed = events.OfType<ScanEvent.FramesCommitted>().ToList();
        Assert.Equal(RangeSet.Of(new FrameRange(0, 24)), RangeSet.Of(committed.Select(c => c.Frames)));
        Assert.All(committed, c => Assert.Contains(c.Extents, e => e.Recorder == "zebra"));
    }
}
