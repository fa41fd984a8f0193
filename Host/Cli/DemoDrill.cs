using System.Diagnostics;
using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Composition;
using Flyscan.Host.Time;
using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Cli;

/// <summary>The demonstration with accidents: the beam is dumped, the process is killed, and the scan ends with every frame
/// once.</summary>
/// <remarks>The scan runs in a process of its own, so that it can die; this one watches its journal, causes the accidents, and resumes
/// the scan.</remarks>
internal sealed class DemoDrill(Output output, string dataFolder, double timeScale)
{
    private const double NominalCurrent = 300;
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public async Task<int> RunAsync(LoadedBeamline beamline, bool dumpsBeam, bool kills)
    {
        var (began, scale) = (TimeProvider.System.GetTimestamp(), timeScale.ToString("R", CultureInfo.InvariantCulture));
        var known = UidsIn();
        var process = Start("demo", "--out", dataFolder, "--time-scale", scale);
        var accidents = new Queue<Accident>(Accidents(dumpsBeam, kills));
        string? uid = null;
        while (!process.HasExited)
        {
            await Task.Delay(Look, TimeProvider.System, CancellationToken.None);
            if (TimeProvider.System.GetElapsedTime(began) > Limit)
            {
                process.Kill();
                throw new RefusedException($"the demonstration did not end within {Limit.TotalMinutes:0} min");
            }
            uid ??= UidsIn().Except(known).FirstOrDefault();
            if (process.HasExited || uid is null || !accidents.TryPeek(out var next) || Progress(uid) < next.At)
                continue;
            accidents.Dequeue();
            if (next.Kills)
                process = await KillAsync(process, scale);
            else
                await DumpAsync(beamline);
        }
        foreach (var missed in accidents)
            output.Note($"the scan ended before its accident at {missed.At:P0}: {(missed.Kills ? "the kill" : "a dumped beam")}");
        if (uid is not null)
            Show(uid);
        return process.ExitCode;
    }

    /// <summary>What happens when that part of the frames is committed.</summary>
    private readonly record struct Accident(double At, bool Kills);

    private static IEnumerable<Accident> Accidents(bool dumpsBeam, bool kills)
    {
        if (dumpsBeam)
            yield return new(0.15, false);
        if (kills)
            yield return new(0.45, true);
        if (dumpsBeam)
            yield return new(0.75, false);
    }

    private static Process Start(params string[] arguments) =>
        Process.Start(VirtualProcess.StartOfSelf(arguments)) ?? throw new RefusedException("the demonstration could not be started");

    private async Task<Process> KillAsync(Process process, string scale)
    {
        output.Note($"killing the process {process.Id} with SIGKILL, then `flyscan resume`");
        process.Kill();
        await process.WaitForExitAsync();
        return Start("resume", "--out", dataFolder, "--time-scale", scale);
    }

    /// <summary>The beam is gone for a second, as a top-up that fails would do it, only quicker.</summary>
    private async Task DumpAsync(LoadedBeamline beamline)
    {
        if (VirtualProcess.RunningIn(dataFolder) is not VirtualReady ready || beamline.Description.BeamSignal is not string signal)
            throw new RefusedException("no virtual beamline with a beam signal runs in this data folder");
        var environment = new DeviceEnvironment(
            new SystemClock(), new TcpConnector(), new Hdf5FrameStoreFactory(), timeScale,
            new EndpointOverrides(ready.Endpoints.ToEquatableArray()))
        {
            Axes = beamline.Description.Axes,
        };
        await using var ring = beamline.CreateDevices(environment)[signal];
        if ((await ring.ConnectAsync(CancellationToken.None)).Problem is string unreachable)
            throw new RefusedException($"{signal}: {unreachable}");
        output.Note($"dumping the beam ({signal} to 0 mA)");
        await SetAsync((ISimulatedBeam)ring, 0);
        await Task.Delay(TimeSpan.FromSeconds(Math.Max(0.2, timeScale)), TimeProvider.System, CancellationToken.None);
        output.Note($"the beam is back ({signal} at {NominalCurrent} mA)");
        await SetAsync((ISimulatedBeam)ring, NominalCurrent);
    }

    private static async Task SetAsync(ISimulatedBeam beam, double current)
    {
        if ((await beam.SetCurrentAsync(current, CancellationToken.None)).Problem is string problem)
            throw new RefusedException($"the beam cannot be set: {problem}");
    }

    private HashSet<string> UidsIn() => File.Exists(RunFolder.JournalOf(dataFolder))
        ? [.. JournalReader.ListScans(RunFolder.JournalOf(dataFolder)).Select(s => s.Uid)]
        : [];

    /// <summary>Committed frames as a part of all.</summary>
    private double Progress(string uid)
    {
        var state = JournalReader.ReadScan(RunFolder.JournalOf(dataFolder), uid)
            .Aggregate(ScanState.New, (state, entry) => state.Evolve(entry.Event));
        return state.Frames == 0 ? 0 : (double)state.Committed.Count / state.Frames;
    }

    /// <summary>The accidents in the journal's own words, and what they cost.</summary>
    private void Show(string uid)
    {
        var entries = JournalReader.ReadScan(RunFolder.JournalOf(dataFolder), uid);
        output.Line();
        output.Line("what happened:");
        foreach (var (entry, line) in entries.Zip(Timeline.Render(entries)))
        {
            if (entry.Event is ScanEvent.BeamLost or ScanEvent.BeamRestored or ScanEvent.HoldSet or ScanEvent.HoldCleared
                or ScanEvent.FramesRejected or ScanEvent.Rewound or ScanEvent.SupervisorTookOver or ScanEvent.Finished)
                output.Line(line);
        }
        var rejected = entries.Select(e => e.Event).OfType<ScanEvent.FramesRejected>().Sum(e => e.Frames.Sum(f => f.Count));
        var committed = entries.Select(e => e.Event).OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count);
        output.Line(string.Create(
            CultureInfo.InvariantCulture, $"cost: {rejected} frames exposed again; {committed} frames committed, each once"));
    }
}
