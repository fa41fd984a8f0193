using Flyscan.Scanning.Runs;
using Flyscan.Tests.Hardware.Hdf5;
using Flyscan.Tests.Host.Cli;
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

    [Fact]
    public async Task What_the_block_cannot_do_is_refused_by_the_plan()
    {
        using var files = new TemporaryFolder();
        using var place = new CliPlace();
        // A snaked axis has two kinds of windows.
        var answer = await place.RunAsync(
            "plan", place.Write("r.json", $$"""
            {"request": 1, "frameTrigger": "position", "detectors": ["cam", "diode"], "spec":
              {"type": "ConstantDuration", "constant_duration": 0.005, "spec": {"type": "Fly", "spec": {"type": "Product",
                "outer": {"type": "Linspace", "axis": "y", "start": 0, "stop": 1, "num": {{Rows}}},
                "inner": {"type": "Snake", "spec": {"type": "Linspace", "axis": "x", "start": -1, "stop": 1, "num": {{Columns}}} } } } } }
            """),
            "--beamline", Beamline(files), "--out", place.Data);
        Assert.Equal(2, answer.Code);
        Assert.Contains(
            "panda: the trigger box refuses a take: frames 0 to 32: PCOMP1 cannot begin these frames: the window at frame 11 has other "
                + "places than the one at frame 0",
            answer.Error);
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
