using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Cli;
using Flyscan.Host.Composition;
using Flyscan.Host.Time;
using Flyscan.Scanning.Runs;

namespace Flyscan.Benchmarks;

/// <summary>A long flight that is paused and resumed, and whose beam is dumped, again and again. Times are the journal's.</summary>
internal sealed class HeldFlight(FaultsPlace place)
{
    private const int Pauses = 10;
    private const int Dumps = 5;
    private const double NominalCurrent = 300;

    public sealed record Figures(
        IReadOnlyList<long> PauseNs, IReadOnlyList<long> ResumeNs, IReadOnlyList<long> FramesAgain, IReadOnlyList<long> RewindNs);

    public async Task<Figures> RunAsync()
    {
        var data = place.FolderOf("held");
        var run = place.Prepare(place.Request("held", 1, 60, 50), data);
        using var folder = RunPlace.Take(data);
        folder.Make(run, "{}");
        var world = await VirtualProcess.FindOrStartAsync(data, place.Beamline, timeScale: 1, CancellationToken.None);
        try
        {
            await using var session = await ScanSession.OpenAsync(run, world.Endpoints, timeScale: 1, CancellationToken.None);
            session.Submit(run);
            for (var i = 0; i < Pauses; i++)
                await PauseAsync(session, i);
            await DumpAsync(session, world);
            await session.AskAsync(at => new ScanCommand.AbortScan(at, "benchmark", "measured enough"), CancellationToken.None);
            await session.View.End;
        }
        finally
        {
            world.End();
        }
        return Of(FaultsPlace.Journal(data));
    }

    private static async Task PauseAsync(ScanSession session, int nth)
    {
        await FlyingAsync(session);
        // Anywhere in a row of half a second.
        await FaultsPlace.PassAsync(300 + 37 * nth);
        var standing = session.View.Standing;
        await session.AskAsync(at => new ScanCommand.PauseScan(at, "benchmark"), CancellationToken.None);
        await standing;
        await FaultsPlace.UntilAsync(() => session.View.Progress is { State.OpenTakes.Count: 0 }, "the last frames");
        await session.AskAsync(at => new ScanCommand.ResumeScan(at, "benchmark"), CancellationToken.None);
    }

    private async Task DumpAsync(ScanSession session, VirtualProcess world)
    {
        var environment = new DeviceEnvironment(new SystemClock(), new TcpConnector(), new Hdf5FrameStoreFactory(), 1, world.Endpoints)
        {
            Axes = place.Beamline.Description.Axes,
        };
        await using var ring = place.Beamline.CreateDevices(environment)[place.Beamline.Description.BeamSignal!];
        if ((await ring.ConnectAsync(CancellationToken.None)).Problem is string problem)
            throw new InvalidOperationException(problem);
        var beam = (ISimulatedBeam)ring;
        for (var i = 0; i < Dumps; i++)
        {
            await FlyingAsync(session);
            await FaultsPlace.PassAsync(400 + 41 * i);
            await beam.SetCurrentAsync(0, CancellationToken.None);
            await FaultsPlace.UntilAsync(() => session.View.Progress?.Step is ScanStep.Held, "the hold");
            await beam.SetCurrentAsync(NominalCurrent, CancellationToken.None);
            await FaultsPlace.UntilAsync(() => session.View.Progress?.Step is not ScanStep.Held, "the end of the hold");
        }
        await FlyingAsync(session);
    }

    private static Task FlyingAsync(ScanSession session) =>
        FaultsPlace.UntilAsync(() => session.View.Progress?.Step is ScanStep.Flying, "a flight");

    private static Figures Of(IReadOnlyList<ScanEvent> events)
    {
        List<long> pauses = [], resumes = [], frames = [], rewinds = [];
        ScanEvent.HoldSet? set = null;
        ScanEvent.HoldCleared? cleared = null;
        long again = 0;
        foreach (var happened in events)
        {
            switch (happened)
            {
                case ScanEvent.HoldSet e:
                    set = e;
                    break;
                case ScanEvent.TookBack e when set?.Hold == "operator":
                    pauses.Add(e.AtNs - set.AtNs);
                    set = null;
                    break;
                case ScanEvent.HoldCleared e:
                    cleared = e;
                    break;
                case ScanEvent.FramesRejected e:
                    again += e.Frames.Sum(f => f.Count);
                    break;
                case ScanEvent.FlightStarted e when cleared is not null:
                    (cleared.Hold == "operator" ? resumes : rewinds).Add(e.AtNs - cleared.AtNs);
                    if (cleared.Hold != "operator")
                        frames.Add(again);
                    (cleared, again) = (null, 0);
                    break;
            }
        }
        return new Figures(pauses, resumes, frames, rewinds);
    }
}
