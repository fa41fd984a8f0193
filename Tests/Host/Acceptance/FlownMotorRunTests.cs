using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Scans on the beamline whose axes are motor records: one flies along lines, the others step, all over the wire.</summary>
[Collection(ProcessCollection.Name)]
public sealed class FlownMotorRunTests
{
    [Fact]
    public async Task A_raster_of_motor_records_commits_every_frame()
    {
        using var folder = new DataFolder(timeScale: 1, beamline: "virtual-epics.hocon");
        var run = await folder.RunAsync(Requests.Grid(2, 3, 16, 0.01));
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(0, run.Json.GetProperty("superseded").GetInt64());
        // Each row is a line of its own, and each has its own outer point: y and z by software.
        Assert.Equal(6, events.OfType<ScanEvent.HandedOver>().Count());
        Assert.Empty(PutBack(folder));
    }

    /// <summary>One line of four seconds: the successor finds the motor flying, or on a slow machine at the line's end.</summary>
    [Fact]
    public async Task Killed_in_flight_it_loses_no_frame()
    {
        using var folder = new DataFolder(timeScale: 1, beamline: "virtual-epics.hocon");
        var killed = await folder.RunAsync(Requests.Grid(1, 1, 16, 0.25), "FlightStarted:after");
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        Assert.Equal(["x.json"], PutBack(folder));
        var resumed = await folder.ResumeAsync();
        Assert.True(resumed.Code == 0, resumed.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(0, resumed.Json.GetProperty("superseded").GetInt64());
        Assert.Single(events.OfType<ScanEvent.HandedOver>());
        Assert.Empty(PutBack(folder));
    }

    [Fact]
    public async Task Killed_before_the_flight_it_resumes_and_puts_velocities_back()
    {
        using var folder = new DataFolder(timeScale: 1, beamline: "virtual-epics.hocon");
        var killed = await folder.RunAsync(Requests.Grid(1, 3, 16, 0.02), "HandedOver:after:2");
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        Assert.Equal(["x.json"], PutBack(folder));
        var resumed = await folder.ResumeAsync();
        Assert.True(resumed.Code == 0, resumed.ToString());
        await RunChecker.FinishedAsync(folder);
        Assert.Empty(PutBack(folder));
    }

    private static IEnumerable<string?> PutBack(DataFolder folder)
    {
        var path = Path.Combine(folder.Path, "put-back");
        return Directory.Exists(path) ? Directory.GetFiles(path).Select(Path.GetFileName) : [];
    }
}
