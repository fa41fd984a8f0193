using System.Text;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Specs;
using Xunit;

namespace Flyscan.Tests.Scanning.Planning;

public class ScanRequestJsonTests
{
    private const string Line = """{"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 5}""";

    private static readonly ScanRequest Full = new(new Linspace("x", 0, 1, 5), ["cam", "diode"])
    {
        ExposureNs = 1_234_567,
        InnerDimensions = 1,
        OnBadFrames = OnBadFrames.Mark,
        MaxExposuresPerFrame = 2,
        Shutter = ShutterMode.PerWindow,
        Visit = "cm1-1",
        ScanNumber = 17,
        Operator = "Æsa",
        Sample = "s 1",
        PathTemplate = "{visit}/{scan}",
        Documents = DocumentMode.Eager,
        MetadataJson = """{"b":[1.50,null,{"c":"\u00E9"}],"a":true}""",
    };

    [Fact]
    public void Every_member_is_read() => Assert.Equal(Full, Parse(
        $$$"""
        {"request": 1, "spec": {{{Line}}}, "detectors": ["cam", "diode"], "exposure": 0.001234567, "innerDimensions": 1,
         "onBadFrames": "mark", "maxExposuresPerFrame": 2, "shutter": "perWindow", "visit": "cm1-1", "scanNumber": 17,
         "operator": "Æsa", "sample": "s 1", "pathTemplate": "{visit}/{scan}", "documents": "eager",
         "metadata": {"b": [1.50, null, {"c": "é"}], "a": true}}
        """));

    [Theory]
    [InlineData("\"frameTrigger\":\"detector\"")]
    [InlineData("\"windowTrigger\":\"setPoint\"")]
    [InlineData("\"velocitySteps\":\"smooth\"")]
    [InlineData("\"velocitySteps\":\"refuse\"")]
    [InlineData("\"longTables\":\"paged\"")]
    [InlineData("\"longTables\":\"streamed\"")]
    public void Younger_members_are_written_where_they_are_not_the_default(string member)
    {
        var request = Parse($$$"""{"request": 1, "spec": {{{Line}}}, {{{member}}}}""");
        var written = ScanRequestJson.Write(request);
        Assert.Contains(member, System.Text.Encoding.UTF8.GetString(written), StringComparison.Ordinal);
        Assert.Equal(request, ScanRequestJson.Parse(written, "test"));
        Assert.DoesNotContain(member.Split(':')[0], System.Text.Encoding.UTF8.GetString(ScanRequestJson.Write(
            Parse($$$"""{"request": 1, "spec": {{{Line}}}}"""))), StringComparison.Ordinal);
    }

    [Fact]
    public void When_frames_become_final_is_read_and_written_where_it_is_not_at_once()
    {
        var atEnd = Parse($$"""{"request": 1, "spec": {{Line}}, "commit": "atEnd"}""");
        Assert.Equal(CommitMode.AtEnd, atEnd.Commit);
        Assert.Equal(atEnd, ScanRequestJson.Parse(ScanRequestJson.Write(atEnd), "again"));
        Assert.Equal(CommitMode.AsProved, Parse($$"""{"request": 1, "spec": {{Line}}, "commit": "asProved"}""").Commit);
    }

    [Fact]
    public void What_is_left_out_or_null_has_its_default() => Assert.Equal(
        new ScanRequest(new Linspace("x", 0, 1, 5), []), Parse($$"""{"request": 1, "spec": {{Line}}, "exposure": null, "visit": null}"""));

    [Theory]
    [InlineData("1", 1_000_000_000)]
    [InlineData("5e-3", 5_000_000)]
    [InlineData("0.30000000000000004", 300_000_000)]
    [InlineData("0.1000000000000000000000000000000000000001", 100_000_000)]
    [InlineData("1e-9", 1)]
    public void Exposure_in_seconds_becomes_whole_nanoseconds(string seconds, long ns) =>
        Assert.Equal(ns, Parse($$$"""{"request": 1, "spec": {{{Line}}}, "exposure": {{{seconds}}}}""").ExposureNs);

    [Theory]
    [InlineData(Line)]
    [InlineData("{\"id\": \"linspace\", \"spec\": " + Line + ", \"axes\": [\"x\"], \"detectors\": 3}")]
    public void A_bare_spec_and_a_file_that_holds_one_among_other_things_are_requests(string json) =>
        Assert.Equal(new ScanRequest(new Linspace("x", 0, 1, 5), []), Parse(json));

    [Fact]
    public void A_bare_spec_that_wraps_another_is_not_taken_for_a_file_with_a_spec() =>
        Assert.Equal(new Fly(new Linspace("x", 0, 1, 5)), Parse($$$"""{"type": "Fly", "spec": {{{Line}}}}""").Spec);

    [SharedFact]
    public void Every_recorded_result_of_scanspec_is_a_request_for_its_spec()
    {
        foreach (var file in Directory.GetFiles(SharedData.PathOf("data/scanspec/specs"), "*.json"))
            Assert.Empty(ScanRequestJson.Parse(File.ReadAllBytes(file), file).Detectors);
    }

    [Fact]
    public void Written_requests_read_back_equal_and_write_the_same_bytes()
    {
        foreach (var request in (ScanRequest[])[Full, new ScanRequest(new Linspace("x", 0, 1, 5), [])])
        {
            var json = ScanRequestJson.Write(request);
            Assert.Equal(request, ScanRequestJson.Parse(json, "written"));
            Assert.Equal(json, ScanRequestJson.Write(ScanRequestJson.Parse(json, "written")));
        }
    }

    // Journals and hashes hold these bytes: a change here is a new version of the request document.
    [Fact]
    public void Written_bytes_of_version_1_never_change() => Assert.Equal(
        """{"request":1,"spec":{"type":"Linspace","axis":"x","start":0,"stop":1,"num":5},"detectors":["cam","diode"]""" +
        ""","exposure":0.001234567,"innerDimensions":1,"onBadFrames":"mark","maxExposuresPerFrame":2 """.TrimEnd() +
        ""","shutter":"perWindow","visit":"cm1-1","scanNumber":17,"operator":"\u00C6sa","sample":"s 1" """.TrimEnd() +
        ""","pathTemplate":"{visit}/{scan}","documents":"eager","metadata":{"b":[1.50,null,{"c":"\u00E9"}],"a":true}}""",
        Encoding.UTF8.GetString(ScanRequestJson.Write(Full)));

    [Theory]
    [InlineData("\"detector\": []", "r.json: detector: a request has no member 'detector', did you mean 'detectors'?")]
    [InlineData("\"type\": \"Fly\"", "r.json: type: a request has no member 'type'")]
    [InlineData("\"detectors\": [\"cam\", \"cam\"]", "r.json: detectors[1]: 'cam' stands twice")]
    [InlineData("\"detectors\": \"cam\"", "r.json: detectors: is the text \"cam\", but must be an array of names")]
    [InlineData("\"exposure\": 0", "r.json: exposure: is 0 seconds, but must be between 1e-9 and 1000000")]
    [InlineData("\"exposure\": \"5ms\"", "r.json: exposure: is the text \"5ms\", but must be a number")]
    [InlineData("\"innerDimensions\": -1", "r.json: innerDimensions: is -1, but must be between 0 and 64")]
    [InlineData("\"maxExposuresPerFrame\": 0", "r.json: maxExposuresPerFrame: is 0, but must be between 1 and 1000")]
    [InlineData("\"onBadFrames\": \"retry\"", "r.json: onBadFrames: is 'retry', but must be one of retake, mark, ask, stop")]
    [InlineData("\"shutter\": \"perframe\"", "must be one of perScan, perWindow, perFrame, did you mean 'perFrame'?")]
    [InlineData("\"pathTemplate\": \"../up\"", "must stay below the data folder")]
    [InlineData("\"metadata\": []", "r.json: metadata: is an array of 0, but must be an object")]
    [InlineData("\"metadata\": {\"a\": {\"b\": 1, \"b\": 2}}", "r.json: metadata.a.b: stands twice in the same object")]
    [InlineData("\"visit\": \"\"", "r.json: visit: is empty")]
    [InlineData("\"visit\": \"a\", \"visit\": \"b\"", "r.json: visit: stands twice")]
    public void What_is_wrong_in_the_envelope_is_said_with_its_place(string member, string message) => Assert.Contains(
        message,
        Assert.Throws<SpecException>(() => Parse($$$"""{"request": 1, "spec": {{{Line}}}, {{{member}}}}""")).Message,
        StringComparison.Ordinal);

    [Theory]
    [InlineData("""{"request": 2, "spec": {}}""", "r.json: request: is 2, but only version 1 of requests is known")]
    [InlineData("""{"request": 1}""", "r.json: spec: is missing")]
    [InlineData("""{"request": 1, "spec": {"type": "Fly", "spec": {"type": "Static", "axis": "x"}}}""", "spec.spec.value: is missing")]
    [InlineData("""{"axes": ["x"]}""", "neither a request nor a spec")]
    [InlineData("7", "r.json: request: is 7, but must be a request or a spec")]
    [InlineData("{\n\"request\": 1,,}", "r.json:2:14: is not JSON")]
    public void What_is_no_request_is_refused(string json, string message) =>
        Assert.Contains(message, Assert.Throws<SpecException>(() => Parse(json)).Message, StringComparison.Ordinal);

    private static ScanRequest Parse(string json) => ScanRequestJson.Parse(Encoding.UTF8.GetBytes(json), "r.json");
}
