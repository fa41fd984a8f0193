using System.Text.Json;
using Xunit;

namespace Flyscan.Tests.Persistence.Documents;

/// <summary>The judges of documents are judged by streams that others recorded.</summary>
public sealed class DocumentCheckerTests
{
    public static TheoryData<string> Recorded => SharedData.Root is null
        ? ["none"]
        : [.. Directory.GetFiles(SharedData.PathOf("data/documents"), "*.jsonl").Select(f => Path.GetFileName(f)).Order()];

    [SharedTheory]
    [MemberData(nameof(Recorded))]
    public void Recorded_streams_are_valid_against_the_schemas(string file) =>
        Assert.All(Lines(file), line => Assert.Empty(DocumentSchemas.Problems(line)));

    [SharedTheory]
    [InlineData("fly-two-detectors.jsonl")]
    [InlineData("outer-with-inner-fly.jsonl")]
    [InlineData("step-scan.jsonl")]
    public void Recorded_streams_without_faults_are_in_order(string file) => Assert.Empty(DocumentChecker.Problems(Lines(file)));

    [SharedFact]
    public void The_known_fault_of_a_rewound_recorded_stream_is_found() =>
        Assert.Contains(
            DocumentChecker.Problems(Lines("suspended-rewound-inner-fly.jsonl")), p => p.Contains("seq_nums are not indices + 1"));

    [SharedTheory]
    [InlineData("start", """{"uid":"a"}""")]
    [InlineData("start", """{"uid":"a","time":"now"}""")]
    [InlineData("start", """{"uid":"a","time":1,"scan_id":"4"}""")]
    [InlineData("start", """{"uid":"a","time":1,"with.dot":1}""")]
    [InlineData("start", """{"uid":"a","time":1,"deep":{"with.dot":1}}""")]
    [InlineData("start", """{"uid":"a","time":1,"hints":{"dimensions":"x"}}""")]
    [InlineData("descriptor", """{"uid":"a","time":1,"run_start":"r","data_keys":{"x":{"dtype":"float","shape":[],"source":"s"}}}""")]
    [InlineData("descriptor", """{"uid":"a","time":1,"run_start":"r","data_keys":{"x":{"dtype":"number","shape":[]}}}""")]
    [InlineData(
        "descriptor",
        """{"uid":"a","time":1,"run_start":"r","data_keys":{"x":{"dtype":"number","shape":[],"source":"","dtype_numpy":"f"}}}""")]
    [InlineData("event", """{"uid":"a","descriptor":"d","seq_num":1,"data":{},"timestamps":{}}""")]
    [InlineData(
        "stream_datum",
        """{"uid":"a","descriptor":"d","stream_resource":"r","indices":{"start":0},"seq_nums":{"start":1,"stop":2}}""")]
    [InlineData("stream_resource", """{"uid":"a","data_key":"x","mimetype":"m","uri":"u"}""")]
    [InlineData("stop", """{"uid":"a","run_start":"r","time":1,"exit_status":"finished"}""")]
    public void The_schemas_refuse_what_is_wrong(string name, string json) => Assert.NotEmpty(DocumentSchemas.Problems(name, json));

    private static JsonElement[] Lines(string file) =>
        [.. File.ReadLines(SharedData.PathOf($"data/documents/{file}")).Select(l => JsonDocument.Parse(l).RootElement)];
}
