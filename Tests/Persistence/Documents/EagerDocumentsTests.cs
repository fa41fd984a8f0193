using System.Text.Json;
using Flyscan.Persistence.Documents;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Persistence.Documents;

public sealed class EagerDocumentsTests
{
    private static readonly RunDescription Eager = RunStory.Description with { Mode = DocumentMode.Eager };

    /// <summary>Frames 2 to 4 are told twice: the first time they were exposed in bad beam.</summary>
    private static IReadOnlyList<ScanEvent> Rewound => new RunStory().Begin().Fly(0).Add(Record(1, 0, 4, 0)).Commit(0, 2)
        .Add(at => new ScanEvent.FramesRejected(at, 1, [new FrameRange(2, 4)], "2 of frames [0, 4) exposed in bad beam"))
        .Fly(0).Add(Record(2, 2, 4, 4)).Commit(2, 4)
        .Fly(1).Add(Record(3, 4, 8, 6)).Commit(4, 8)
        .Fly(2).Add(Record(4, 8, 10, 10)).Add(Record(4, 10, 12, 12)).Commit(8, 12)
        .End(ScanStatus.Finished, null).Events;

    [SharedFact]
    public void Documents_are_valid_against_event_model()
    {
        foreach (var document in RunStory.Documents(Rewound, Eager))
            Assert.Empty(DocumentSchemas.Problems(document.Name, document.Json));
    }

    [Fact]
    public void Rows_go_on_and_event_numbers_come_again_after_a_rewind()
    {
        var data = Data().Where(d => d.Key == "data").ToList();
        Assert.Equal(
            [((0, 4), (1, 5)), ((4, 6), (3, 5)), ((6, 10), (5, 9)), ((10, 12), (9, 11)), ((12, 14), (11, 13))],
            data.Select(d => (d.Indices, d.SeqNums)));
        Assert.All(Data().GroupBy(d => d.Key), key => Assert.Equal(data.Select(d => d.SeqNums), key.Select(d => d.SeqNums)));
    }

    [Fact]
    public void With_later_rows_counting_every_event_is_the_one_that_was_committed()
    {
        var rows = new SortedDictionary<long, long>();
        foreach (var (_, indices, seqNums) in Data().Where(d => d.Key == "data"))
            for (var i = 0L; i < indices.Stop - indices.Start; i++)
                rows[seqNums.Start + i] = indices.Start + i;
        // In the story, rows stand in the file as they were told.
        Assert.Equal(
            [(1, 0), (2, 1), (3, 4), (4, 5), (5, 6), (6, 7), (7, 8), (8, 9), (9, 10), (10, 11), (11, 12), (12, 13)],
            rows.Select(r => (r.Key, r.Value)));
    }

    [Fact]
    public void The_resource_is_what_the_master_file_shows_of_frames_as_they_were_told()
    {
        var resource = RunStory.Documents(Rewound, Eager).First(d => d.Name == "stream_resource");
        Assert.Contains("\"dataset\":\"/entry/recorded/cam/data\"", resource.Json);
    }

    [Fact]
    public void Outer_points_come_once_with_the_number_of_their_first_event()
    {
        var outer = RunStory.Documents(Rewound, Eager).Where(d => d.Name == "event").Select(d => Parse(d).GetProperty("data")).ToList();
        Assert.Equal([0, 1, 2], outer.Select(e => e.GetProperty("outer_index").GetInt32()));
        Assert.Equal([1, 5, 9], outer.Select(e => e.GetProperty("primary_seq_num").GetInt32()));
    }

    [SharedFact]
    public void A_slower_detector_tells_its_own_events_again()
    {
        var events = Rewound.Select(e => e is ScanEvent.ScanSubmitted s ? s with { Rates = [new("cam", new(1, 2))] } : e).ToList();
        var documents = RunStory.Documents(events, Eager);
        Assert.All(documents, d => Assert.Empty(DocumentSchemas.Problems(d.Name, d.Json)));
        Assert.Equal(
            [((0, 2), (1, 3)), ((2, 3), (2, 3)), ((3, 5), (3, 5)), ((5, 6), (5, 6)), ((6, 7), (6, 7))],
            Data(documents).Where(d => d.Key == "data").Select(d => (d.Indices, d.SeqNums)));
        Assert.Equal(
            """{"cam":6,"primary":12,"outer":3}""", Parse(documents[^1]).GetProperty("num_events").GetRawText());
    }

    [Fact]
    public void The_stop_counts_events_and_not_rows() =>
        Assert.Equal(
            """{"primary":12,"outer":3}""", Parse(RunStory.Documents(Rewound, Eager)[^1]).GetProperty("num_events").GetRawText());

    [Fact]
    public void Frames_are_told_before_they_are_committed()
    {
        var told = RunStory.Documents(Rewound.TakeWhile(e => e is not ScanEvent.FramesCommitted), Eager);
        Assert.Contains(told, d => d.Name == "stream_datum");
        var committed = RunStory.Documents(Rewound.TakeWhile(e => e is not ScanEvent.FramesCommitted));
        Assert.DoesNotContain(committed, d => d.Name == "stream_datum");
    }

    [Fact]
    public void Every_beginning_of_a_journal_gives_a_beginning_of_the_documents()
    {
        var all = RunStory.Documents(Rewound, Eager);
        for (var cut = 0; cut <= Rewound.Count; cut++)
        {
            var some = RunStory.Documents(Rewound.Take(cut), Eager);
            Assert.Equal(all.Take(some.Length), some);
        }
    }

    [Fact]
    public void In_committed_mode_what_is_only_recorded_is_passed_over() =>
        Assert.Equal(
            RunStory.Documents(Rewound).Where(d => d.Name == "stream_datum")
                .Select(d => Parse(d).GetProperty("indices").GetRawText()).Distinct(),
            ["""{"start":0,"stop":2}""", """{"start":2,"stop":4}""", """{"start":4,"stop":8}""", """{"start":8,"stop":12}"""]);

    [Fact]
    public void A_commit_of_what_was_never_told_is_an_error()
    {
        var events = new RunStory().Begin().Fly(0).Add(Record(1, 0, 2, 0)).Commit(0, 3).Events;
        Assert.Contains(
            "commits frames [0, 3), and not all of them were told",
            Assert.Throws<DocumentException>(() => RunStory.Documents(events, Eager)).Message);
    }

    private static Func<long, ScanEvent> Record(int take, long first, long end, long position) => at => new ScanEvent.FramesRecorded(
        at, take, new FrameRange(first, end),
        [new Extent("cam", 1, first, end - first, position), new Extent("box", 1, first, end - first, position)]);

    private static List<(string Key, (long Start, long Stop) Indices, (long Start, long Stop) SeqNums)> Data(
        IEnumerable<Document>? documents = null)
    {
        var keys = new Dictionary<string, string>();
        var data = new List<(string, (long, long), (long, long))>();
        foreach (var document in documents ?? RunStory.Documents(Rewound, Eager))
        {
            var doc = Parse(document);
            if (document.Name == "stream_resource")
                keys[doc.GetProperty("uid").GetString()!] = doc.GetProperty("data_key").GetString()!;
            else if (document.Name == "stream_datum")
                data.Add((keys[doc.GetProperty("stream_resource").GetString()!], Range(doc, "indices"), Range(doc, "seq_nums")));
        }
        return data;
    }

    private static (long, long) Range(JsonElement doc, string member) =>
        (doc.GetProperty(member).GetProperty("start").GetInt64(), doc.GetProperty(member).GetProperty("stop").GetInt64());

    private static JsonElement Parse(Document document) => JsonDocument.Parse(document.Json).RootElement;
}
