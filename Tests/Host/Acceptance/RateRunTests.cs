using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>Detectors at multiples and fractions of the scan's rate, through whole runs: every sample of each is accounted for by its
/// number and its time stamp.</summary>
[Collection(ProcessCollection.Name)]
public sealed class RateRunTests
{
    private const int Paused = 5;

    /// <summary>5 ms that have three equal parts in ticks of the box.</summary>
    private const double FrameS = 0.005000016;

    private const long Group = 4;

    [Fact]
    public async Task Detectors_of_200_400_600_and_50_Hz_have_every_sample_of_a_run()
    {
        using var folder = Folder(0.1);
        var run = await folder.RunAsync(Requests.Rates(2, 5, 40, FrameS));
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(
            [("cam", 400), ("fast", 800), ("faster", 1200), ("panda", 400), ("slow", 100)],
            events.OfType<ScanEvent.Unstaged>().Single().Segments.Select(s => (s.Recorder, s.Frames)).Order());
        Assert.Equal(0, run.Json.GetProperty("superseded").GetInt64());
        Assert.Equal("1/4", run.Json.GetProperty("rates").GetProperty("slow").GetProperty("rate").GetString());
        Assert.Equal(1200, run.Json.GetProperty("rates").GetProperty("faster").GetProperty("committed").GetInt64());
    }

    [Theory]
    [InlineData("Armed:after", true)]
    [InlineData("FlightStarted:after", true)]
    [InlineData("FlightStarted:after", false)]
    [InlineData("TookBack:after", false)]
    [InlineData("FramesCommitted:before", true)]
    [InlineData("FramesCommitted:after", false)]
    public async Task Killed_it_resumes_and_every_detector_has_every_sample(string at, bool beamlineSurvives)
    {
        using var folder = Folder(0.1);
        var killed = await folder.RunAsync(Requests.Rates(2, 3, 16, FrameS), at);
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        if (!beamlineSurvives)
            folder.KillBeamline();
        var resumed = await folder.ResumeAsync();
        Assert.True(resumed.Code == 0, resumed.ToString());
        CheckBoundaries(await RunChecker.FinishedAsync(folder));
    }

    [Fact]
    public async Task A_take_that_still_flies_is_adopted_with_all_its_rates()
    {
        using var folder = Folder(1);
        var killed = await folder.RunAsync(Requests.Rates(1, 8, 24, 6 * FrameS), "FlightStarted:after");
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        var resumed = await folder.ResumeAsync();
        Assert.True(resumed.Code == 0, resumed.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Single(events.OfType<ScanEvent.HandedOver>());
        Assert.Empty(events.OfType<ScanEvent.Rewound>());
    }

    /// <summary>The second time in the middle of a group: a slow exposure is under way, and none of its frames is kept.</summary>
    [Fact]
    public async Task Paused_twice_it_resumes_where_all_detectors_are_in_step()
    {
        using var folder = Folder(1);
        var request = Requests.Rates(1, 2, 24, 20 * FrameS);
        using (var run = folder.StartRun(request))
        {
            await folder.UntilAsync<ScanEvent.FlightStarted>(run);
            run.Interrupt();
            var paused = await run.EndAsync();
            Assert.True(paused.Code == Paused, paused.ToString());
        }
        var before = folder.Journal().OfType<ScanEvent.FramesCommitted>().Count();
        using (var second = folder.StartResume())
        {
            await folder.UntilAsync<ScanEvent.FramesCommitted>(second, count: before + 1);
            second.Interrupt();
            var paused = await second.EndAsync();
            Assert.True(paused.Code == Paused, paused.ToString());
        }
        var resumed = await folder.ResumeAsync();
        Assert.True(resumed.Code == 0, resumed.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        CheckBoundaries(events);
        var cut = events.OfType<ScanEvent.TookBack>().Count(t => t.Triggered % Group != 0);
        Assert.Equal(cut, events.OfType<ScanEvent.FramesRejected>().Count(r => r.Cause.Contains("no whole group of 4")));
    }

    private static DataFolder Folder(double timeScale) => new(timeScale, "virtual-rates.hocon");

    /// <summary>Takes and commits begin and end where all detectors are in step.</summary>
    private static void CheckBoundaries(IReadOnlyList<ScanEvent> events)
    {
        var ranges = events.OfType<ScanEvent.ProgrammeDownloaded>().Select(p => p.Frames)
            .Concat(events.OfType<ScanEvent.FramesCommitted>().Select(c => c.Frames)).ToList();
        Assert.All(ranges, r => Assert.Equal(new FrameRange(r.First / Group * Group, r.End / Group * Group), r));
        Assert.All(events.OfType<ScanEvent.Rewound>(), r => Assert.Equal(0, r.To % Group));
    }
}
