using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;

namespace Flyscan.Benchmarks;

/// <summary>A process that is killed with SIGKILL in flight, and `flyscan resume` as a user would type it at once.</summary>
internal sealed class KilledFlight(FaultsPlace place)
{
    private const int Kills = 3;

    public sealed record Figures(IReadOnlyList<long> TookOverNs, IReadOnlyList<long> CommittedNs, IReadOnlyList<long> FramesAgain);

    public async Task<Figures> RunAsync()
    {
        List<long> tookOver = [], committed = [], again = [];
        for (var i = 0; i < Kills; i++)
        {
            var data = place.FolderOf($"killed-{i}");
            try
            {
                var (events, beganNs) = await KillAsync(data, i);
                var after = events.SkipWhile(e => e is not ScanEvent.SupervisorTookOver { Node: not "first" }).ToList();
                tookOver.Add(after[0].AtNs - beganNs);
                committed.Add(after.OfType<ScanEvent.FramesCommitted>().First().AtNs - beganNs);
                again.Add(after.OfType<ScanEvent.FramesRejected>().Sum(e => e.Frames.Sum(f => f.Count)));
            }
            finally
            {
                VirtualProcess.EndLeftOf(data);
            }
        }
        return new Figures(tookOver, committed, again);
    }

    private async Task<(IReadOnlyList<ScanEvent> Events, long BeganNs)> KillAsync(string data, int nth)
    {
        string[] where = ["--out", data, "--beamline", place.BeamlineFile, "--time-scale", "1", "--json"];
        using var run = FaultsPlace.Start(["run", place.Request("killed", 1, 10, 40), .. where]);
        await FaultsPlace.UntilAsync(() => FaultsPlace.Journal(data).OfType<ScanEvent.FlightStarted>().Any(), "a flight");
        await FaultsPlace.PassAsync(700 + 130 * nth);
        run.Kill();
        await run.WaitForExitAsync();
        var beganNs = (TimeProvider.System.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        using var resume = FaultsPlace.Start(["resume", .. where]);
        await resume.WaitForExitAsync();
        var events = FaultsPlace.Journal(data);
        return events[^1] is ScanEvent.Finished { Status: ScanStatus.Finished }
            ? (events, beganNs)
            : throw new InvalidOperationException($"the killed scan ended with {events[^1]}");
    }
}
