using System.Globalization;
using System.Text;
using Flyscan.Engine.Simulation;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;

namespace Flyscan.Twin;

/// <summary>A small random scan whose frames can all be told apart by where the axes were.</summary>
/// <param name="Steps">Least distance between two frames, by axis.</param>
internal sealed record TwinRequest(ScanRequest Request, IReadOnlyDictionary<string, double> Steps, bool IsWatched, Suspender? Suspender)
{
    private const long Ms = 1_000_000;

    /// <summary>How often a recorder takes a frame.</summary>
    public Rate RateOf(string recorder) =>
        Request.Rates.Where(r => r.Detector == recorder).Select(r => new Rate(r.Rate.Multiple, r.Rate.Divide))
            .FirstOrDefault(new Rate(1, 1));

    /// <param name="faults">Those from the start say at which rates detectors are, and when frames are told of and committed.</param>
    public static TwinRequest Of(ulong seed, IReadOnlyList<TwinFault> faults)
    {
        var draw = SimulationGenerator.For(seed, "request");
        var rates = faults.OfType<TwinFault.Rates>().FirstOrDefault() ?? new TwinFault.Rates(0, 0);
        var group = Math.Max(1, rates.Slow);
        var steps = new Dictionary<string, double>(StringComparer.Ordinal);
        var spec = Line(draw, "x", (3 + draw.Below(8) + group - 1) / group * group, steps, 0.1 + draw.Below(100) * 0.004);
        if (draw.Below(3) > 0)
        {
            var snaked = draw.Below(2) == 0 ? $$"""{"type":"Snake","spec":{{spec}}}""" : spec;
            spec = Product(Line(draw, "y", 2 + draw.Below(3), steps, 0.1 + draw.Below(100) * 0.002), snaked);
        }
        if (draw.Below(3) > 0)
            spec = Product(Line(draw, "z", 1 + draw.Below(3), steps, 0.2), spec);
        var duration = (2 + draw.Below(20)) * 0.001;
        spec = string.Create(CultureInfo.InvariantCulture,
            $$"""{"type":"ConstantDuration","constant_duration":{{duration}},"spec":{{spec}}}""");
        // A step scan has windows of one frame, which are no whole groups.
        if (draw.Below(4) > 0 || group > 1)
            spec = $$"""{"type":"Fly","spec":{{spec}}}""";
        var shutter = draw.Below(4) switch { 0 => "", 1 => "\"shutter\":\"perWindow\",", _ => "\"shutter\":\"perScan\"," };
        var more = new StringBuilder();
        if (faults.Any(f => f is TwinFault.CommitAtEnd))
            more.Append("\"commit\":\"atEnd\",");
        if (faults.Any(f => f is TwinFault.EagerDocuments))
            more.Append("\"documents\":\"eager\",");
        var rated = new List<(string Name, string Rate)>();
        if (rates.Fast > 0)
            rated.Add(("fast", $"{rates.Fast}"));
        if (rates.Slow > 0)
            rated.Add(("slow", $"\"1/{rates.Slow}\""));
        if (rated.Count > 0)
            more.Append($"\"rates\":{{{string.Join(",", rated.Select(r => $"\"{r.Name}\":{r.Rate}"))}}},");
        var detectors = string.Concat(rated.Select(r => $",\"{r.Name}\""));
        var json = $$"""
            {"request":1,"spec":{{spec}},{{shutter}}{{more}}"detectors":["cam","diode"{{detectors}}],"maxExposuresPerFrame":200}
            """;
        var request = ScanRequestJson.Parse(Encoding.UTF8.GetBytes(json), "twin");
        var watched = draw.Below(5) > 0;
        var guard = Ms + draw.Below(10 * Ms);
        return new TwinRequest(request, steps, watched, !watched ? null : new Suspender(
            "ring", "ring", 100, 200, 1e300, guard + draw.Below(300 * Ms), guard, draw.Below(2) == 0 ? 0 : draw.Below(50 * Ms),
            (20 + draw.Below(150)) * Ms));
    }

    private static string Product(string outer, string inner) => $$"""{"type":"Product","outer":{{outer}},"inner":{{inner}}}""";

    private static string Line(SimulationGenerator draw, string axis, int points, Dictionary<string, double> steps, double step)
    {
        var start = Math.Round(-2 + draw.Below(1000) * 0.002, 3);
        steps[axis] = step;
        var stop = Math.Round(start + step * (points - 1), 9);
        return string.Create(CultureInfo.InvariantCulture,
            $$"""{"type":"Linspace","axis":"{{axis}}","start":{{start}},"stop":{{stop}},"num":{{points}}}""");
    }
}

/// <summary>So many rows for so many frames of the scan; one of both is 1.</summary>
internal readonly record struct Rate(int Rows, int Frames)
{
    public long RowsOf(long frames) => frames * Rows / Frames;
}
