using System.Text;
using Flyscan.Persistence.Codecs;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Persistence.Codecs;

public sealed class ScanEventCodecTests
{
    public static TheoryData<string> Cases => [.. ScanEventExamples.Cases.Select(t => t.Name)];

    [Fact]
    public void Every_case_has_an_example_and_a_manifest_of_its_own()
    {
        var examples = ScanEventExamples.All.Select(e => e.GetType().Name);
        Assert.Equal(ScanEventExamples.Cases.Select(t => t.Name), examples.Order(StringComparer.Ordinal));
        var manifests = ScanEventExamples.All.Select(ScanEventCodec.ManifestOf).ToArray();
        Assert.Equal(manifests.Length, manifests.Distinct().Count());
        Assert.All(manifests, m => Assert.Matches("^scan\\.[a-z]+(-[a-z]+)*/[0-9]+$", m));
        var former = ScanEventCodec.Manifests.Except(manifests).Order(StringComparer.Ordinal);
        Assert.Equal(["scan.segment-opened/1", "scan.submitted/1"], former);
        Assert.Empty(manifests.Except(ScanEventCodec.Manifests));
    }

    [Fact]
    public void A_segment_opened_by_the_first_version_has_no_clock()
    {
        var read = ScanEventCodec.Decode("scan.segment-opened/1", Encoding.UTF8.GetBytes(Golden("scan.segment-opened/1")));
        var example = Assert.IsType<ScanEvent.SegmentOpened>(Example(nameof(ScanEvent.SegmentOpened)));
        Assert.Equal(example with { ClockZeroNs = null }, read);
    }

    [Fact]
    public void A_scan_submitted_by_the_first_version_has_all_detectors_at_its_own_rate()
    {
        var read = ScanEventCodec.Decode("scan.submitted/1", Encoding.UTF8.GetBytes(Golden("scan.submitted/1")));
        var example = Assert.IsType<ScanEvent.ScanSubmitted>(Example(nameof(ScanEvent.ScanSubmitted)));
        Assert.Equal(example with { Rates = [] }, read);
        Assert.Equal(DetectorRate.Base, ScanState.New.Evolve(read).Rates.Of("fast"));
        Assert.Equal(1, ScanState.New.Evolve(read).Rates.Group);
    }

    [Theory]
    [InlineData("\"0\"")]
    [InlineData("\"2/3\"")]
    [InlineData("\"1001\"")]
    [InlineData("3")]
    public void A_rate_that_is_none_is_refused(string rate)
    {
        var golden = Golden("scan.submitted/2").Replace("\"1/4\"", rate, StringComparison.Ordinal);
        Assert.Throws<JournalFormatException>(() => ScanEventCodec.Decode("scan.submitted/2", Encoding.UTF8.GetBytes(golden)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bytes_are_those_of_the_golden_file(string name)
    {
        var example = Example(name);
        var manifest = ScanEventCodec.ManifestOf(example);
        Assert.Equal(Golden(manifest), Encoding.UTF8.GetString(ScanEventCodec.Encode(example)));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_golden_file_decodes_to_the_event(string name)
    {
        var example = Example(name);
        var manifest = ScanEventCodec.ManifestOf(example);
        Assert.Equal(example, ScanEventCodec.Decode(manifest, Encoding.UTF8.GetBytes(Golden(manifest))));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Any_event_survives_the_round_trip_with_the_same_bytes(string name)
    {
        var type = ScanEventExamples.Cases.Single(t => t.Name == name);
        Prop.ForAll(RecordGenerator.EventOf(type).ToArbitrary(), original =>
        {
            var bytes = ScanEventCodec.Encode(original);
            var back = ScanEventCodec.Decode(ScanEventCodec.ManifestOf(original), bytes);
            return original.Equals(back) && bytes.AsSpan().SequenceEqual(ScanEventCodec.Encode(back));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void No_golden_file_is_without_a_manifest_that_reads_it()
    {
        var files = Directory.GetFiles(Path.Combine(AppContext.BaseDirectory, "Golden", "journal"), "scan.*.json");
        var known = ScanEventCodec.Manifests.Select(m => Path.GetFileName(PathOf(m)));
        Assert.Equal(known.Order(StringComparer.Ordinal), files.Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void An_unknown_version_is_refused_with_the_versions_that_are_read()
    {
        var error = Assert.Throws<JournalFormatException>(() => ScanEventCodec.Decode("scan.handed-over/9", "{}"u8));
        Assert.Contains("scan.handed-over/9", error.Message);
        Assert.Contains("this one reads scan.handed-over/1", error.Message);
    }

    [Fact]
    public void An_unknown_kind_is_refused_by_name()
    {
        var error = Assert.Throws<JournalFormatException>(() => ScanEventCodec.Decode("scan.teleported/1", "{}"u8));
        Assert.Contains("'scan.teleported/1' is no kind of scan event", error.Message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("[]")]
    [InlineData("""{"atNs":1,"take":7}""")]
    [InlineData("""{"atNs":1,"take":7,"epoch":"3"}""")]
    [InlineData("""{"atNs":1,"take":7,"epoch":3,"colour":"red"}""")]
    [InlineData("""{"atNs":1,"take":7,"epoch":3""")]
    public void Malformed_bytes_are_refused_with_the_manifest(string text)
    {
        var error = Assert.Throws<JournalFormatException>(() => ScanEventCodec.Decode("scan.handed-over/1", Encoding.UTF8.GetBytes(text)));
        Assert.Contains("scan.handed-over/1", error.Message);
    }

    [Theory]
    [InlineData("""{"atNs":1,"frames":[0],"extents":[]}""")]
    [InlineData("""{"atNs":1,"frames":[0,1,2],"extents":[]}""")]
    [InlineData("""{"atNs":1,"frames":{"first":0,"end":1},"extents":[]}""")]
    [InlineData("""{"atNs":1,"frames":[0,1],"extents":[null]}""")]
    [InlineData("""{"atNs":1,"frames":[0,1],"extents":null}""")]
    public void Malformed_ranges_and_arrays_are_refused(string text) =>
        Assert.Throws<JournalFormatException>(() => ScanEventCodec.Decode("scan.frames-committed/1", Encoding.UTF8.GetBytes(text)));

    [Fact]
    public void A_status_is_text_and_nothing_else()
    {
        Assert.Contains("\"status\":\"aborted\"", Golden("scan.finished/1"));
        Assert.Throws<JournalFormatException>(
            () => ScanEventCodec.Decode("scan.finished/1", """{"atNs":1,"status":1,"reason":null}"""u8));
    }

    private static ScanEvent Example(string name) => ScanEventExamples.All.Single(e => e.GetType().Name == name);

    private static string PathOf(string manifest) =>
        Path.Combine(AppContext.BaseDirectory, "Golden", "journal", manifest.Replace('/', '.') + ".json");

    private static string Golden(string manifest) => File.ReadAllText(PathOf(manifest), Encoding.UTF8).TrimEnd('\n');
}
