using System.Text.Json;
using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>A spec as scanspec itself writes it goes through the whole system.</summary>
[Collection(ProcessCollection.Name)]
public sealed class PublishedSpecTests
{
    [SharedFact]
    public async Task A_published_three_dimensional_snake_is_recorded_in_its_own_order_and_shape()
    {
        using var published = JsonDocument.Parse(File.ReadAllText(SharedData.PathOf("data/scanspec/specs/grid-3d-inner-snake.json")));
        using var folder = new DataFolder();
        var run = await folder.RunAsync(published.RootElement.GetProperty("spec").GetRawText());
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        var frames = published.RootElement.GetProperty("num_frames").GetInt64();
        Assert.Equal(frames, events.OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count));
        Assert.Equal(frames, run.Json.GetProperty("frames").GetInt64());
        Assert.Equal(frames, run.Json.GetProperty("committed").GetInt64());
    }
}
