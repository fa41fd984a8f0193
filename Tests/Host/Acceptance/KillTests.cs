using Flyscan.Scanning.Runs;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>The process is killed, at its documented crash points and at any moment, and another one carries on.</summary>
[Collection(KillCollection.Name)]
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Refused = 2;
    private const int Aborted = 4;
    private const int Paused = 5;

    public static TheoryData<string, bool> AtEvents => Data(Kills.AtEvents());

    public static TheoryData<int, bool> AtAnyMoment => Data(Kills.AtAnyMoment());

    public static TheoryData<string> OfSuccessors => [.. Kills.OfSuccessors()];

    [Fact]
    public async Task The_list_of_kills_has_every_kind_of_event_of_a_run_without_trouble()
    {
        using var folder = new DataFolder();
        var run = await folder.RunAsync(Requests.Small);
        Assert.True(run.Code == 0, run.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Equal(Kills.Uneventful.Order(), events.Select(e => e.GetType().Name).Distinct().Order());
        Assert.Equal(48, run.Json.GetProperty("committed").GetInt64());
        Assert.Equal(0, run.Json.GetProperty("superseded").GetInt64());
    }

    [Theory]
    [MemberData(nameof(AtEvents))]
    public async Task Killed_around_an_event_it_resumes_and_finishes(string at, bool beamlineSurvives)
    {
        using var folder = new DataFolder();
        var killed = await folder.RunAsync(Requests.Small, at);
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        await CarryOnAsync(folder, beamlineSurvives);
    }

    [Theory]
    [MemberData(nameof(AtAnyMoment))]
    public async Task Killed_at_any_moment_it_resumes_and_finishes(int seed, bool beamlineSurvives)
    {
        using var folder = new DataFolder(timeScale: 1);
        using var run = folder.StartRun(Requests.Middling);
        await folder.UntilBeamlineAsync(run);
        var delay = Kills.DelayOf(seed);
        await Task.Delay(delay, TimeProvider.System);
        run.Kill();
        var killed = await run.EndAsync();
        output.WriteLine($"seed {seed}: killed {Kills.Seconds(delay)} after the beamline was ready, "
            + $"after {folder.Journal().LastOrDefault()?.GetType().Name ?? "nothing"}");
        Assert.True(killed.Code is FlyscanResult.Killed or 0, killed.ToString());
        await CarryOnAsync(folder, beamlineSurvives);
    }

    [Theory]
    [MemberData(nameof(OfSuccessors))]
    public async Task A_successor_that_is_killed_while_it_recovers_has_a_successor(string at)
    {
        using var folder = new DataFolder();
        var killed = await folder.RunAsync(Requests.Small, "TookBack:after");
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        folder.KillBeamline();
        var successor = await folder.ResumeAsync(at);
        // How much of the take the dead camera had written is chance: with all of it there is nothing to reject and to rewind to.
        Assert.True(successor.Code is FlyscanResult.Killed or 0, successor.ToString());
        await CarryOnAsync(folder, beamlineSurvives: true);
    }

    [Theory]
    [InlineData("FlightStarted:after")]
    [InlineData("TookBack:before")]
    [InlineData("BlockReconciled:before")]
    [InlineData("FramesCommitted:after")]
    public async Task What_surviving_hardware_recorded_is_adopted_and_not_taken_again(string at)
    {
        using var folder = new DataFolder();
        var killed = await folder.RunAsync(Requests.Grid(1, 3, 16, 0.005), at);
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        await AdoptedAsync(folder);
    }

    [Fact]
    public async Task A_take_that_still_flies_is_adopted_in_flight()
    {
        using var folder = new DataFolder(timeScale: 1);
        var killed = await folder.RunAsync(Requests.Long, "FlightStarted:after");
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        await AdoptedAsync(folder);
    }

    [Fact]
    public async Task Paused_by_Ctrl_C_it_resumes_and_finishes()
    {
        using var folder = new DataFolder(timeScale: 1);
        using var run = folder.StartRun(Requests.Middling);
        await folder.UntilAsync<ScanEvent.FlightStarted>(run);
        run.Interrupt();
        var paused = await run.EndAsync();
        Assert.True(paused.Code == Paused, paused.ToString());
        Assert.Equal("paused", paused.Json.GetProperty("status").GetString());
        await CarryOnAsync(folder, beamlineSurvives: true);
    }

    [Theory]
    [InlineData("HoldSet:before")]
    [InlineData("HoldSet:after")]
    public async Task Killed_around_a_pause_it_resumes_and_finishes(string at)
    {
        using var folder = new DataFolder(timeScale: 1);
        using var run = folder.StartRun(Requests.Middling, at);
        await folder.UntilAsync<ScanEvent.FlightStarted>(run);
        run.Interrupt();
        var killed = await run.EndAsync();
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        var cleared = await folder.ResumeAsync("HoldCleared:before");
        Assert.True(cleared.Code == (at == "HoldSet:after" ? FlyscanResult.Killed : 0), cleared.ToString());
        await CarryOnAsync(folder, beamlineSurvives: true);
    }

    [Fact]
    public async Task Aborted_by_Ctrl_C_twice_it_keeps_what_is_committed()
    {
        using var folder = new DataFolder(timeScale: 1);
        var aborted = await AbortAsync(folder, null);
        Assert.True(aborted.Code == Aborted, aborted.ToString());
        await RunChecker.AbortedAsync(folder);
    }

    [Theory]
    [InlineData("AbortRequested:before", true)]
    [InlineData("AbortRequested:after", true)]
    [InlineData("AbortRequested:after", false)]
    public async Task Killed_around_an_abort_it_ends_as_its_journal_says(string at, bool beamlineSurvives)
    {
        using var folder = new DataFolder(timeScale: 1);
        var killed = await AbortAsync(folder, at);
        Assert.True(killed.Code == FlyscanResult.Killed, killed.ToString());
        if (at == "AbortRequested:before")
        {
            await CarryOnAsync(folder, beamlineSurvives);
            return;
        }
        if (!beamlineSurvives)
            folder.KillBeamline();
        var resumed = await folder.ResumeAsync();
        Assert.True(resumed.Code == Aborted, resumed.ToString());
        await RunChecker.AbortedAsync(folder);
    }

    private static readonly TimeSpan RunUp = TimeSpan.FromMilliseconds(700);

    /// <summary>Ctrl-C in the first exposure, and again while the pause waits for its end.</summary>
    private static async Task<FlyscanResult> AbortAsync(DataFolder folder, string? killAt)
    {
        using var run = folder.StartRun(Requests.Slow, killAt);
        await folder.UntilAsync<ScanEvent.FlightStarted>(run);
        // The run-up takes 61 ms: paused within it the scan would not wait for anything, and have ended before the second.
        await Task.Delay(RunUp, TimeProvider.System);
        run.Interrupt();
        await folder.UntilAsync<ScanEvent.HoldSet>(run);
        run.Interrupt();
        return await run.EndAsync();
    }

    /// <summary>Resumes, and judges what has come of it.</summary>
    private static async Task CarryOnAsync(DataFolder folder, bool beamlineSurvives)
    {
        if (!beamlineSurvives)
            folder.KillBeamline();
        var begun = folder.Journal().Count > 0;
        var resumed = await folder.ResumeAsync();
        if (!begun)
        {
            Assert.True(resumed.Code == Refused, resumed.ToString());
            Assert.Contains("no scan was begun", resumed.Json.GetProperty("error").GetString());
            Assert.False(folder.HasBeamline);
            return;
        }
        Assert.True(resumed.Code == 0, resumed.ToString());
        await RunChecker.FinishedAsync(folder);
    }

    private static async Task AdoptedAsync(DataFolder folder)
    {
        var resumed = await folder.ResumeAsync();
        Assert.True(resumed.Code == 0, resumed.ToString());
        var events = await RunChecker.FinishedAsync(folder);
        Assert.Single(events.OfType<ScanEvent.HandedOver>());
        Assert.Empty(events.OfType<ScanEvent.FramesRejected>());
        Assert.Empty(events.OfType<ScanEvent.Rewound>());
        Assert.Equal(0, resumed.Json.GetProperty("superseded").GetInt64());
    }

    private static TheoryData<T1, T2> Data<T1, T2>(IEnumerable<(T1 First, T2 Second)> rows)
    {
        var data = new TheoryData<T1, T2>();
        foreach (var (first, second) in rows)
            data.Add(first, second);
        return data;
    }
}
