using Flyscan.Scanning.Runs;
using Flyscan.Tests.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>A whole run whose frames a PandA's PCOMP block begins.</summary>
[Collection(ProcessCollection.Name)]
public sealed class CompareRunTests
{
    private const int Rows = 3;
    private const int Columns = 11;

    [Fact]
    public async Task A_run_by_the_compare_block_has_every_frame_at_its_place()
    {
        using var files = new TemporaryFolder();
        using var folder = new DataFolder(beamline: Beamline(files));
        // Rows of one direction, steps of 2000 counts: all windows are alike.
        var run = await folder.RunAsync($$"""
            {"request": 1, "frameTrigger": "position", "detectors": ["cam", "diode"], "spec":
              {"type": "ConstantDuration", "constant_duration": 0.005, "spec": {"type": "Fly", "spec": {"type": "Product",
                "outer": {"type": "Linspace", "axis": "y", "start": 0, "stop": 1, "num": {{Rows}}},
                "inner": {"type": "Linspace", "axis": "x", "start": -1, "stop": 1, "num": {{Columns}}} } } } }
            """);
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(Rows * Columns, events.OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count));
        Assert.Equal(0, run.Json.GetProperty("superseded").GetInt64());
    }

    /// <summary>With `only`, what the block does not begin is refused: a run that ends well is its own.</summary>
    private static string Beamline(TemporaryFolder files)
    {
        const string Place = "sequencer = SEQ1\n";
        var text = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon"));
        Assert.Contains(Place, text);
        var path = files.File("compare.hocon");
        File.WriteAllText(path, text.Replace(Place, Place + "      position-compare { only = true }\n", StringComparison.Ordinal));
        return path;
    }
}
