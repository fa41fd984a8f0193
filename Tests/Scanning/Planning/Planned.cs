using System.Text;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>Short ways to plans.</summary>
internal static class Planned
{
    public static readonly PlanningEnvironment Environment = new(FreeDiskBytes: 1L << 40);

    public static Spec Spec(string json) => SpecJson.Parse(Encoding.UTF8.GetBytes(json), "test");

    public static Spec Line(string axis, double start, double stop, long num) => new Linspace(axis, start, stop, num);

    /// <summary>A raster of y over a snaked, flown x.</summary>
    public static Spec Grid(long rows, long columns, double seconds, double width = 10) =>
        new ConstantDuration(seconds, new Fly(new Product(Line("y", 0, 2, rows), new Snake(Line("x", 0, width, columns)))));

    public static PlanResult Try(Spec spec, BeamlineDescription? beamline = null, Func<ScanRequest, ScanRequest>? change = null)
    {
        var request = new ScanRequest(spec, ["cam", "diode"]);
        return ScanPlanner.Plan(change is null ? request : change(request), beamline ?? Beamlines.Virtual, Environment);
    }

    public static ScanPlan Of(Spec spec, BeamlineDescription? beamline = null, Func<ScanRequest, ScanRequest>? change = null) =>
        Try(spec, beamline, change) switch
        {
            PlanResult.Proved proved => proved.Plan,
            PlanResult.Refused refused => throw new Xunit.Sdk.XunitException(string.Join("\n", refused.Problems)),
            _ => throw new System.Diagnostics.UnreachableException(),
        };

    public static string Problems(Spec spec, BeamlineDescription? beamline = null, Func<ScanRequest, ScanRequest>? change = null) =>
        Try(spec, beamline, change) is PlanResult.Refused refused ? string.Join("\n", refused.Problems) : "proved";

    /// <summary>The takes of a whole scan, in order.</summary>
    public static IEnumerable<FrameRange> Takes(ScanPlan plan)
    {
        for (long first = 0; first < plan.Frames;)
        {
            var take = plan.NextTake(new FrameRange(first, plan.Frames));
            yield return take;
            first = take.End;
        }
    }
}
