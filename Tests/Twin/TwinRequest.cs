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

    public static TwinRequest Of(ulong seed)
    {
        var draw = SimulationGenerator.For(seed, "request");
        var steps = new Dictionary<string, double>(StringComparer.Ordinal);
        var spec = Line(draw, "x", 3 + draw.Below(8), steps, 0.1 + draw.Below(100) * 0.004);
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
        if (draw.Below(4) > 0)
            spec = $$"""{"type":"Fly","spec":{{spec}}}""";
        var shutter = draw.Below(4) switch { 0 => "", 1 => "\"shutter\":\"perWindow\",", _ => "\"shutter\":\"perScan\"," };
        var json = $$"""{"request":1,"spec":{{spec}},{{shutter}}"detectors":["cam","diode"],"maxExposuresPerFrame":200}""";
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
