using System.Globalization;
using Flyscan.Host.Cli;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;

namespace Flyscan.Benchmarks;

/// <summary>A long flight whose control process goes and comes back, again and again, while hardware flies on.</summary>
internal sealed class AdoptedFlight(FaultsPlace place)
{
    private const int Successors = 8;

    public sealed record Figures(IReadOnlyList<long> AdoptNs, string Untouched);

    public async Task<Figures> RunAsync()
    {
        var data = place.FolderOf("adopted");
        var run = place.Prepare(place.Request("adopted", 1, 60, 50), data);
        using var folder = RunPlace.Take(data);
        folder.Make(run, "{}");
        var world = await VirtualProcess.FindOrStartAsync(data, place.Beamline, timeScale: 1, CancellationToken.None);
        var took = new List<long>();
        var session = await ScanSession.OpenAsync(run, world.Endpoints, timeScale: 1, CancellationToken.None);
        try
        {
            session.Submit(run);
            await FlyingAsync(session);
            for (var i = 0; i < Successors; i++)
            {
                await FaultsPlace.PassAsync(400);
                // Devices are left as they are: hardware flies on with nobody there.
                await session.DisposeAsync();
                session = await ScanSession.OpenAsync(run, world.Endpoints, timeScale: 1, CancellationToken.None);
                var began = TimeProvider.System.GetTimestamp();
                session.TakeOver();
                await FlyingAsync(session);
                took.Add(TimeProvider.System.GetElapsedTime(began).Ticks * 100);
            }
            await session.AskAsync(at => new ScanCommand.AbortScan(at, "benchmark", "measured enough"), CancellationToken.None);
            await session.View.End;
        }
        finally
        {
            await session.DisposeAsync();
            world.End();
        }
        // Each flight that was not adopted as it was ended, and began anew.
        var anew = FaultsPlace.Journal(data).OfType<ScanEvent.HandedOver>().Count() - 1;
        return new Figures(took, string.Create(CultureInfo.InvariantCulture, $"{Successors - anew} of {Successors}"));
    }

    private static Task FlyingAsync(ScanSession session) =>
        FaultsPlace.UntilAsync(() => session.View.Progress?.Step is ScanStep.Flying, "a flight");
}
