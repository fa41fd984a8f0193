using Flyscan.Scanning.Runs;
using Flyscan.Tests.Host.Cli;
using Xunit;

namespace Flyscan.Tests.Host.Control;

/// <summary>A whole scan whose disk runs full while it flies.</summary>
public sealed class DiskFullTests
{
    [Fact]
    public async Task A_disk_that_fills_pauses_the_scan_and_room_lets_it_finish()
    {
        using var place = new CliPlace();
        var run = place.RunAsync("run", place.Write("r.json", CliPlace.Slow), "--out", place.Data, "--json");
        await place.UntilAsync(run, scan => scan.GetProperty("phase").GetString() == "flying");
        place.FreeBytes = 12_000_000;
        var held = await place.UntilAsync(run, scan => scan.GetProperty("phase").GetString() == "held");
        Assert.StartsWith("12 MB are free on the disk of DIR/data", held.GetProperty("holds").GetProperty("disk").GetString());
        place.FreeBytes = 1L << 40;
        var ended = await run;
        Assert.True(ended.Code == 0, ended.Error);
        Assert.Equal((200, "finished"), (ended.Json().GetProperty("committed").GetInt32(), ended.Json().GetProperty("status").GetString()));
        var events = place.Events(ended);
        Assert.Equal("disk", Assert.Single(events.OfType<ScanEvent.HoldSet>()).Hold);
        Assert.Equal("the disk is full", events.OfType<ScanEvent.TookBack>().First().Reason);
    }
}
