using System.CommandLine;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;

namespace Flyscan.Host.Cli;

/// <summary><c>flyscan points</c>: the frames that a spec makes, as a table, JSON or CSV.</summary>
internal static class PointsCommand
{
    private const int TableFrames = 20;

    public static Command Create()
    {
        var file = new Argument<string>("SPEC.json") { Description = "A spec, a file with a member spec, or a scan request." };
        var start = new Option<long>("--start") { Description = "The first frame to show. Default: 0", HelpName = "K" };
        var count = new Option<long?>("--count")
        {
            Description = $"How many frames at most. Default: all that follow; as a table {TableFrames}.",
            HelpName = "N",
        };
        var stepped = new Option<bool>("--stepped")
        { Description = "The spec as it stands: only what is inside a Fly moves through frames." };
        var flown = new Option<bool>("--flown") { Description = "The fastest dimension moves from bound to bound. This is the default." };
        var json = new Option<bool>("--json") { Description = "Print one JSON object." };
        var csv = new Option<bool>("--csv") { Description = "Print a line per frame, as CSV." };
        var command = new VerbCommand(
            "points", "Shows the frames of a spec: where each begins, its middle and end, gaps and durations. Needs no beamline.",
            "flyscan points grid.json --count 10",
            "flyscan points grid.json --start 1000 --count 5 --json",
            "flyscan points grid.json --stepped --csv")
        {
            file, start, count, stepped, flown, json, csv,
        };
        command.SetVerb(json, (parsed, output) =>
        {
            if (parsed.GetValue(stepped) && parsed.GetValue(flown))
                throw new RefusedException("--stepped and --flown exclude each other; give one of them.");
            if (parsed.GetValue(json) && parsed.GetValue(csv))
                throw new RefusedException("--json and --csv exclude each other; give one of them.");
            var name = parsed.GetValue(file)!;
            var spec = RunPreparation.LoadSpec(name);
            var path = PathOf(parsed.GetValue(stepped) ? spec : new Fly(spec), name);
            var asTable = !parsed.GetValue(json) && !parsed.GetValue(csv);
            var frames = Chosen(path, parsed.GetValue(start), parsed.GetValue(count) ?? (asTable ? TableFrames : long.MaxValue));
            var view = new PointsView(path, frames);
            var writer = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                view.WriteJson(writer);
            else if (parsed.GetValue(csv))
                view.WriteCsv(writer);
            else
                view.Show(output);
            return Task.FromResult(ExitCode.Finished);
        });
        return command;
    }

    private static ScanPath PathOf(Spec spec, string file)
    {
        ScanPath path;
        try
        {
            path = ScanPath.Of(spec);
        }
        catch (SpecException wrong)
        {
            // The Fly around it is not the user's.
            var at = spec is Fly && wrong.Path is { } place && place.StartsWith("spec.spec", StringComparison.Ordinal)
                ? place[5..] : wrong.Path;
            throw new SpecException(wrong.What, at, file);
        }
        for (var axis = 0; axis < path.Axes.Count; axis++)
        {
            var (low, high) = path.RangeOf(axis);
            if (!double.IsFinite(low) || !double.IsFinite(high))
                throw new SpecException($"axis {path.Axes[axis]} leaves the range of finite numbers; move it towards 0", "spec", file);
        }
        return path;
    }

    private static (long First, long Count) Chosen(ScanPath path, long start, long count)
    {
        if (start < 0 || start >= path.Length)
            throw new RefusedException($"--start {start}: must be a frame, 0 to {path.Length - 1}");
        if (count < 0)
            throw new RefusedException($"--count {count}: must be at least 0");
        return (start, Math.Min(count, path.Length - start));
    }
}
