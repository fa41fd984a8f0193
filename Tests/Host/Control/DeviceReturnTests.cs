using System.Diagnostics;
using Flyscan.Scanning.Runs;
using Flyscan.Tests.Host.Cli;
using Xunit;

namespace Flyscan.Tests.Host.Control;

/// <summary>A whole scan whose devices are all lost while it flies.</summary>
public sealed class DeviceReturnTests
{
    [Fact]
    public async Task A_scan_whose_devices_come_back_goes_on_by_itself()
    {
        using var place = new CliPlace();
        var run = place.RunAsync("run", place.Write("r.json", CliPlace.Slow), "--out", place.Data, "--json");
        await LoseDevicesAsync(place, run);
        var ended = await run;
        Assert.True(ended.Code == 0, ended.Error);
        Assert.Contains(
            "flyscan: devices are lost; waiting up to 30 min for them, Ctrl-C leaves the scan to `flyscan resume`:\n  cam: ", ended.Error);
        Assert.Contains("flyscan: all devices can be reached again; the scan goes on", ended.Error);
        Assert.Equal((200, "finished"), (ended.Json().GetProperty("committed").GetInt32(), ended.Json().GetProperty("status").GetString()));
        var events = place.Events(ended);
        Assert.Contains(events.OfType<ScanEvent.HoldSet>(), h => ScanDecider.IsDeviceLoss(h.Hold));
        Assert.Equal(2, events.OfType<ScanEvent.SupervisorTookOver>().Count());
    }

    [Fact]
    public async Task A_scan_that_may_not_wait_for_devices_is_left_to_resume()
    {
        using var place = new CliPlace();
        var file = place.Write("b.hocon", (await File.ReadAllTextAsync(CliPlace.Beamline))
            .Replace("beamline {", "beamline {\n  supervision { return-within = 0 s }", StringComparison.Ordinal));
        var run = place.RunAsync("run", place.Write("r.json", CliPlace.Slow), "--beamline", file, "--out", place.Data, "--json");
        await LoseDevicesAsync(place, run);
        var ended = await run;
        Assert.True(ended.Code == 5, ended.Error);
        Assert.Equal("paused", ended.Json().GetProperty("status").GetString());
        Assert.Contains("device panda: ", ended.Json().GetProperty("error").GetString());
        Assert.NotEmpty(Directory.GetFiles(place.Data, "cam.*.h5", SearchOption.AllDirectories));
        var resumed = await place.RunAsync("resume", "--beamline", file, "--out", place.Data, "--json");
        Assert.True(resumed.Code == 0, resumed.Error);
        Assert.Equal(200, resumed.Json().GetProperty("committed").GetInt32());
    }

    /// <summary>Ends the beamline's process while frames are taken.</summary>
    private static async Task LoseDevicesAsync(CliPlace place, Task<CliAnswer> run)
    {
        await place.UntilAsync(run, scan => scan.GetProperty("committed").GetInt64() > 0);
        foreach (var pid in place.Processes)
        {
            using var process = Process.GetProcessById(pid);
            process.Kill();
        }
    }
}
