using System.Text;
using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Specs;
using Xunit;

namespace Flyscan.Tests.Scanning.Specs;

/// <summary>Documents of scanspec 0.x, and types of our own that are written otherwise than they are kept.</summary>
public class LegacySpecTests
{
    private const string Line = """{"type": "Line", "axis": "x", "start": 0, "stop": 1, "num": 4}""";
    private static readonly Linspace X = new("x", 0, 1, 4);

    [Fact]
    public void A_line_is_a_linspace() => Assert.Equal(X, Parse(Line));

    [Fact]
    public void A_repeat_is_a_whole_number_with_its_gap() => Assert.Equal(
        new Product(new Repeat(3), new Snake(X), Gap: false),
        Parse($$"""
            {"type": "Product", "outer": {"type": "Repeat", "num": 3, "gap": false}, "inner": {"type": "Snake", "spec": {{Line}} } }
            """));

    [Fact]
    public void A_duration_axis_zipped_on_is_a_flown_scan() => Assert.Equal(
        new Fly(new ConstantDuration(0.1, X)),
        Parse($$"""{"type": "Zip", "left": {{Line}}, "right": {"type": "Static", "axis": "DURATION", "value": 0.1, "num": 1} }"""));

    [Fact]
    public void A_duration_axis_inside_is_a_step_scan_with_exposures_at_each_stop()
    {
        var spec = Parse($$"""
            {"type": "Product", "outer": {{Line}}, "inner": {"type": "Static", "axis": "DURATION", "value": 0.1, "num": 2} }
            """);
        Assert.Equal(new Product(new ConstantDuration(0.1, X), new Repeat(2)), spec);
        var whole = ScanPath.Of(spec);
        Assert.Equal([4L, 2L], whole.Dimensions.Select(d => d.Length));
        Assert.Equal(0.1, whole.DurationOf(7));
    }

    [Fact]
    public void A_spiral_by_width_and_count_has_that_many_points_on_the_same_curve()
    {
        var spec = Parse("""
            {"type": "Spiral", "x_axis": "x", "y_axis": "y", "x_start": 1, "y_start": 5, "x_range": 10, "y_range": 50, "num": 30,
             "rotate": 0}
            """);
        var path = ScanPath.Of(spec);
        Assert.Equal(30, path.Length);
        for (var i = 0; i < 30; i++)
        {
            var phi = Math.Sqrt(4 * Math.PI * (i + 0.5));
            Assert.Equal(5 + 50 / (2 * Math.Sqrt(4 * Math.PI * 30)) * phi * Math.Cos(phi), path.MidpointOf(0, i), 1e-12);
        }
    }

    [Fact]
    public void A_mask_and_its_regions_read_back_as_they_were_written()
    {
        Region circle = new Region.Circle("x", "y", 4, 2, 1.2);
        Region[] all =
        [
            circle, new Region.Range("x", 1, 2), new Region.Rectangle("x", "y", 0, 1.1, 1.5, 2.1, 30),
            new Region.Polygon("x", "y", [new(1, 4), new(6, 10), new(8, 6), new(2, 1)]), new Region.Ellipse("x", "y", 5, 5, 2, 3, 75),
            .. Enum.GetValues<RegionOperator>().Select(how => new Region.Combination(how, circle, new Region.Range("y", 0, 1))),
        ];
        foreach (var region in all)
        {
            var mask = new Mask(new Product(new Linspace("y", 0, 1, 2), X), region);
            Assert.Equal(mask, SpecJson.Parse(SpecJson.Write(mask), "written"));
            Assert.Contains("\"sx\"", Encoding.UTF8.GetString(SpecJson.Write(
                SpecAxes.Rename(mask, new Dictionary<string, string> { ["x"] = "sx" }))), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_fixed_rate_is_a_constant_duration() => Assert.Equal(
        new ConstantDuration(0.008, X), Parse($$"""{"type": "FixedRate", "rate": 125, "spec": {{Line}} }"""));

    [Theory]
    [InlineData("""{"type": "Repeat", "num": 3}""", "spec.type: is 'Repeat', which is not a type of spec by itself")]
    [InlineData("""{"type": "FixedRate", "rate": 0, "spec": {}}""", "spec.rate: is 0, but must be above 0 frames per second")]
    [InlineData("""{"type": "Mask", "spec": {"type": "Static", "axis": "x", "value": 0}, "region": {}}""", "spec.region.type: is missing")]
    [InlineData("""{"type": "Mask", "spec": {"type": "Static", "axis": "x", "value": 0}, "region": {"type": "Circel"}}""",
        "did you mean 'Circle'?")]
    [InlineData("""{"type": "Delay", "delay": "1", "spec": {}}""",
        "spec.delay: is the text \"1\", but must be a number or an array of numbers")]
    public void What_is_wrong_is_said_with_its_place(string json, string message) =>
        Assert.Contains(message, Assert.Throws<SpecException>(() => Parse(json)).Message, StringComparison.Ordinal);

    private static Spec Parse(string json) => SpecJson.Parse(Encoding.UTF8.GetBytes(json), "a.json");
}
