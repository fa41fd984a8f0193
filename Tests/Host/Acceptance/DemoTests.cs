using Flyscan.Scanning.Runs;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>The demonstration that the first page of the README asks a newcomer to type.</summary>
[Collection(ProcessCollection.Name)]
public sealed class DemoTests
{
    private const long Frames = 384;

    [Fact]
    public async Task With_two_dumped_beams_and_a_kill_every_frame_is_there_once()
    {
        using var folder = new DataFolder();
        using var demo = FlyscanProcess.Start(null, "demo", "--out", folder.Path, "--beam-dump", "--kill");
        var ended = await demo.EndAsync();
        Assert.True(ended.Code == 0, ended.ToString());

        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(Frames, events.OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count));
        Assert.Equal(2, events.OfType<ScanEvent.SupervisorTookOver>().Count());
        Assert.Equal(2, events.OfType<ScanEvent.BeamRestored>().Count());
        var rejected = events.OfType<ScanEvent.FramesRejected>().Sum(e => e.Frames.Sum(f => f.Count));
        Assert.Contains(
            $"cost: {rejected} frames exposed again; {Frames} frames committed, each once", ended.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("the scan ended before", ended.Error, StringComparison.Ordinal);
    }
}
