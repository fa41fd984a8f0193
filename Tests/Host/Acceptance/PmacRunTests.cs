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

    [Fact]
    public async Task A_spiral_of_more_points_than_a_slice_is_appended_over_the_wire_while_it_runs()
    {
        using var place = new DataFolder(timeScale: 1);
        var file = Path.Combine(place.Path, "pmac.hocon");
        var whole = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual-pmac.hocon"));
        // Slices of 60 points of at least 40 ms, and no more than 100 loaded ahead.
        await File.WriteAllTextAsync(file, whole
            .Replace("min-segment = 2 ms", "min-segment = 40 ms, ahead = 100", StringComparison.Ordinal)
            .Replace("slice = 4000", "slice = 60", StringComparison.Ordinal)
            .Replace("append-within = 2 s", "append-within = 1800 ms", StringComparison.Ordinal));
        using var folder = new DataFolder(timeScale: 1, beamline: file);
        var run = await folder.RunAsync("""
            {
              "request": 1,
              "spec": {"type": "Fly", "spec": {"type": "ConstantDuration", "constant_duration": 0.05, "spec":
                {"type": "Spiral", "x_axis": "x", "x_centre": 0, "x_diameter": 0.8, "x_step": 0.05, "y_axis": "y", "y_centre": 0} } },
              "detectors": ["cam", "diode"]
            }
            """);
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Single(events.OfType<ScanEvent.HandedOver>());
        Assert.Equal(0, run.Json.GetProperty("superseded").GetInt64());
        Assert.InRange(events.OfType<ScanEvent.FramesCommitted>().Sum(c => c.Frames.Count), 150, 400);
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
