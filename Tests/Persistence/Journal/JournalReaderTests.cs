using Flyscan.Persistence.Journal;
using Flyscan.Tests.Persistence.Codecs;
using Flyscan.Tests.Persistence.Documents;
using Xunit;

namespace Flyscan.Tests.Persistence.Journal;

public sealed class JournalReaderTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-journal-").FullName;

    private string FilePath => Path.Combine(_folder, "journal.db");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_event_comes_back_in_order_with_its_manifest()
    {
        JournalFile.Write(FilePath, "a", ScanEventExamples.All);
        var entries = JournalReader.ReadScan(FilePath, "a");
        Assert.Equal(ScanEventExamples.All, entries.Select(e => e.Event));
        Assert.Equal(Enumerable.Range(1, ScanEventExamples.All.Length).Select(n => (long)n), entries.Select(e => e.Sequence));
        Assert.Equal("scan.submitted/2", entries[0].Manifest);
    }

    [Fact]
    public void Scans_are_listed_in_the_order_in_which_they_began_and_others_are_not_scans()
    {
        JournalFile.Write(FilePath, "later-by-name", ScanEventExamples.All);
        JournalFile.Write(FilePath, "by-name-first", ScanEventExamples.All.Take(2));
        JournalFile.Execute(
            FilePath,
            "UPDATE journal SET persistence_id = 'beamline-x' WHERE persistence_id = 'scan-by-name-first' AND sequence_number = 2");
        var scans = JournalReader.ListScans(FilePath);
        Assert.Equal(
            [("later-by-name", (long)ScanEventExamples.All.Length), ("by-name-first", 1L)], scans.Select(s => (s.Uid, s.LastSequence)));
    }

    [Fact]
    public void Events_after_one_that_is_known_are_read_while_the_writer_is_at_work()
    {
        JournalFile.Write(FilePath, "a", ScanEventExamples.All.Take(3));
        using var writer = JournalFile.Open(FilePath);
        Assert.Empty(JournalReader.ReadScan(FilePath, "a", after: 3));
        JournalFile.Insert(writer, "scan-a", 4, ScanEventExamples.All[3]);
        var added = new JournalEntry(4, "scan.outer-point-reached/1", ScanEventExamples.All[3]);
        Assert.Equal([added], JournalReader.ReadScan(FilePath, "a", after: 3));
    }

    [Fact]
    public void What_a_killed_writer_left_in_its_log_is_read()
    {
        var left = Path.Combine(_folder, "left.db");
        JournalFile.Write(FilePath, "a", ScanEventExamples.All.Take(3));
        using (var writer = JournalFile.Open(FilePath))
        {
            JournalFile.Insert(writer, "scan-a", 4, ScanEventExamples.All[3]);
            File.Copy(FilePath, left);
            File.Copy(FilePath + "-wal", left + "-wal");
        }
        Assert.Equal(ScanEventExamples.All.Take(4), JournalReader.ReadScan(left, "a").Select(e => e.Event));
    }

    [Fact]
    public void Reading_leaves_the_file_as_it_was()
    {
        JournalFile.Write(FilePath, "a", ScanEventExamples.All, journalMode: "DELETE");
        var before = File.ReadAllBytes(FilePath);
        JournalReader.ReadScan(FilePath, "a");
        Assert.Equal(before, File.ReadAllBytes(FilePath));
        Assert.Equal([FilePath], Directory.GetFiles(_folder));
    }

    [Fact]
    public void A_missing_journal_and_a_missing_scan_are_said_to_be_missing()
    {
        AssertError($"There is no journal at {FilePath}", () => JournalReader.ListScans(FilePath));
        Assert.False(File.Exists(FilePath));
        JournalFile.Write(FilePath, "a", ScanEventExamples.All);
        AssertError("has no scan b", () => JournalReader.ReadScan(FilePath, "b"));
    }

    [Fact]
    public void A_journal_whose_maker_died_before_its_first_table_has_no_scans()
    {
        File.WriteAllBytes(FilePath, []);
        Assert.Empty(JournalReader.ListScans(FilePath));
    }

    [Fact]
    public void A_file_that_is_no_database_or_has_no_journal_is_named()
    {
        File.WriteAllText(FilePath, new string('x', 5000));
        AssertError("it is not a SQLite database", () => JournalReader.ListScans(FilePath));
        File.Delete(FilePath);
        JournalFile.Execute(FilePath, "CREATE TABLE other (x)");
        AssertError("without a journal table", () => JournalReader.ListScans(FilePath));
    }

    [Fact]
    public void A_damaged_database_is_said_to_be_damaged()
    {
        JournalFile.Write(FilePath, "a", Enumerable.Repeat(ScanEventExamples.All, 50).SelectMany(e => e), journalMode: "DELETE");
        var bytes = File.ReadAllBytes(FilePath);
        bytes.AsSpan(4096).Fill(0xFF);
        File.WriteAllBytes(FilePath, bytes);
        AssertError("the database is damaged", () => JournalReader.ReadScan(FilePath, "a"));
    }

    [Fact]
    public void A_locked_database_is_said_to_be_locked()
    {
        JournalFile.Write(FilePath, "a", ScanEventExamples.All, journalMode: "DELETE");
        using var other = JournalFile.Open(FilePath);
        JournalFile.Execute(other, "BEGIN EXCLUSIVE");
        AssertError("another process holds it locked", () => JournalReader.ReadScan(FilePath, "a"));
    }

    [Fact]
    public void A_missing_event_is_an_error_and_not_passed_over()
    {
        JournalFile.Write(FilePath, "a", ScanEventExamples.All);
        JournalFile.Execute(FilePath, "DELETE FROM journal WHERE sequence_number = 5");
        AssertError("scan a: event 6 stands where 5 is due", () => JournalReader.ReadScan(FilePath, "a"));
    }

    [Fact]
    public void Events_marked_deleted_count_as_missing()
    {
        JournalFile.Write(FilePath, "a", ScanEventExamples.All);
        JournalFile.Execute(FilePath, "UPDATE journal SET deleted = 1 WHERE sequence_number <= 2");
        AssertError("scan a: event 3 stands where 1 is due", () => JournalReader.ReadScan(FilePath, "a"));
    }

    [Fact]
    public void An_event_of_another_serialiser_or_version_is_named_with_its_place()
    {
        JournalFile.Write(FilePath, "a", ScanEventExamples.All);
        JournalFile.Execute(FilePath, "UPDATE journal SET manifest = 'scan.staged/2' WHERE sequence_number = 2");
        AssertError(
            "scan a, event 2: An event of scan.staged/2 was written by another version", () => JournalReader.ReadScan(FilePath, "a"));
        JournalFile.Execute(FilePath, "UPDATE journal SET identifier = 1, manifest = '' WHERE sequence_number = 1");
        AssertError("event 1 was written by serialiser 1; scan events have 7001", () => JournalReader.ReadScan(FilePath, "a"));
    }

    [SharedFact]
    public void A_journal_that_the_real_packages_wrote_is_read_by_its_columns()
    {
        File.WriteAllBytes(FilePath, File.ReadAllBytes(SharedData.PathOf("data/akka-journal/journal.db")));
        Assert.Empty(JournalReader.ListScans(FilePath));
        JournalFile.Execute(FilePath, "UPDATE journal SET persistence_id = 'scan-' || persistence_id");
        Assert.Equal("p-1", Assert.Single(JournalReader.ListScans(FilePath)).Uid);
        AssertError("event 1 was written by serialiser 1", () => JournalReader.ReadScan(FilePath, "p-1"));
    }

    [Fact]
    public void A_timeline_has_a_line_per_event_with_the_time_since_the_first()
    {
        JournalFile.Write(FilePath, "a", RunStory.Of("skipped"));
        var lines = Timeline.Render(JournalReader.ReadScan(FilePath, "a")).ToArray();
        Assert.Equal(RunStory.Of("skipped").Count, lines.Length);
        Assert.Equal(
            [
                "     +0.000 s      1  submitted: 12 frames on i-test, plan 9f0c, into /data/visit one/runs/1d0c (flyscan 0.1.0)",
                "     +0.037 s      2  staged under epoch 1: cam",
                "     +0.074 s      3  cam opened segment 1, data/cam.0001.h5: data, timestamp, frame",
                "     +0.111 s      4  box opened segment 1, data/box.0001.h5: x-mean, x-min, timestamp, i0",
                "     +0.148 s      5  outer point 0 reached: energy 7.1",
                "     +0.185 s      6  take 1 downloaded: frames [0, 4), runs 1 s by itself, programme abcd",
                "     +0.222 s      7  take 1 armed: cam.0001 at trigger 0, box.0001 at trigger 0",
                "     +0.259 s      8  take 1 handed over to hardware under epoch 1",
                "     +0.296 s      9  take 1 flying",
                "     +0.333 s     10  take 1 taken back after 4 triggers: done",
                "     +0.370 s     11  frames [0, 2) committed",
                "     +0.407 s     12  frames [2, 3) skipped by policy: beam lost",
            ],
            lines.Take(12));
    }

    [Fact]
    public void Every_case_has_words_of_its_own()
    {
        var texts = ScanEventExamples.All.Select(Timeline.Describe).ToArray();
        Assert.Equal(texts.Length, texts.Distinct().Count());
        Assert.Contains("take 7 armed: cam.0002 at trigger 4, box.0001 at trigger 64; not proved, waited for: old-cam", texts);
        Assert.Contains("take 7, frames [4, 8): good [4, 6), [7, 8), bad [6, 7): cam: frame 6 missing", texts);
        Assert.Contains("aborted: wrong sample", texts);
    }

    private static void AssertError(string text, Func<object> read) => Assert.Contains(text, Assert.Throws<JournalException>(read).Message);
}
