using Flyscan.Hardware.Hdf5;
using Flyscan.Host.Cli;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>The same command on a beamline whose box is a Zebra.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ZebraRunTests
{
    private const long Frames = 48;

    [Fact]
    public async Task A_scan_on_a_beamline_with_a_Zebra_commits_every_frame()
    {
        using var folder = new DataFolder(timeScale: 1, beamline: "virtual-zebra.hocon");
        var run = await folder.RunAsync(Requests.Grid(1, 3, 16, 0.005));
        Assert.True(run.Code == 0, run.ToString());
        await CheckAsync(folder);
        Assert.Equal(0, run.Json.GetProperty("superseded").GetInt64());
        // One position is compared in a take: each row is one.
        Assert.Equal(3, folder.Journal().OfType<ScanEvent.HandedOver>().Count());
        await SaysWhatWasRoundedAsync(folder, run);
    }

    [Theory]
    [InlineData("FlightStarted:after", true)]
    [InlineData("FlightStarted:after", false)]
    [InlineData("FramesCommitted:after", true)]
    public async Task Killed_it_resumes_and_finishes(string at, bool beamlineSurvives)
    {
        using var folder = new DataFolder(timeScale: 1, beamline: "virtual-zebra.hocon");
        var killed = await folder.RunAsync(Requests.Grid(1, 3, 16, 0.005), at);
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        if (!beamlineSurvives)
            folder.KillBeamline();
        var resumed = await folder.ResumeAsync();
        Assert.True(resumed.Code == 0, resumed.ToString());
        await CheckAsync(folder);
    }

    /// <summary>Half a step before -1 is -1.0666… mm, and a count is 0.1 um.</summary>
    private static async Task SaysWhatWasRoundedAsync(DataFolder folder, FlyscanResult run)
    {
        const string Rounded = "compare position of x: -1.066666667 mm asked for, -1.0667 mm held";
        Assert.Equal([Rounded], run.Json.GetProperty("box_rounding").EnumerateArray().Select(r => r.GetString()));
        using var output = new StringWriter();
        using var error = new StringWriter();
        var shown = await CommandLine.RunAsync(
            CommandLine.Create(_ => null), ["show", folder.Uid, "--out", folder.Path], output, error);
        Assert.Equal(0, shown);
        Assert.Contains("rounded", $"{output}");
    }

    /// <summary>Each frame is committed once, and each committed row of the box is of the trigger that its take gave the frame, where the
    /// axis was when the exposure began.</summary>
    private static async Task CheckAsync(DataFolder folder)
    {
        var events = folder.Journal();
        Assert.Equal(ScanStatus.Finished, Assert.IsType<ScanEvent.Finished>(events[^1]).Status);
        var committed = events.OfType<ScanEvent.FramesCommitted>().ToList();
        Assert.Equal(Frames, committed.Sum(c => c.Frames.Count));
        Assert.Equal(RangeSet.Of(new FrameRange(0, Frames)), RangeSet.Of(committed.Select(c => c.Frames)));
        var reader = new SegmentReader(TimeProvider.System, TimeSpan.FromSeconds(60));
        var take = 0;
        foreach (var happened in events)
        {
            take = happened is ScanEvent.BlockReconciled block ? block.Take : take;
            if (happened is not ScanEvent.FramesCommitted { Extents: var extents })
                continue;
            var armed = events.OfType<ScanEvent.Armed>().Single(a => a.Take == take).Positions.Single(p => p.Recorder == "zebra").Trigger;
            var first = events.OfType<ScanEvent.ProgrammeDownloaded>().Single(p => p.Take == take).Frames.First;
            foreach (var extent in extents.Where(e => e.Recorder == "zebra"))
            {
                var path = Path.Combine(folder.Run.Path, $"data/zebra.{extent.Segment:0000}.h5");
                var index = await reader.ReadIntegersAsync(path, "/entry/data/sample_index", extent.Position, extent.Count, default);
                Assert.Equal(Enumerable.Range(0, (int)extent.Count).Select(i => armed + extent.Frame - first + i), index);
            }
        }
    }
}
