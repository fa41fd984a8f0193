using System.Text.Json;
using Flyscan.Persistence.Documents;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Tests.Persistence.Codecs;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Flyscan.Tests.Persistence.Documents;

public sealed class DocumentProjectionTests
{
    public static TheoryData<string> Stories => RunStory.Names;

    [SharedTheory]
    [MemberData(nameof(Stories))]
    public void Documents_are_valid_against_event_model(string story)
    {
        foreach (var document in RunStory.Documents(RunStory.Of(story)))
            Assert.Empty(DocumentSchemas.Problems(document.Name, document.Json));
    }

    [Theory]
    [MemberData(nameof(Stories))]
    public void Documents_are_in_order_and_their_ranges_without_gaps(string story) =>
        Assert.Empty(DocumentChecker.Problems(Lines(RunStory.Of(story))));

    [Theory]
    [MemberData(nameof(Stories))]
    public void A_consumer_that_adds_up_widths_reads_every_committed_frame_once_and_in_order(string story)
    {
        var events = RunStory.Of(story);
        var committed = RunStory.CommittedFrames(events);
        var arrays = ArrayConsumer.Read(Lines(events), committed);
        Assert.Equal(
            committed.Length > 0 ? ["box-timestamp", "cam-timestamp", "data", "i0", "x", "x-min"] : [],
            arrays.Keys.Order(StringComparer.Ordinal));
        Assert.All(arrays.Values, frames => Assert.Equal(committed, frames));
    }

    [Theory]
    [MemberData(nameof(Stories))]
    public void Every_beginning_of_a_journal_gives_a_beginning_of_the_documents(string story)
    {
        var events = RunStory.Of(story);
        var all = RunStory.Documents(events);
        for (var cut = 0; cut <= events.Count; cut++)
        {
            var some = RunStory.Documents(events.Take(cut));
            Assert.Equal(all.Take(some.Length), some);
        }
    }

    [SharedFact]
    public void A_faster_detector_has_several_rows_in_each_event()
    {
        var events = AtRate(RunStory.Of("resumed"), new DetectorRate(3, 1));
        var lines = Lines(events);
        Assert.All(lines, line => Assert.Empty(DocumentSchemas.Problems(line)));
        Assert.Empty(DocumentChecker.Problems(lines));
        Assert.Equal("""{"cam":"3"}""", Docs(lines, "start").Single().GetProperty("detector_rates").GetRawText());
        var keys = Docs(lines, "descriptor").First().GetProperty("data_keys");
        Assert.Equal("[3,24,32]", keys.GetProperty("data").GetProperty("shape").GetRawText());
        Assert.Equal("[3]", keys.GetProperty("cam-timestamp").GetProperty("shape").GetRawText());
        Assert.Equal("array", keys.GetProperty("cam-timestamp").GetProperty("dtype").GetString());
        Assert.Equal("[1]", keys.GetProperty("x").GetProperty("shape").GetRawText());
        Assert.All(ArrayConsumer.Read(lines, RunStory.CommittedFrames(events)).Values, rows => Assert.Equal(12, rows.Length));
        Assert.Equal("""{"primary":12,"outer":3}""", Docs(lines, "stop").Single().GetProperty("num_events").GetRawText());
    }

    [SharedFact]
    public void A_slower_detector_has_a_stream_of_its_own()
    {
        var story = new RunStory().Begin().Fly(0).Commit(0, 2).Commit(2, 4).Fly(1).Commit(6, 8).Skip(4, 6).Fly(2).Commit(8, 12)
            .End(ScanStatus.Finished, null).Events;
        var events = AtRate(story, new DetectorRate(1, 2));
        var lines = Lines(events);
        Assert.All(lines, line => Assert.Empty(DocumentSchemas.Problems(line)));
        Assert.Empty(DocumentChecker.Problems(lines));
        var streams = Docs(lines, "descriptor").ToDictionary(
            d => d.GetProperty("name").GetString()!,
            d => string.Join(' ', d.GetProperty("data_keys").EnumerateObject().Select(k => k.Name)));
        Assert.Equal(
            [("cam", "data cam-timestamp"), ("outer", "energy outer_index primary_seq_num"), ("primary", "x x-min box-timestamp i0")],
            streams.Select(s => (s.Key, s.Value)).Order());
        var widths = ArrayConsumer.Read(lines, RunStory.CommittedFrames(events)).ToDictionary(r => r.Key, r => r.Value.Length);
        Assert.Equal((5, 5, 10), (widths["data"], widths["cam-timestamp"], widths["x"]));
        Assert.Equal("""{"cam":5,"primary":10,"outer":3}""", Docs(lines, "stop").Single().GetProperty("num_events").GetRawText());
    }

    [Fact]
    public void The_start_carries_plan_and_request()
    {
        var start = Doc("finished", "start");
        Assert.Equal(RunStory.Uid, start.GetProperty("uid").GetString());
        Assert.Equal(1_795_246_066.0, start.GetProperty("time").GetDouble());
        Assert.Equal("""["energy","x"]""", start.GetProperty("motors").GetRawText());
        Assert.Equal("""["cam"]""", start.GetProperty("detectors").GetRawText());
        Assert.Equal("""[3,4]""", start.GetProperty("shape").GetRawText());
        Assert.Equal("""[[7.1,7.3],[0.5,3.5]]""", start.GetProperty("extents").GetRawText());
        Assert.Equal("""{"dimensions":[[["energy"],"outer"],[["x"],"primary"]]}""", start.GetProperty("hints").GetRawText());
        Assert.Equal(42, start.GetProperty("scan_id").GetInt32());
        Assert.Equal("staff", start.GetProperty("owner").GetString());
        Assert.Equal("""{"what":"test","numbers":[1,2.5]}""", start.GetProperty("purpose").GetRawText());
    }

    [Fact]
    public void A_dimension_that_nobody_reads_back_is_plotted_against_time()
    {
        var run = RunStory.Description with
        {
            Dimensions = [new RunDimension([]), new RunDimension([new RunAxis("x", "mm", 0, 1, IsOuter: false, HasReadback: false)])],
        };
        var start = JsonDocument.Parse(RunStory.Documents(RunStory.Of("before staging"), run)[0].Json).RootElement;
        Assert.Equal("""{"dimensions":[[["time"],"primary"],[["time"],"primary"]]}""", start.GetProperty("hints").GetRawText());
    }

    [Fact]
    public void The_primary_descriptor_names_an_axis_readback_after_its_axis_and_leaves_identity_out()
    {
        var descriptor = Doc("finished", "descriptor");
        Assert.Equal("primary", descriptor.GetProperty("name").GetString());
        Assert.Equal(
            """{"cam":["data","cam-timestamp"],"x":["x","x-min"],"box":["box-timestamp","i0"]}""",
            descriptor.GetProperty("object_keys").GetRawText());
        Assert.Equal(
            """{"source":"flyscan://i-test/cam/entry/data/data","dtype":"array","dtype_numpy":"<u2","shape":[1,24,32]""" +
            ""","external":"STREAM:","units":"counts","object_name":"cam"}""",
            descriptor.GetProperty("data_keys").GetProperty("data").GetRawText());
        Assert.Equal("""{"fields":["i0"]}""", descriptor.GetProperty("hints").GetProperty("box").GetRawText());
    }

    [Fact]
    public void A_resource_points_at_the_committed_frames_in_the_master_file()
    {
        var resource = Doc("finished", "stream_resource");
        Assert.Equal("data", resource.GetProperty("data_key").GetString());
        Assert.Equal("application/x-hdf5", resource.GetProperty("mimetype").GetString());
        Assert.Equal("file://localhost/data/visit%20one/runs/1d0c/master.nxs", resource.GetProperty("uri").GetString());
        Assert.Equal(
            """{"dataset":"/entry/committed/cam/data","chunk_shape":[2,24,32]}""", resource.GetProperty("parameters").GetRawText());
    }

    [Fact]
    public void An_outer_event_says_where_its_frames_stand_in_primary()
    {
        var events = RunStory.Documents(RunStory.Of("skipped")).Where(d => d.Name == "event").Select(Parse).ToArray();
        Assert.Equal(
            ["""{"energy":7.1,"outer_index":0,"primary_seq_num":1}""", """{"energy":7.3,"outer_index":2,"primary_seq_num":4}"""],
            events.Select(e => e.GetProperty("data").GetRawText()));
        Assert.Equal([1, 2], events.Select(e => e.GetProperty("seq_num").GetInt32()));
    }

    [Fact]
    public void A_commit_beyond_a_gap_waits_until_the_gap_is_retaken()
    {
        var events = RunStory.Of("rewound");
        var reported = new List<long>();
        var state = DocumentState.Empty;
        var projection = new DocumentProjection(RunStory.Description);
        for (var i = 0; i < events.Count; i++)
        {
            (state, _) = projection.Project(state, i + 1, events[i]);
            if (events[i] is ScanEvent.FramesCommitted)
                reported.Add(state.Reported);
        }
        Assert.Equal([2, 2, 2, 2, 10, 12], reported);
    }

    [Theory]
    [InlineData("finished", "success", "", """{"primary":12,"outer":3}""")]
    [InlineData("aborted", "abort", "operator: wrong sample", """{"primary":7,"outer":2}""")]
    [InlineData("before staging", "fail", "cam: does not answer", "{}")]
    public void The_stop_says_how_and_why_and_how_many(string story, string status, string reason, string counts)
    {
        var stop = Parse(RunStory.Documents(RunStory.Of(story))[^1]);
        Assert.Equal(status, stop.GetProperty("exit_status").GetString());
        Assert.Equal(reason, stop.GetProperty("reason").GetString());
        Assert.Equal(counts, stop.GetProperty("num_events").GetRawText());
    }

    [Fact]
    public void Commits_and_skips_in_any_order_are_reported_in_scan_order()
    {
        var cuts = Gen.ArrayOf(Gen.Choose(1, (int)RunStory.Frames - 1))
            .Select(c => c.Append(0).Append((int)RunStory.Frames).Distinct().Order().ToArray());
        var story = cuts.SelectMany(c => Gen.Shuffle(c.Zip(c.Skip(1)).ToArray()))
            .SelectMany(pieces => Gen.ArrayOf(Gen.Choose(0, 3), pieces.Length).Select(kinds => pieces.Zip(kinds).ToArray()));
        Prop.ForAll(story.ToArbitrary(), pieces =>
        {
            var run = new RunStory().Begin().Fly(0).Fly(1).Fly(2);
            foreach (var ((first, end), kind) in pieces)
                _ = kind == 0 ? run.Skip(first, end) : run.Commit(first, end);
            var events = run.End(ScanStatus.Finished, null).Events;
            var committed = RunStory.CommittedFrames(events);
            var lines = Lines(events);
            return DocumentChecker.Problems(lines).Count == 0
                && (committed.Length == 0 || ArrayConsumer.Read(lines, committed).Values.All(a => a.SequenceEqual(committed)));
        }).QuickCheckThrowOnFailure();
    }

    [Fact]
    public void Every_case_of_the_journal_is_projected_or_passed_over()
    {
        var projection = new DocumentProjection(RunStory.Description with { Frames = 12 });
        var before = new RunStory().Begin().Fly(0).Fly(1).Events;
        foreach (var scanEvent in ScanEventExamples.All.Where(e => e is not ScanEvent.SegmentOpened and not ScanEvent.FramesCommitted))
        {
            var state = DocumentState.Empty;
            for (var i = 0; i < before.Count; i++)
                (state, _) = projection.Project(state, i + 1, before[i]);
            Assert.Equal(before.Count + 1, projection.Project(state, before.Count + 1, scanEvent).State.Sequence);
        }
    }

    [Fact]
    public void An_event_that_was_projected_before_adds_nothing_and_a_missing_one_is_an_error()
    {
        var projection = new DocumentProjection(RunStory.Description);
        var submitted = RunStory.Of("finished")[0];
        var (state, _) = projection.Project(DocumentState.Empty, 1, submitted);
        Assert.Empty(projection.Project(state, 1, submitted).Documents);
        Assert.Contains("event 3 follows event 1", Assert.Throws<DocumentException>(() => projection.Project(state, 3, submitted)).Message);
    }

    [Fact]
    public void A_journal_that_breaks_a_rule_is_an_error_that_says_where()
    {
        AssertError("commits frames [3, 5), but those before 4", s => s.Commit(0, 4).Commit(3, 5));
        AssertError("a second time", s => s.Commit(6, 8).Commit(7, 9));
        AssertError("commits frames [0, 1), but those before 2", s => s.Skip(0, 2).Commit(0, 1));
        AssertError("of a scan of 12", s => s.Commit(10, 13));
        AssertError("outer point 1 are committed, but no axis arrived", s => s.Commit(0, 8));
        AssertError("late opened data/late.h5 after", s => s.Add(at => Opened(at, new Segment("late", 1, "data/late.h5", []))));
        AssertError("with other datasets", s => s.Add(at => Opened(at, new Segment("cam", 2, "data/c.h5", []))));
    }

    [Fact]
    public void What_a_request_cannot_have_is_refused_by_name()
    {
        Assert.Empty(RunMetadata.Problems("""{"a":{"b":[1,{"c":null}]},"owner":"x","data_groups":["g"]}"""));
        Assert.Contains("metadata.uid", Assert.Single(RunMetadata.Problems("""{"uid":"mine"}""")));
        Assert.Contains("'a.b'", Assert.Single(RunMetadata.Problems("""{"deep":{"a.b":1}}""")));
        Assert.Contains("metadata.owner is 3", Assert.Single(RunMetadata.Problems("""{"owner":3}""")));
        Assert.Contains("not JSON", Assert.Single(RunMetadata.Problems("{")));
        Assert.Contains("an object is needed", Assert.Single(RunMetadata.Problems("[1]")));
    }

    [Fact]
    public void Name_uuids_are_those_of_the_standard() =>
        Assert.Equal(
            new Guid("2ed6657d-e927-568b-95e1-2665a8aea6a2"), // RFC 9562, appendix A.4: DNS namespace, www.example.com
            NameUuid.Create(new Guid("6ba7b810-9dad-11d1-80b4-00c04fd430c8"), "www.example.com"));

    private static ScanEvent.SegmentOpened Opened(long at, Segment segment) => new(at, segment, "s", 0);

    private static void AssertError(string text, Func<RunStory, RunStory> happens)
    {
        var events = happens(new RunStory().Begin().Fly(0)).Events;
        Assert.Contains(text, Assert.Throws<DocumentException>(() => RunStory.Documents(events)).Message);
    }

    private static JsonElement[] Lines(IEnumerable<ScanEvent> events) =>
        [.. RunStory.Documents(events).Select(d => JsonDocument.Parse(d.Line).RootElement)];

    private static IEnumerable<JsonElement> Docs(IEnumerable<JsonElement> lines, string name) =>
        lines.Where(l => l.GetProperty("name").GetString() == name).Select(l => l.GetProperty("doc"));

    /// <summary>The same with a camera at a rate of its own.</summary>
    private static ScanEvent[] AtRate(IEnumerable<ScanEvent> events, DetectorRate rate) =>
        [.. events.Select(e => e is ScanEvent.ScanSubmitted submitted ? submitted with { Rates = [new("cam", rate)] } : e)];

    private static JsonElement Doc(string story, string name) => Parse(RunStory.Documents(RunStory.Of(story)).First(d => d.Name == name));

    private static JsonElement Parse(Document document) => JsonDocument.Parse(document.Json).RootElement;
}
