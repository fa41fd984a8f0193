using System.Text.Json;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Scanning.Planning;
using Xunit;

namespace Flyscan.Tests.Scanning.Trajectories;

/// <summary>Trajectories against those that another implementation made for the same paths and limits.</summary>
public sealed class PmacComparisonTests
{
    private const long Ms = 1_000_000;

    [SharedTheory]
    [InlineData("concat-gap")]
    [InlineData("ellipse-snake")]
    [InlineData("line")]
    [InlineData("raster-2d")]
    [InlineData("snake-2d")]
    [InlineData("snake-2d-y-slow")]
    [InlineData("snake-3d")]
    [InlineData("step-every-gap")]
    public void Limits_hold_frames_are_met_and_no_turn_takes_longer(string file)
    {
        var theirs = Read(file);
        var plan = Planned.Of(theirs.Spec, theirs.Beamline, r => r with { Detectors = [] });
        Assert.Equal(theirs.Frames, plan.Frames);
        var take = plan.NextTake(new FrameRange(0, plan.Frames));
        Assert.Equal(plan.Frames, take.End);
        var programme = plan.Compile(take);
        var course = new Course(programme.Trajectory!);
        for (var axis = 0; axis < course.Axes; axis++)
        {
            var limits = theirs.Beamline.Axes[axis];
            var acceleration = course.TopAcceleration(axis);
            Assert.True(acceleration <= limits.MaxAcceleration * (1 + 1e-9) + 1e-6, $"{limits.Name} {acceleration}");
            Assert.Equal(0, course.Point(axis, programme.Trajectory!.Points - 1).Velocity);
        }
        var rises = course.Rises();
        Assert.Equal(theirs.Gaps.Count, rises.Count);
        for (var w = 0; w < rises.Count; w++)
        {
            var window = programme.Triggers.Windows[w];
            for (var axis = 0; axis < course.Axes; axis++)
                Assert.Equal(plan.Path.LowerOf(axis, window.FirstFrame), course.At(axis, rises[w]).Position, 1e-6);
            if (w == 0)
                continue;
            var gap = rises[w] - rises[w - 1] - programme.Triggers.Windows[w - 1].DurationNs;
            Assert.True(gap <= theirs.Gaps[w], $"turn {w}: {gap} ns, theirs {theirs.Gaps[w]} ns");
        }
    }

    [SharedTheory]
    [InlineData("line-reverse", "velocity", "go too fast: 13.333333 mm/s; allowed: at most 10 mm/s")]
    [InlineData("line-faster-than-vmax", "velocity", "go too fast: 1000 mm/s; allowed: at most 10 mm/s")]
    [InlineData("spiral", "velocity and acceleration", "accelerate too hard")]
    [InlineData("concat-velocity-change", "acceleration", "accelerate too hard")]
    public void What_is_beyond_the_limits_is_refused_where_they_let_it_pass(string file, string limit, string text)
    {
        var theirs = Read(file);
        var problems = Planned.Problems(theirs.Spec, theirs.Beamline, r => r with { Detectors = [] });
        Assert.True(problems.Contains(text, StringComparison.Ordinal), $"{limit}: {problems}");
    }

    /// <summary>Gaps[w]: nanoseconds between the end of window w-1 and the start of window w; [0] is 0.</summary>
    private sealed record Theirs(Spec Spec, BeamlineDescription Beamline, long Frames, List<long> Gaps);

    private static Theirs Read(string file)
    {
        // Python's writer puts a bare -Infinity where their result is one.
        var written = File.ReadAllText(SharedData.PathOf($"data/pmac-trajectory/{file}.json"));
        var text = written.Replace("-Infinity", "-1e999", StringComparison.Ordinal);
        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        var spec = SpecJson.Parse(root.GetProperty("spec"), file);
        var names = root.GetProperty("max_velocity").EnumerateObject().Select(p => p.Name).ToList();
        var axes = names.Select(name => new AxisDescription(
            name, "mm", -1e6, 1e6, root.GetProperty("max_velocity").GetProperty(name).GetDouble(),
            root.GetProperty("acceleration").GetProperty(name).GetDouble(), "motion", null, 0));
        var beamline = Beamlines.Virtual with
        {
            Axes = axes.ToEquatableArray(),
            Controllers = [new ControllerDescription("motion", names.ToEquatableArray(), Ms, 4000 * Ms, 200_000)],
        };
        return new Theirs(spec, beamline, root.GetProperty("frames").GetInt64(), GapsOf(root));
    }

    private static List<long> GapsOf(JsonElement root)
    {
        var durations = root.GetProperty("durations_s").EnumerateArray().Select(d => d.GetDouble()).ToList();
        var programs = root.GetProperty("user_programs").EnumerateArray().Select(p => p.GetInt32()).ToList();
        var gaps = new List<long> { 0 };
        // A point of the gap belongs to program 2, and so does the way from the last of them to the next window's first point.
        for (var i = 0; i < durations.Count;)
        {
            if (programs[i] != 2)
            {
                i++;
                continue;
            }
            var seconds = 0.0;
            for (; programs[i] == 2; i++)
                seconds += durations[i];
            gaps.Add((long)Math.Round((seconds + durations[i]) * 1e9));
        }
        return gaps;
    }
}
