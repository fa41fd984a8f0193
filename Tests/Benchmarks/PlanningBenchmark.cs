using System.Diagnostics;
using System.Globalization;
using Flyscan.Host.Cli;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;

namespace Flyscan.Benchmarks;

/// <summary>What proving a scan costs, and cutting a take at any frame.</summary>
internal static class PlanningBenchmark
{
    private const int Repeats = 15;

    public static void Run(TextWriter output)
    {
        var file = Path.Combine(AppContext.BaseDirectory, "beamlines", "virtual.hocon");
        var beamline = RunPreparation.LoadBeamline(file).Description;
        output.WriteLine($"planning; milliseconds, median and least of {Repeats} after {Repeats} to warm up; MiB allocated by one");
        foreach (var (name, spec) in Specs())
        {
            var plan = Plan(spec, beamline);
            Row(output, name, () => Plan(spec, beamline));
            foreach (var first in new[] { 0, plan.Frames / 2 + 1, plan.Frames - 1 })
                Row(output, $"  a take from frame {first}", () => plan.NextTake(new FrameRange(first, plan.Frames)));
        }
    }

    private static IEnumerable<(string Name, Spec Spec)> Specs()
    {
        yield return ("1,000 lines of 1,000 frames, snaked", Grid(1000, 1000));
        yield return ("4,000 lines of 2,500 frames, snaked", Grid(4000, 2500));
        yield return ("200,000 lines of 5,000 frames, snaked", Grid(200_000, 5000));
        yield return ("100 x 1,000 lines of 1,000 frames by z", new Product(new Linspace("z", 0, 1, 100), Grid(1000, 1000)));
        yield return ("one spiral of 10^5 frames", new ConstantDuration(0.02, new Fly(new Spiral("x", 0, 36, 0.1, "y", 0, 36))));
    }

    private static Spec Grid(long lines, long frames) => new ConstantDuration(
        0.001, new Fly(new Product(new Linspace("y", 0, 2, lines), new Snake(new Linspace("x", 0, 10, frames)))));

    private static ScanPlan Plan(Spec spec, BeamlineDescription beamline) =>
        ScanPlanner.Plan(new ScanRequest(spec, ["diode"]), beamline, new PlanningEnvironment(null)) switch
        {
            PlanResult.Proved proved => proved.Plan,
            PlanResult.Refused refused => throw new InvalidOperationException(string.Join("; ", refused.Problems)),
            _ => throw new UnreachableException(),
        };

    private static void Row(TextWriter output, string name, Action action)
    {
        var times = new List<double>();
        var once = TimeProvider.System.GetTimestamp();
        action();
        // What takes seconds is not repeated for minutes.
        var repeats = TimeProvider.System.GetElapsedTime(once).TotalSeconds > 0.5 ? 1 : Repeats;
        for (var i = 0; i < 2 * repeats; i++)
        {
            var started = TimeProvider.System.GetTimestamp();
            action();
            if (i >= repeats)
                times.Add(TimeProvider.System.GetElapsedTime(started).TotalMilliseconds);
        }
        var allocated = GC.GetAllocatedBytesForCurrentThread();
        action();
        allocated = GC.GetAllocatedBytesForCurrentThread() - allocated;
        times.Sort();
        var (median, mib) = (times[times.Count / 2], allocated / 1048576.0);
        output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-45} {median,10:0.000} {times[0],10:0.000} {mib,8:0.00}"));
    }
}
