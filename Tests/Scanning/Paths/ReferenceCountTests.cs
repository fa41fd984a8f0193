using System.Text.Json;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Scanning.Paths;

/// <summary>All of scanspec's recorded results in one place, counted.</summary>
public class ReferenceCountTests(ITestOutputHelper output)
{
    private static readonly int[] Chunks = [1, 7, 999, 10_000, 1 << 16];

    [SharedFact]
    public void All_recorded_specs_are_compared_and_counted()
    {
        var (specs, variants, reads, frames) = (0, 0, 0, 0L);
        foreach (var file in Directory.GetFiles(SharedData.PathOf("data/scanspec/specs"), "*.json").Order(StringComparer.Ordinal))
        {
            var result = ScanspecResult.Load(file);
            specs++;
            foreach (var flown in (bool[])[false, true])
            {
                var path = ScanPath.Of(flown ? new Fly(result.Spec) : result.Spec);
                variants++;
                foreach (var chunk in Chunks.Where(c => path.Length / c <= 20_000))
                {
                    result.AssertFrames(path, flown, chunk);
                    reads++;
                    frames += path.Length;
                }
            }
        }
        output.WriteLine($"{specs} recorded specs, {variants} paths (stepped, flown), {reads} reads in chunks, {frames} frames compared");
        Assert.Equal((42, 84), (specs, variants));
    }

    [SharedFact]
    public void All_defects_of_the_reference_on_record_have_the_right_result()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("data/scanspec/reference-defects.json")));
        var right = 0;
        foreach (var one in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            CheckDefect(one.GetProperty("id").GetString()!, one);
            right++;
        }
        output.WriteLine($"{right} defects of the reference, all right here");
        Assert.Equal(9, right);
    }

    private static void CheckDefect(string id, JsonElement one)
    {
        switch (id)
        {
            case "variable-duration-reversed":
                var timed = Frames(one);
                Assert.Equal([0.1, 0.1, 0.4, 0.4, 0.4, 0.4, 0.1, 0.1], timed.DurationSeconds);
                Assert.Equal(Numbers(one, "x"), timed.Midpoint[1]);
                Assert.Equal(one.GetProperty("gap").EnumerateArray().Select(g => g.GetBoolean()), timed.Gap);
                break;
            case "range-overshoots-many-points":
                var many = ScanPath.Of(SpecOf(one));
                Assert.Equal(1_000_001, many.Length);
                Assert.Equal(1, many.MidpointOf(0, many.Length - 1), 1e-12);
                break;
            case "range-overshoots-small-units":
                Assert.Equal(Numbers(one, "x")[..3], Frames(one).Midpoint[0]);
                break;
            case "concat-rounding-gap" or "snake-repeat-rounding" or "lone-snake-first-gap":
                var whole = Frames(one);
                Assert.Equal([0], Enumerable.Range(0, whole.Gap.Length).Where(i => whole.Gap[i]));
                Assert.Equal(Numbers(one, "x"), whole.Midpoint[0]);
                break;
            case "squash-check-bypassed-by-duration" or "squash-check-bypassed-by-duration-masked":
                var error = Assert.Throws<SpecException>(() => ScanPath.Of(SpecOf(one)));
                Assert.Contains("cannot squash snaked x", error.Message, StringComparison.Ordinal);
                break;
            case "snaked-from-frames-changes-its-source":
                var line = new Linspace("x", 0, 1, 3);
                _ = ScanPath.Of(new Product(new Repeat(2), new Snake(line)));
                Assert.Equal([true, true, true], ScanspecResult.Read(ScanPath.Of(line), 3).Gap);
                break;
            default:
                Assert.Fail($"no right result is known for {id}");
                break;
        }
    }

    private static Spec SpecOf(JsonElement one) => SpecJson.Parse(one.GetProperty("spec"), "reference-defects.json");

    private static FrameBlock Frames(JsonElement one) => ScanspecResult.Read(ScanPath.Of(SpecOf(one)), 3);

    private static double[] Numbers(JsonElement one, string axis) =>
        [.. one.GetProperty("midpoints").GetProperty(axis).EnumerateArray().Select(n => n.GetDouble())];
}
