using System.Text.Json;
using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>A table that is given to the box in pieces dies with the process that gives them.</summary>
[Collection(ProcessCollection.Name)]
public sealed class StreamedKillTests
{
    private const int Frames = 2200;

    /// <summary>Two rows for each frame by position: more than the box's table has.</summary>
    private static readonly string Request = $$"""
        {"request": 1, "frameTrigger": "position", "detectors": ["cam", "diode"], "spec":
          {"type": "ConstantDuration", "constant_duration": 0.002, "spec":
            {"type": "Fly", "spec": {"type": "Product",
              "outer": {"type": "Linspace", "axis": "y", "start": 0, "stop": 0, "num": 1},
              "inner": {"type": "Linspace", "axis": "x", "start": -10, "stop": 10, "num": {{Frames}}} } } } }
        """;

    [Fact]
    public async Task Killed_in_a_streamed_take_its_frames_that_were_recorded_are_kept_and_the_rest_is_flown()
    {
        using var folder = new DataFolder(timeScale: 1);
        var killed = await folder.RunAsync(Request, "FramesCommitted:after");
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        using var plan = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder.Run.Path, "plan.json")));
        Assert.Equal("streamed", plan.RootElement.GetProperty("tables").GetProperty("mode").GetString());
        var kept = folder.Journal().OfType<ScanEvent.FramesCommitted>().Sum(c => c.Frames.Count);
        Assert.InRange(kept, 1, Frames - 1);

        var resumed = await folder.ResumeAsync();

        Assert.True(resumed.Code == 0, resumed.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        // While it still flies nobody can say what the box holds of it: a take of its own flies the rest. Or it was over by then.
        var takes = events.OfType<ScanEvent.ProgrammeDownloaded>().ToList();
        Assert.InRange(takes.Count, 1, 2);
        Assert.All(takes.Skip(1), take => Assert.True(take.Frames.First >= kept, $"{take.Frames} of {kept} kept"));
        Assert.Equal(takes.Count, events.OfType<ScanEvent.HandedOver>().Count());
    }
}
