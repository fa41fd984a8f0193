using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Scans on the beamline whose controller is a PMAC's trajectory scan IOC, over the wire.</summary>
[Collection(ProcessCollection.Name)]
public sealed class PmacRunTests
{
    [Theory]
    [InlineData("position")]
    [InlineData("setPoint")]
    public async Task A_raster_on_PMAC_axes_commits_every_frame(string windowTrigger)
    {
        using var folder = new DataFolder(timeScale: 1, beamline: "virtual-pmac.hocon");
        var run = await folder.RunAsync(Requests.Grid(2, 4, 16, 0.01).Replace(
            "\"request\": 1,", $"\"request\": 1, \"windowTrigger\": \"{windowTrigger}\",", StringComparison.Ordinal));
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(0, run.Json.GetProperty("superseded").GetInt64());
        Assert.Equal(2, events.OfType<ScanEvent.HandedOver>().Count());
    }

    [Theory]
    [InlineData("FlightStarted:after", true)]
    [InlineData("FlightStarted:after", false)]
    public async Task Killed_in_flight_it_resumes_and_finishes(string at, bool beamlineSurvives)
    {
        using var folder = new DataFolder(timeScale: 1, beamline: "virtual-pmac.hocon");
        var killed = await folder.RunAsync(Requests.Grid(1, 6, 16, 0.02), at);
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        if (!beamlineSurvives)
            folder.KillBeamline();
        var resumed = await folder.ResumeAsync();
        Assert.True(resumed.Code == 0, resumed.ToString());
        await RunChecker.FinishedAsync(folder);
    }
}
