using System.Text.Json;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;
using Flyscan.Tests.Host.Cli;
using Xunit;

namespace Flyscan.Tests.Host.Control;

/// <summary>A whole scan whose disk runs full while it flies.</summary>
public sealed class DiskFullTests
{
    private const string Slow = """
        {"request": 1, "detectors": ["cam"],
         "spec": {"type": "ConstantDuration", "constant_duration": 0.02,
                  "spec": {"type": "Fly", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 200}}}}
        """;

    [Fact]
    public async Task A_disk_that_fills_pauses_the_scan_and_room_lets_it_finish()
    {
        using var place = new CliPlace();
        var run = place.RunAsync("run", place.Write("r.json", Slow), "--out", place.Data, "--json");
        await UntilAsync(place, run, "flying");
        place.FreeBytes = 12_000_000;
        var held = await UntilAsync(place, run, "held");
        Assert.StartsWith("12 MB are free on the disk of DIR/data", held.GetProperty("holds").GetProperty("disk").GetString());
        place.FreeBytes = 1L << 40;
        var ended = await run;
        Assert.True(ended.Code == 0, ended.Error);
        Assert.Equal((200, "finished"), (ended.Json().GetProperty("committed").GetInt32(), ended.Json().GetProperty("status").GetString()));
        var uid = ended.Json().GetProperty("uid").GetString()!;
        var events = JournalReader.ReadScan(Path.Combine(place.Data, "journal.db"), uid).Select(e => e.Event).ToList();
        Assert.Equal("disk", Assert.Single(events.OfType<ScanEvent.HoldSet>()).Hold);
        Assert.Equal("the disk is full", events.OfType<ScanEvent.TookBack>().First().Reason);
    }

    private static async Task<JsonElement> UntilAsync(CliPlace place, Task<CliAnswer> run, string phase)
    {
        while (!run.IsCompleted)
        {
            if (await place.RunningAsync() is JsonElement scan && scan.GetProperty("phase").GetString() == phase)
                return scan;
        }
        Assert.Fail($"it ended: {(await run).Error}");
        return default;
    }
}
