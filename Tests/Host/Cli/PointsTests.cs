using Xunit;

namespace Flyscan.Tests.Host.Cli;

public sealed class PointsTests
{
    private const string Grid = """
        {"type": "Product", "outer": {"type": "Linspace", "axis": "y", "start": 0, "stop": 1, "num": 2},
         "inner": {"type": "Snake", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 2, "num": 3}}}
        """;

    [Fact]
    public async Task Json_is_one_object_flown_unless_told_otherwise()
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("points", place.Write("grid.json", Grid), "--json");
        Assert.Equal(
            new CliAnswer(0,
                """{"axes":["y","x"],"shape":[2,3],"frames":6,"midpoints":{"y":[0,0,0,1,1,1],"x":[0,1,2,2,1,0]}"""
                + ""","lower":{"y":[0,0,0,1,1,1],"x":[-0.5,0.5,1.5,2.5,1.5,0.5]}"""
                + ""","upper":{"y":[0,0,0,1,1,1],"x":[0.5,1.5,2.5,1.5,0.5,-0.5]}"""
                + ""","gap":[true,false,false,true,false,false],"duration":null}""" + "\n", ""),
            answer);
    }

    [Fact]
    public async Task Some_frames_of_a_stepped_scan_and_their_delays()
    {
        using var place = new CliPlace();
        var file = place.Write("a.json", $$$"""
            {"note": 1, "spec": {"type": "ConstantDuration", "constant_duration": 0.5,
            "spec": {"type": "Delay", "delay": 2, "spec": {{{Grid}}} } } }
            """);
        var answer = await place.RunAsync("points", file, "--json", "--stepped", "--start", "4", "--count", "9");
        Assert.Equal(
            """{"axes":["y","x"],"shape":[2,3],"frames":6,"midpoints":{"y":[1,1],"x":[1,0]},"lower":{"y":[1,1],"x":[1,0]}"""
            + ""","upper":{"y":[1,1],"x":[1,0]},"gap":[true,true],"duration":[0.5,0.5],"delay":[2,2]}""" + "\n", answer.Output);
    }

    [Fact]
    public async Task Csv_has_a_line_per_frame()
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("points", place.Write("grid.json", Grid), "--csv", "--start", "2", "--count", "2");
        Assert.Equal("frame,y,y lower,y upper,x,x lower,x upper,gap\n2,0,0,0,2,1.5,2.5,false\n3,1,1,1,2,2.5,1.5,true\n", answer.Output);
    }

    [Fact]
    public async Task The_table_stops_early_and_says_so()
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("points", place.Write("r.json", CliPlace.Good), "--count", "3");
        Assert.Equal((0, ""), (answer.Code, answer.Error));
        Assert.Contains("axes x, shape 10, 10 frames", answer.Output);
        Assert.Contains("7 more frames", answer.Output);
    }

    [Fact]
    public async Task The_far_end_of_a_trillion_frames_is_shown_at_once()
    {
        using var place = new CliPlace();
        var big = Grid.Replace("\"num\": 2", "\"num\": 1000000").Replace("\"num\": 3", "\"num\": 1000000");
        var answer = await place.RunAsync("points", place.Write("b.json", big), "--json", "--start", "999999999999");
        Assert.Equal(1_000_000_000_000, answer.Json().GetProperty("frames").GetInt64());
        Assert.Equal(0, answer.Json().GetProperty("midpoints").GetProperty("x")[0].GetDouble(), 1e-9);
    }

    [Fact]
    public async Task Points_of_a_file_beside_the_spec_are_shown()
    {
        using var place = new CliPlace();
        place.Write("in/p.csv", "x,t\n1,0.5\n4,0.25\n");
        var spec = place.Write("in/s.json", """{"type": "PointFile", "file": "p.csv", "axes": ["x"], "duration_column": "t"}""");
        var answer = await place.RunAsync("points", spec, "--json");
        Assert.Equal((0, ""), (answer.Code, answer.Error));
        Assert.Equal("""[0.5,0.25]""", answer.Json().GetProperty("duration").GetRawText());
        Assert.Equal("""[-0.5,2.5]""", answer.Json().GetProperty("lower").GetProperty("x").GetRawText());
    }

    [Theory]
    [InlineData("{", "flyscan: DIR/s.json:1:2: is not JSON")]
    [InlineData("""{"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 0}""", "flyscan: DIR/s.json: spec.num: is 0 frames")]
    [InlineData("""{"type": "PointFile", "file": "no.csv", "axes": ["x"]}""",
        "flyscan: DIR/s.json: spec.file: DIR/no.csv: there is no such file")]
    [InlineData("""{"type": "Durations", "durations": [1], "spec": {"type": "Static", "axis": "x", "value": 1, "num": 2}}""",
        "flyscan: DIR/s.json: spec.durations: has 1 values")]
    public async Task What_is_wrong_is_said_on_standard_error_with_exit_code_2(string spec, string message)
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("points", place.Write("s.json", spec));
        Assert.Equal((2, ""), (answer.Code, answer.Output));
        Assert.StartsWith(message, answer.Error);
    }

    [Theory]
    [InlineData("--stepped --flown", "--stepped and --flown exclude each other")]
    [InlineData("--json --csv", "--json and --csv exclude each other")]
    [InlineData("--start 6", "--start 6: must be a frame, 0 to 5")]
    [InlineData("--count -1", "--count -1: must be at least 0")]
    public async Task Options_that_make_no_sense_are_refused(string options, string message)
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync(["points", place.Write("grid.json", Grid), .. options.Split(' ')]);
        Assert.Equal(2, answer.Code);
        Assert.Contains(message, answer.Error);
    }
}
