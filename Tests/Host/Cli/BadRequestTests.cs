using Xunit;

namespace Flyscan.Tests.Host.Cli;

/// <summary>Every request that cannot be run: what is said of it, and that nothing is left of it.</summary>
public sealed class BadRequestTests
{
    private const string Beamline = "this scan cannot run on beamline virtual:\n  ";
    private const string Slower = " mm or more, or make it slower so that run-ups get shorter.";

    private static readonly string Template = """
        {"request": 1, "detectors": ["cam"]EXTRA, "spec": SPEC}
        """;

    private static readonly Dictionary<string, (string Request, string Message)> Cases = new()
    {
        ["unknown type of spec"] = (
            Line("x", 0, 1, "10", "0.01").Replace("Linspace", "Linspcae"),
            "DIR/r.json: spec.spec.spec.type: is 'Linspcae', which is not a type of spec, did you mean 'Linspace'?"),
        ["bad JSON"] = (
            "{\n  \"request\": 1,\n  \"spec\": {\"type\": \"Linspace\" \"axis\": \"x\"}\n}",
            "DIR/r.json:3:31: is not JSON: '\"' is invalid after a value. Expected either ',', '}', or ']'."),
        ["JSON cut off"] = (
            "{\n  \"request\": 1,",
            "DIR/r.json:2:15: is not JSON: Expected start of a property name or value, but instead reached end of data."),
        ["empty file"] = (
            "",
            "DIR/r.json:1:1: is not JSON: The input does not contain any JSON tokens. "
            + "Expected the input to start with a valid JSON token, when isFinalBlock is true."),
        ["no object"] = ("[1]", "DIR/r.json: request: is an array of 1, but must be a request or a spec: an object"),
        ["NaN"] = (
            "{\"request\": 1,\n \"spec\": {\"type\": \"Linspace\", \"axis\": \"x\", \"start\": NaN, \"stop\": 1, \"num\": 5}}",
            "DIR/r.json:2:53: is not JSON: 'N' is an invalid start of a value. Every number must be finite."),
        ["NaN as text"] = (
            Line("x", 0, 1, "10", "\"NaN\""), "DIR/r.json: spec.constant_duration: is the text \"NaN\", but must be a number"),
        ["infinite number"] = (
            Line("x", 0, 1, "10", "1e999"), "DIR/r.json: spec.constant_duration: is 1e999, but must be at most 1.8e308 in size"),
        ["unknown member"] = (
            Line("x", 0, 1, "10", "0.01", ", \"detectorz\": []"),
            "DIR/r.json: detectorz: a request has no member 'detectorz', did you mean 'detectors'?"),
        ["unknown version"] = (
            Line("x", 0, 1, "10", "0.01").Replace("\"request\": 1", "\"request\": 2"),
            "DIR/r.json: request: is 2, but only version 1 of requests is known"),
        ["unknown axis"] = (
            Line("xx", 0, 1, "10", "0.01"),
            Beamline + "axis xx: beamline virtual has no such axis: 'xx', did you mean 'x'?; allowed: x, y, z, temperature. "
            + "Use a name of the beamline file, or add the axis there."),
        ["unknown detector"] = (
            Line("x", 0, 1, "10", "0.01").Replace("\"cam\"", "\"camera\""),
            Beamline + "detector camera: beamline virtual has no such detector: 'camera'; allowed: diode, cam. "
            + "Use a name of the beamline file, or add the detector there."),
        ["zero duration"] = (
            Line("x", 0, 1, "10", "0"), "DIR/r.json: spec.constant_duration: is 0, but must be above 0 and at most 1000000 seconds"),
        ["negative duration"] = (
            Line("x", 0, 1, "10", "-0.5"), "DIR/r.json: spec.constant_duration: is -0.5, but must be above 0 and at most 1000000 seconds"),
        ["no duration"] = (
            Request("""{"type": "Fly", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 4}}"""),
            Beamline + "spec: every frame needs a duration: no duration; allowed: more than 0 s. Put the spec into a ConstantDuration, "
            + "such as {\"type\": \"ConstantDuration\", \"constant_duration\": 0.01, \"spec\": …}."),
        ["zero frames"] = (
            Line("x", 0, 1, "0", "0.01"), "DIR/r.json: spec.spec.spec.num: is 0 frames, but must be between 1 and 2251799813685248"),
        ["negative frames"] = (
            Line("x", 0, 1, "-3", "0.01"), "DIR/r.json: spec.spec.spec.num: is -3 frames, but must be between 1 and 2251799813685248"),
        ["axis beyond its limit"] = (
            Line("x", 0, 60, "600", "0.01"),
            Beamline + "axis x, window at frame 0: the motion would pass the high limit (the way to rest counts): 60.085109 mm; "
            + "allowed: at most 50 mm. Move the scan's start by -10.085109" + Slower),
        ["run-up beyond the limit"] = (
            Line("x", -49.9, -40, "100", "0.001"),
            Beamline + "axis x, run-up at frame 0: the motion would pass the low limit (the way to rest counts): -51.05 mm; "
            + "allowed: at least -50 mm. Move the scan's start by +1.05" + Slower),
        ["soft axis beyond its limit"] = (
            Request("""
                {"type": "ConstantDuration", "constant_duration": 0.1,
                 "spec": {"type": "Linspace", "axis": "temperature", "start": 300, "stop": 500, "num": 3}}
                """),
            Beamline + "axis temperature, frame 2: the position is outside the soft limits: 500 K; allowed: 80 to 400 K. "
            + "Move the scan inside the limits."),
        ["velocity above the limit"] = (
            Line("x", 0, 30, "100", "0.001"),
            Beamline + "axis x, run-up at frame 0: the axis would have to go too fast: 303.030303 mm/s; allowed: at most 250 mm/s. "
            + "Make the frames 1.213 times as long in time, or 17.5 % shorter in space."),
        ["exposure longer than the frame"] = (
            Line("x", 0, 1, "10", "0.01", ", \"exposure\": 0.02"),
            Beamline + "detector cam, frame 0: exposure and dead time of detector cam do not fit into the frame: "
            + "20 ms + dead time 200 us; allowed: together at most 10 ms. Make the frames longer or the exposure shorter."),
        ["frame faster than the detector"] = (
            Line("x", 0, 1, "100", "0.0004"),
            Beamline + "detector cam, frame 0: frames come faster than detector cam takes them: 400 us; "
            + "allowed: at least 500 us a frame. Make the frames longer."),
        ["folder outside"] = (
            Line("x", 0, 1, "10", "0.01", ", \"pathTemplate\": \"../x\""),
            "DIR/r.json: pathTemplate: is '../x', but must stay below the data folder: no leading / and no .."),
        ["folder named by what is not given"] = (
            Line("x", 0, 1, "10", "0.01", ", \"pathTemplate\": \"{visit}/{uid}\""),
            "DIR/r.json: path template '{visit}/{uid}': the request gives no visit; add it, or leave {visit} out"),
        ["folder named by what is not known"] = (
            Line("x", 0, 1, "10", "0.01", ", \"pathTemplate\": \"{visti}/{uid}\""),
            "DIR/r.json: path template '{visti}/{uid}': {visti} is not known; there are {visit} {scan} {operator} {uid}"),
    };

    public static TheoryData<string> Names => [.. Cases.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Plan_refuses_it_and_leaves_nothing(string name)
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("plan", place.Write("r.json", Cases[name].Request), "--out", place.Data);
        Assert.Equal(new CliAnswer(2, "", $"flyscan: {Cases[name].Message}\n"), answer);
        Assert.Equal(["r.json"], place.Entries);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Run_refuses_it_and_leaves_nothing(string name)
    {
        using var place = new CliPlace();
        var request = place.Write("r.json", Cases[name].Request);
        var answer = await place.RunAsync("run", request, "--out", place.Data, "--time-scale", "0", "--json");
        Assert.Equal((2, $"flyscan: {Cases[name].Message}\n"), (answer.Code, answer.Error));
        RunReportShape.CheckRefused(Cases[name].Message, answer.Json());
        Assert.Equal(["r.json"], place.Entries);
        Assert.Empty(place.Processes);
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task Data_that_do_not_fit_on_the_disk_are_refused(string verb)
    {
        using var place = new CliPlace { FreeBytes = 10 * 1024 };
        Assert.Equal(
            new CliAnswer(2, "", $"flyscan: {Beamline}disk: the data do not fit on the disk: 60.16 KiB; allowed: 10 KiB free. "
                + "Make room, choose another data folder, or take fewer frames or detectors.\n"),
            await place.RunAsync(verb, place.Write("r.json", CliPlace.Good), "--out", place.Data));
        Assert.Equal(["r.json"], place.Entries);
    }

    [Fact]
    public async Task Every_reason_is_told_at_once()
    {
        using var place = new CliPlace { FreeBytes = 10 * 1024 };
        var request = Line("x", 0, 60, "600", "0.01", ", \"exposure\": 0.02");
        var answer = await place.RunAsync("plan", place.Write("r.json", request), "--out", place.Data);
        Assert.Equal(
            ["flyscan: this scan cannot run on beamline virtual:", "  disk", "  detector cam, frame 0", "  axis x, window at frame 0"],
            answer.Error.TrimEnd().Split('\n').Select((line, i) => i == 0 ? line : line[..line.IndexOf(':')]));
    }

    [Theory]
    [InlineData("plan")]
    [InlineData("run")]
    public async Task A_request_that_is_not_there_is_named(string verb)
    {
        using var place = new CliPlace();
        Assert.Equal(
            new CliAnswer(2, "", "flyscan: request file DIR/absent.json: there is no such file\n"),
            await place.RunAsync(verb, place.In("absent.json"), "--out", place.Data));
        Assert.Equal(
            new CliAnswer(2, "", "flyscan: request file DIR: it is a folder\n"),
            await place.RunAsync(verb, place.Folder, "--out", place.Data));
        Assert.Empty(place.Entries);
    }

    [Theory]
    [InlineData("--axes", "foo", "--axes foo: 'foo' must be SPECAXIS=BEAMLINEAXIS, each spec axis once, as in x=sx,y=sy")]
    [InlineData("--axes", "q=x", "spec: there is no axis 'q' to rename (the axes are x), did you mean 'x'?")]
    [InlineData("--axes", "x=zz",
        Beamline + "axis zz: beamline virtual has no such axis: 'zz', did you mean 'z'?; allowed: x, y, z, temperature. "
        + "Use a name of the beamline file, or add the axis there.")]
    [InlineData("--detectors", "cam,kam",
        Beamline + "detector kam: beamline virtual has no such detector: 'kam', did you mean 'cam'?; allowed: diode, cam. "
        + "Use a name of the beamline file, or add the detector there.")]
    public async Task Options_that_do_not_fit_are_refused(string option, string value, string message)
    {
        using var place = new CliPlace();
        Assert.Equal(
            new CliAnswer(2, "", $"flyscan: {message}\n"),
            await place.RunAsync("plan", place.Write("r.json", CliPlace.Good), "--out", place.Data, option, value));
    }

    private static string Line(string axis, double start, double stop, string num, string seconds, string extra = "") => Request(
        FormattableString.Invariant(
            $$"""
            {"type": "ConstantDuration", "constant_duration": {{seconds}}, "spec": {"type": "Fly", "spec":
              {"type": "Linspace", "axis": "{{axis}}", "start": {{start}}, "stop": {{stop}}, "num": {{num}} } } }
            """),
        extra);

    private static string Request(string spec, string extra = "") => Template.Replace("SPEC", spec).Replace("EXTRA", extra);
}
