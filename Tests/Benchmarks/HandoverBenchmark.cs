using System.Globalization;
using Flyscan.Actors.Scans;
using Flyscan.Host.Cli;
using Flyscan.Host.Composition;

namespace Flyscan.Benchmarks;

/// <summary>What a handover costs in software: 1,000 outer steps of 10 frames on the virtual beamline without waiting, through the real
/// drivers, journal and files.</summary>
internal static class HandoverBenchmark
{
    private const int OuterSteps = 1000;

    public static async Task RunAsync(TextWriter output)
    {
        foreach (var period in new[] { "0 ms", "100 ms" })
            await RunAsync(output, period);
    }

    private static async Task RunAsync(TextWriter output, string boxDataPeriod)
    {
        var folder = Directory.CreateTempSubdirectory("flyscan-handover-").FullName;
        try
        {
            var beamline = Path.Combine(folder, "virtual.hocon");
            var original = await File.ReadAllTextAsync(Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon"));
            await File.WriteAllTextAsync(beamline, original.Replace("box-data-period = 0 ms", $"box-data-period = {boxDataPeriod}"));
            var request = Path.Combine(folder, "request.json");
            await File.WriteAllTextAsync(request, Request);
            var done = await FlyAsync(folder, beamline, request);
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"{done.Count} handovers, box hands samples over every {boxDataPeriod}; milliseconds"));
            Row(output, "software, journal included", done, h => h.SoftwareNs);
            Row(output, "  of it journal commits", done, h => h.JournalNs);
            Row(output, "device waits", done, h => h.WaitsNs);
            Row(output, "all", done, h => h.TotalNs);
            for (var quarter = 0; quarter < 4; quarter++)
            {
                IReadOnlyList<Handover> part = [.. done.Skip(done.Count / 4 * quarter).Take(done.Count / 4)];
                Row(output, $"software, quarter {quarter + 1}", part, h => h.SoftwareNs);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    internal static async Task<IReadOnlyList<Handover>> FlyAsync(string folder, string beamlineFile, string request)
    {
        var data = Path.Combine(folder, "data");
        var beamline = RunPreparation.LoadBeamline(beamlineFile);
        var run = RunPreparation.NewRun(new PlanArguments(request, beamlineFile, data, null, null, DiskSpace.FreeBytes), beamline);
        using var place = RunPlace.Take(data);
        place.Make(run, "{}");
        var world = await VirtualProcess.FindOrStartAsync(data, beamline, timeScale: 0, CancellationToken.None);
        try
        {
            await using var session = await ScanSession.OpenAsync(run, world.Endpoints, timeScale: 0, CancellationToken.None);
            session.Submit(run);
            var (end, why) = await session.View.End;
            if (end != SessionEnd.Ended || why is not null || session.View.Progress?.State.Committed.Count != run.Plan.Frames)
                throw new InvalidOperationException($"the scan ended as {end}: {why ?? session.View.Progress?.State.EndReason}");
            return session.Meter.Done;
        }
        finally
        {
            world.End();
        }
    }

    private static void Row(TextWriter output, string what, IReadOnlyList<Handover> handovers, Func<Handover, long> ns)
    {
        var sorted = handovers.Select(ns).Order().ToList();
        double At(double part) => sorted[(int)Math.Min(sorted.Count - 1, part * sorted.Count)] / 1e6;
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {what,-28} median {At(0.5),8:0.000}   p99 {At(0.99),8:0.000}   max {sorted[^1] / 1e6,8:0.000}"));
    }

    private static string Request => """
        {"request": 1, "detectors": ["cam", "diode"],
        "spec": {"type": "Fly", "spec": {"type": "ConstantDuration", "constant_duration": 0.005,
        "spec": {"type": "Product", "outer": {"type": "Linspace", "axis": "z", "start": 0, "stop": 1, "num": STEPS},
        "inner": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 10}}}}}
        """.Replace("STEPS", OuterSteps.ToString(CultureInfo.InvariantCulture));
}
