using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;
using Xunit;

namespace Flyscan.Tests.Scanning.Paths;

/// <summary>A spec and what scanspec 1.0 computes for it, as recorded in one file.</summary>
/// <remarks>Arrays of over 400 items stand there as length, head, tail, samples, sum, extremes and SHA-256.</remarks>
internal sealed class ScanspecResult
{
    private readonly JsonElement _json;

    private ScanspecResult(string file)
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(file));
        _json = json.RootElement.Clone();
        Spec = SpecJson.Parse(_json.GetProperty("spec"), file);
        // sin and cos of two libraries differ in the last bit.
        Exact = !_json.GetProperty("spec").GetRawText().Contains("Spiral", StringComparison.Ordinal);
    }

    public Spec Spec { get; }

    public bool Exact { get; }

    public string[] Axes => [.. _json.GetProperty("axes").EnumerateArray().Select(a => a.GetString()!)];

    public long[] Shape => [.. _json.GetProperty("shape").EnumerateArray().Select(n => n.GetInt64())];

    public bool[] Snaked => [.. _json.GetProperty("snaked").EnumerateArray().Select(n => n.GetBoolean())];

    public JsonElement Stack(bool flown) => Variant("calculate", flown);

    public JsonElement Path(bool flown) => Variant("path", flown);

    public static ScanspecResult Load(string file) => new(file);

    public static ScanspecResult Shared(string name) => new(SharedData.PathOf($"data/scanspec/specs/{name}.json"));

    public static ScanspecResult Golden(string name) =>
        new(System.IO.Path.Combine(AppContext.BaseDirectory, "Golden", "scanspec", name + ".json"));

    /// <summary>Asserts that a path has the recorded frames, whatever the size of the chunks it is read in.</summary>
    public void AssertFrames(ScanPath path, bool flown, int chunk)
    {
        var expected = Path(flown);
        var whole = Read(path, chunk);
        Assert.Equal(expected.GetProperty("length").GetInt64(), path.Length);
        for (var axis = 0; axis < path.Axes.Count; axis++)
        {
            var name = path.Axes[axis];
            var midpoints = expected.GetProperty("midpoints").GetProperty(name);
            AssertNumbers(midpoints, whole.Midpoint[axis]);
            AssertNumbers(Bound(expected, "lower", name) ?? midpoints, whole.Lower[axis]);
            AssertNumbers(Bound(expected, "upper", name) ?? midpoints, whole.Upper[axis]);
        }
        AssertGaps(expected.GetProperty("gap"), whole.Gap);
        if (expected.GetProperty("duration") is { ValueKind: not JsonValueKind.Null } durations)
            AssertNumbers(durations, whole.DurationSeconds);
        else
            Assert.All(whole.DurationSeconds, d => Assert.True(double.IsNaN(d)));
    }

    /// <summary>All frames of a path, read in chunks.</summary>
    public static FrameBlock Read(ScanPath path, int chunk)
    {
        var whole = new FrameBlock(path.Axes.Count, (int)path.Length);
        var part = new FrameBlock(path.Axes.Count, chunk);
        for (var start = 0; start < path.Length; start += part.Count)
        {
            path.Read(start, part);
            Assert.Equal(Math.Min(chunk, path.Length - start), part.Count);
            for (var axis = 0; axis < path.Axes.Count; axis++)
            {
                part.Lower[axis].AsSpan(0, part.Count).CopyTo(whole.Lower[axis].AsSpan(start));
                part.Midpoint[axis].AsSpan(0, part.Count).CopyTo(whole.Midpoint[axis].AsSpan(start));
                part.Upper[axis].AsSpan(0, part.Count).CopyTo(whole.Upper[axis].AsSpan(start));
            }
            part.Gap.AsSpan(0, part.Count).CopyTo(whole.Gap.AsSpan(start));
            part.DurationSeconds.AsSpan(0, part.Count).CopyTo(whole.DurationSeconds.AsSpan(start));
            part.DelaySeconds.AsSpan(0, part.Count).CopyTo(whole.DelaySeconds.AsSpan(start));
        }
        return whole;
    }

    private JsonElement Variant(string what, bool flown)
    {
        var variants = _json.GetProperty(what);
        var flownOne = variants.GetProperty("bounds_true");
        return flown && flownOne.ValueKind != JsonValueKind.String ? flownOne : variants.GetProperty("bounds_false");
    }

    private static JsonElement? Bound(JsonElement frames, string which, string axis) =>
        frames.GetProperty(which) is { ValueKind: JsonValueKind.Object } bounds ? bounds.GetProperty(axis) : null;

    private void AssertNumbers(JsonElement expected, ReadOnlySpan<double> actual)
    {
        if (expected.ValueKind == JsonValueKind.Array)
        {
            AssertClose(expected, actual);
            return;
        }
        Assert.Equal(expected.GetProperty("length").GetInt32(), actual.Length);
        AssertClose(expected.GetProperty("head"), actual[..expected.GetProperty("head").GetArrayLength()]);
        AssertClose(expected.GetProperty("tail"), actual[^expected.GetProperty("tail").GetArrayLength()..]);
        var samples = new List<double>();
        foreach (var index in expected.GetProperty("sample_index").EnumerateArray())
            samples.Add(actual[index.GetInt32()]);
        AssertClose(expected.GetProperty("sample"), samples.ToArray());
        var values = actual.ToArray();
        AssertClose(expected.GetProperty("min").GetDouble(), values.Min());
        AssertClose(expected.GetProperty("max").GetDouble(), values.Max());
        Assert.Equal(expected.GetProperty("sum").GetDouble(), values.Sum(), 1e-9 * expected.GetProperty("sum_abs").GetDouble());
        if (Exact)
            Assert.Equal(expected.GetProperty("sha256_f64le").GetString(), Hash(MemoryMarshal.AsBytes(actual)));
    }

    private void AssertClose(JsonElement expected, ReadOnlySpan<double> actual)
    {
        Assert.Equal(expected.GetArrayLength(), actual.Length);
        var i = 0;
        foreach (var value in expected.EnumerateArray())
            AssertClose(value.GetDouble(), actual[i++]);
    }

    private void AssertClose(double expected, double actual)
    {
        if (Exact)
            Assert.Equal(expected, actual);
        else
            Assert.Equal(expected, actual, 1e-12 * Math.Max(100, Math.Abs(expected)));
    }

    // Frame 0 is a start whatever the reference says of it.
    private static void AssertGaps(JsonElement expected, ReadOnlySpan<bool> actual)
    {
        Assert.True(actual[0]);
        if (expected.ValueKind == JsonValueKind.Array)
        {
            var gaps = expected.EnumerateArray().Select(g => g.GetBoolean()).Skip(1);
            Assert.Equal(gaps, actual[1..].ToArray());
            return;
        }
        var bytes = MemoryMarshal.AsBytes(actual);
        Assert.Equal(expected.GetProperty("length").GetInt32(), bytes.Length);
        Assert.Equal(expected.GetProperty("count_true").GetInt32(), bytes.Count((byte)1));
        Assert.Equal(expected.GetProperty("sha256_u8").GetString(), Hash(bytes));
    }

    private static string Hash(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
