using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;
using NJsonSchema;
using Xunit;
using Xunit.Abstractions;
using JsonObject = System.Text.Json.Nodes.JsonObject;
using Range = Flyscan.Scanning.Specs.Range;

namespace Flyscan.Tests.Scanning.Specs;

public class SpecJsonTests(ITestOutputHelper output)
{
    // A Line of scanspec 0.x, which 1.x refuses.
    private const string Meaningful = "old-name-line";

    private static readonly Linspace X = new("x", 0, 1, 2);
    private static readonly Linspace Y = new("y", 0, 1, 2);

    // Inputs of invalid.json that exist only as Python, as the JSON that scanspec would read for them.
    private static readonly Dictionary<string, Spec> Python = new()
    {
        ["range-step-zero"] = new Range("x", 1, 2, 0),
        ["range-step-negative"] = new Range("x", 1, 2, -0.5),
        ["product-two-durations"] = new Product(new ConstantDuration(0.1, Y), new ConstantDuration(0.2, X)),
        ["zip-two-durations"] = new Zip(new ConstantDuration(0.1, Y), new ConstantDuration(0.2, X)),
        ["duration-twice"] = new ConstantDuration(0.1, new ConstantDuration(0.2, X)),
        ["concat-one-duration"] = new Concat(new ConstantDuration(0.1, X), X),
        ["concat-different-axes"] = new Concat(X, Y),
        ["ellipse-step-zero"] = new Ellipse("x", 0, 4, 0, "y", 0, 4, 0),
    };

    public static TheoryData<string> InvalidIds => SharedData.Root is null ? [] : [.. InvalidCases().Keys];

    [SharedTheory]
    [MemberData(nameof(InvalidIds))]
    public void Every_invalid_input_on_record_is_refused_with_its_place(string id)
    {
        var json = InvalidCases()[id];
        var error = Assert.Throws<SpecException>(() => ScanPath.Of(SpecJson.Parse(Encoding.UTF8.GetBytes(json), "invalid.json")));
        Assert.StartsWith("spec", error.Path, StringComparison.Ordinal);
        Assert.DoesNotContain("Exception", error.Message, StringComparison.Ordinal);
    }

    [SharedFact]
    public async Task Every_written_type_is_valid_by_the_schema_of_scanspec()
    {
        var root = JsonNode.Parse(await File.ReadAllBytesAsync(SharedData.PathOf("data/scanspec/spec.schema.json")))!.AsObject();
        var any = new JsonObject { ["$ref"] = "#/$defs/Spec" };
        var union = new JsonObject { ["definitions"] = root["$defs"]!.DeepClone(), ["oneOf"] = new JsonArray(any) };
        union["definitions"]!["Spec"]!.AsObject().Remove("discriminator");
        // The validator knows draft 4, where a constant is an enumeration of one.
        var text = Regex.Replace(union.ToJsonString().Replace("#/$defs/", "#/definitions/"), "\"const\":(\"\\w+\")", "\"enum\":[$1]");
        var schema = await JsonSchema.FromJsonAsync(text);
        foreach (var spec in OneOfEach.Where(s => !Own.Contains(s.GetType())))
            Assert.Empty(schema.Validate(Encoding.UTF8.GetString(SpecJson.Write(spec))));
        Assert.NotEmpty(schema.Validate("""{"type":"Fly","spec":{"type":"Static","axis":"x"}}"""));
    }

    [Fact]
    public void Every_type_reads_back_as_it_was_written_and_no_type_is_forgotten()
    {
        var types = typeof(Spec).Assembly.GetTypes().Where(t => t.IsSubclassOf(typeof(Spec)) && t != typeof(Repeat));
        Assert.Equal(types.Select(t => t.Name).Order(), OneOfEach.Select(s => s.GetType().Name).Append(nameof(PointFile)).Order());
        foreach (var spec in OneOfEach)
        {
            var json = SpecJson.Write(spec);
            Assert.Equal(spec, SpecJson.Parse(json, "written"));
            Assert.Equal(json, SpecJson.Write(SpecJson.Parse(json, "written")));
            Assert.Contains("sx", SpecAxes.Of(SpecAxes.Rename(spec, new Dictionary<string, string> { ["x"] = "sx" })));
            Assert.True(ScanPath.Of(spec).Length > 0);
        }
    }

    [Fact]
    public void Written_json_is_that_of_scanspec() => Assert.Equal(
        """{"type":"Fly","spec":{"type":"ConstantDuration","constant_duration":0.1,"spec":{"type":"Product","outer":3,"inner":""" +
        """{"type":"Snake","spec":{"type":"Linspace","axis":"x","start":0.5,"stop":1E-07,"num":2}},"gap":false}}}""",
        Encoding.UTF8.GetString(SpecJson.Write(
            new Fly(new ConstantDuration(0.1, new Product(new Repeat(3), new Snake(new Linspace("x", 0.5, 1e-7, 2)), Gap: false))))));

    [Fact]
    public void Fields_left_out_take_the_defaults_of_scanspec()
    {
        Assert.Equal(new Linspace("x", 0, 1), Parse("""{"type": "Linspace", "axis": "x", "start": 0, "stop": 1}"""));
        Assert.Equal(new Range("x", 3, 1, 2), Parse("""{"type": "Range", "axis": "x", "start": 3, "stop": 1}"""));
        Assert.Equal(new ConstantDuration(1), Parse("""{"constant_duration": 1.0, "type": "ConstantDuration"}"""));
        Assert.Equal(
            new Ellipse("x", 0, -4, 0.5, "y", 1, 4, 0.5),
            Parse("""{"type": "Ellipse", "x_axis": "x", "x_centre": 0, "x_diameter": -4, "x_step": 0.5, "y_axis": "y", "y_centre": 1}"""));
        Assert.Equal(
            new Product(new Linspace("y", 0, 1, 2), new Repeat(4)),
            Parse("""{"type": "Product", "outer": {"type": "Linspace", "axis": "y", "start": 0, "stop": 1, "num": 2.0}, "inner": 4}"""));
    }

    [Theory]
    [InlineData("""{"type": "Linspce"}""", "a.json: spec.type: is 'Linspce', which is not a type of spec, did you mean 'Linspace'?")]
    [InlineData("""{"type": "Fly", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "mum": 4}}""",
        "a.json: spec.spec.mum: Linspace has no member 'mum', did you mean 'num'?")]
    [InlineData("""{"type": "Product", "outer": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 0}, "inner": 2}""",
        "a.json: spec.outer.num: is 0 frames, but must be between 1 and 2251799813685248")]
    [InlineData("""{"type": "Linspace", "axis": "x", "start": 0}""", "a.json: spec.stop: is missing")]
    [InlineData("""{"type": "Linspace", "axis": "x", "start": "0.5", "stop": 1}""",
        "spec.start: is the text \"0.5\", but must be a number")]
    [InlineData("""{"type": "Linspace", "axis": "x", "start": 1e999, "stop": 1}""",
        "spec.start: is 1e999, but must be at most 1.8e308 in size")]
    [InlineData("""{"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 1e300}""", "spec.num: is 1e300, but must be at most")]
    [InlineData("""{"type": "Linspace", "axis": "x", "axis": "y", "start": 0, "stop": 1}""",
        "spec.axis: stands twice in the same object")]
    [InlineData("""{"type": "Linspace", "axis": "\ud800", "start": 0, "stop": 1}""", "a.json: spec.axis: holds half of a surrogate pair")]
    [InlineData("""{"type": "ConstantDuration", "constant_duration": -0.1}""",
        "a.json: spec.constant_duration: is -0.1, but must be above 0 and at most 1000000 seconds")]
    [InlineData("""{"type": "Snake", "spec": 3}""", "a.json: spec.spec: is 3, but must be a spec: an object with a type")]
    [InlineData("""{"type": "Product", "outer": "2", "inner": 3}""",
        "spec.outer: is the text \"2\", but must be a spec or a whole number of repeats")]
    [InlineData("""{"type": "Polygon", "x_axis": "x", "y_axis": "y", "x_step": 1, "vertices": [[0, 0], [1], [1, 1]]}""",
        "spec.vertices[1]: is an array of 1, but must be [x, y]")]
    [InlineData("[]", "a.json: spec: is an array of 0, but must be a spec: an object with a type")]
    [InlineData("{\"type\": \"Linspace\",\n \"axis\": \"é\", \"start\": NaN}",
        "a.json:2:24: is not JSON: 'N' is an invalid start of a value. Every number must be finite.")]
    [InlineData("", "a.json:1:1: is not JSON")]
    [InlineData("{'type': 1}", "a.json:1:2: is not JSON")]
    public void What_is_wrong_is_said_with_place_value_and_limit(string json, string message) =>
        Assert.Contains(message, Assert.Throws<SpecException>(() => Parse(json)).Message, StringComparison.Ordinal);

    [Fact]
    public void Specs_nest_64_deep_and_no_deeper()
    {
        static string Nested(int depth) => depth == 1
            ? """{"type": "Linspace", "axis": "x", "start": 0, "stop": 1}"""
            : $$"""{"type": "Snake", "spec": {{Nested(depth - 1)}}}""";
        Assert.Equal(1, ScanPath.Of(Parse(Nested(64))).Length);
        var error = Assert.Throws<SpecException>(() => Parse(Nested(65)));
        Assert.Contains("nested more than 64 deep", error.Message, StringComparison.Ordinal);
        Assert.Throws<SpecException>(() => Parse(Nested(2000)));
        Spec built = new Linspace("x", 0, 1);
        for (var i = 0; i < 64; i++)
            built = new Snake(built);
        Assert.Throws<SpecException>(() => ScanPath.Of(built));
    }

    [Fact]
    public void Documents_that_are_too_long_or_not_text_are_refused()
    {
        var error = Assert.Throws<SpecException>(() => SpecJson.Parse(new byte[SpecLimits.DocumentBytes + 1], "long.json"));
        Assert.Equal("long.json: has 4194305 bytes, but a document may have at most 4194304", error.Message);
        var text = Assert.Throws<SpecException>(() => SpecJson.Parse([0x22, 0xff, 0x22], "bad.json"));
        Assert.Equal("bad.json: is not UTF-8 text", text.Message);
    }

    // Types that scanspec 1.x does not have.
    private static readonly Type[] Own =
        [typeof(Durations), typeof(DurationByPosition), typeof(ConstantVelocity), typeof(Delay), typeof(Mask), typeof(PointFile)];

    private static Spec[] OneOfEach
    {
        get
        {
            var x = new Linspace("x", -1.5, 2.25, 6);
            return
            [
                x,
                new Range("x", 5, 0.1, 0.1),
                new Static("x", 3.5, 4),
                new Spiral("x", 1, 10, 2.5, "y", 5, 50),
                new Ellipse("x", 0, 4, 1, "y", 0, 3, 0.5, Snake: true, Vertical: true),
                new Polygon("x", "y", [new(0, 0), new(5, 0), new(2.5, 4)], 0.5, 0.4, Snake: true),
                new Product(new Repeat(2), x, Gap: false),
                new Zip(x, new Static("y", 1)),
                new Snake(x),
                new Concat(x, x, Gap: true, CheckPathChanges: false),
                new Squash(new Product(new Linspace("y", 0, 1, 2), x), CheckPathChanges: false),
                new Fly(x),
                new ConstantDuration(0.1, x),
                new Durations([1, 2, 3, 4, 5, 6], x),
                new DurationByPosition("x", [-1, 2], [0.1, 0.2], x),
                new ConstantVelocity(0.5, new Fly(x), "x"),
                new Delay([0.25], x),
                new Mask(x, new Region.Range("x", 0, 1)),
            ];
        }
    }

    private static Spec Parse(string json) => SpecJson.Parse(Encoding.UTF8.GetBytes(json), "a.json");

    [SharedFact]
    public void The_one_old_document_among_them_that_makes_a_scan_is_read_as_what_it_meant()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("data/scanspec/invalid.json")));
        var line = json.RootElement.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("id").GetString() == Meaningful);
        Assert.Equal(new Linspace("x", 0, 1, 4), SpecJson.Parse(line.GetProperty("input"), "invalid.json"));
        output.WriteLine($"{InvalidCases().Count} invalid inputs refused, 1 of scanspec 0.x read");
        Assert.Equal(46, InvalidCases().Count);
    }

    private static SortedDictionary<string, string> InvalidCases()
    {
        using var json = JsonDocument.Parse(File.ReadAllBytes(SharedData.PathOf("data/scanspec/invalid.json")));
        var cases = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var one in json.RootElement.GetProperty("cases").EnumerateArray())
        {
            var id = one.GetProperty("id").GetString()!;
            if (id == Meaningful)
                continue;
            cases[id] = one.GetProperty("how").GetString() == "json" ? one.GetProperty("input").GetRawText()
                : one.TryGetProperty("spec", out var spec) && spec.ValueKind == JsonValueKind.Object ? spec.GetRawText()
                : id == "multiply-by-float" ? """{"type": "Product", "outer": 2.5, "inner": {"type": "Static", "axis": "x", "value": 1}}"""
                : Encoding.UTF8.GetString(SpecJson.Write(Python[id]));
        }
        return cases;
    }
}
