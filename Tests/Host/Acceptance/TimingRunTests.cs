using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Delays and frames by position go through the whole system.</summary>
[Collection(ProcessCollection.Name)]
public sealed class TimingRunTests
{
    [Fact]
    public async Task Delays_after_rows_are_kept_and_named_among_dead_times()
    {
        using var folder = new DataFolder(timeScale: 1);
        var run = await folder.RunAsync(Rows("""{"type": "Delay", "delay": 0.3, "spec": """, "}", ""));
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(60, events.OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count));
        Assert.Equal(0.6, run.Json.GetProperty("dead_time_s").GetProperty("delay").GetDouble(), 9);
    }

    [Fact]
    public async Task Frames_by_position_are_recorded_as_those_by_time()
    {
        using var folder = new DataFolder();
        var run = await folder.RunAsync(Rows("", "", "\"frameTrigger\": \"position\","));
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(60, events.OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count));
    }

    [Fact]
    public async Task Frames_that_the_camera_begins_by_itself_are_recorded_as_those_of_the_box()
    {
        using var folder = new DataFolder();
        var run = await folder.RunAsync(Rows("", "", "\"frameTrigger\": \"detector\","));
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(60, events.OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count));
    }

    private static string Rows(string before, string after, string member) =>
        $$"""
        {"request": 1, {{member}} "detectors": ["cam", "diode"], "spec":
          {"type": "ConstantDuration", "constant_duration": 0.005, "spec": {"type": "Fly", "spec": {"type": "Product",
            "outer": {{before}}{"type": "Linspace", "axis": "y", "start": 0, "stop": 1, "num": 3}{{after}},
            "inner": {"type": "Snake", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 2, "num": 20} } } } } }
        """;
}
