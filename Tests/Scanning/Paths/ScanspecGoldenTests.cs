using System.Text.Json;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;
using Xunit;

namespace Flyscan.Tests.Scanning.Paths;

/// <summary>Paths against results that scanspec 1.0 computed.</summary>
public class ScanspecGoldenTests
{
    public static TheoryData<string> SharedNames => Names(SharedData.Root is null ? null : SharedData.PathOf("data/scanspec/specs"));

    public static TheoryData<string> GoldenNames => Names(Path.Combine(AppContext.BaseDirectory, "Golden", "scanspec"));

    [SharedTheory]
    [MemberData(nameof(SharedNames))]
    public void Every_recorded_spec_gives_the_recorded_frames_in_chunks_of_any_size(string name) => AssertAll(ScanspecResult.Shared(name));

    [Theory]
    [MemberData(nameof(GoldenNames))]
    public void Representative_specs_give_the_recorded_frames_in_chunks_of_any_size(string name) => AssertAll(ScanspecResult.Golden(name));

    [SharedTheory]
    [MemberData(nameof(SharedNames))]
    public void Every_recorded_spec_gives_the_recorded_dimensions(string name) => AssertDimensions(ScanspecResult.Shared(name));

    [Theory]
    [MemberData(nameof(GoldenNames))]
    public void Representative_specs_give_the_recorded_dimensions(string name) => AssertDimensions(ScanspecResult.Golden(name));

    [SharedTheory]
    [MemberData(nameof(SharedNames))]
    public void Range_of_each_axis_holds_every_recorded_position_tightly(string name)
    {
        var result = ScanspecResult.Shared(name);
        foreach (var flown in (bool[])[false, true])
        {
            var path = PathOf(result, flown);
            var whole = ScanspecResult.Read(path, (int)path.Length);
            for (var axis = 0; axis < path.Axes.Count; axis++)
            {
                double[] all = [.. whole.Lower[axis], .. whole.Midpoint[axis], .. whole.Upper[axis]];
                var (low, high) = path.RangeOf(axis);
                Assert.True(low <= all.Min() && high >= all.Max());
                var slack = result.Exact ? 0 : 0.1 * (high - low);
                Assert.Equal(all.Min(), low, slack);
                Assert.Equal(all.Max(), high, slack);
            }
        }
    }

    private static void AssertAll(ScanspecResult result)
    {
        foreach (var flown in (bool[])[false, true])
        {
            var path = PathOf(result, flown);
            Assert.Equal(result.Axes.Order(), path.Axes.Order());
            foreach (var chunk in (int[])[7, 999, 1 << 16])
            {
                if (path.Length / chunk < 1000 || chunk > 900)
                    result.AssertFrames(path, flown, chunk);
            }
        }
    }

    private static void AssertDimensions(ScanspecResult result)
    {
        foreach (var flown in (bool[])[false, true])
        {
            var path = PathOf(result, flown);
            Assert.Equal(result.Shape, path.Dimensions.Select(d => d.Length));
            Assert.Equal(result.Snaked, path.Dimensions.Select(d => d.Snaked));
            foreach (var (dimension, expected) in path.Dimensions.Zip(result.Stack(flown).EnumerateArray()))
            {
                Assert.Equal(expected.GetProperty("length").GetInt64(), dimension.Length);
                Assert.Equal(expected.GetProperty("axes").EnumerateArray().Select(a => a.GetString()!).Order(), dimension.Axes.Order());
                Assert.Equal(expected.GetProperty("lower").ValueKind == JsonValueKind.Object, dimension.HasBounds);
                Assert.Equal(expected.GetProperty("duration").ValueKind != JsonValueKind.Null, dimension.HasDuration);
                Assert.Equal(expected.GetProperty("snaked").GetBoolean(), dimension.Snaked);
            }
        }
    }

    // bounds_true in a file is what the spec gives inside a Fly.
    private static ScanPath PathOf(ScanspecResult result, bool flown) => ScanPath.Of(flown ? new Fly(result.Spec) : result.Spec);

    private static TheoryData<string> Names(string? folder) =>
        folder is null ? [] : [.. Directory.GetFiles(folder, "*.json").Order(StringComparer.Ordinal).Select(NameOf)];

    private static string NameOf(string file) => Path.GetFileNameWithoutExtension(file);
}
