using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;
using Flyscan.Tests.Persistence.Documents;
using Flyscan.Tests.Persistence.Journal;
using Xunit;

namespace Flyscan.Tests.Persistence.Catalogue;

public sealed class RunCatalogueTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-catalogue-").FullName;

    private string JournalPath => RunFolder.JournalOf(_folder);

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_folder_without_runs_has_an_empty_catalogue_and_stays_empty()
    {
        Assert.Empty(RunCatalogue.List(_folder));
        Assert.Empty(Directory.GetFileSystemEntries(_folder));
    }

    [Fact]
    public void Runs_are_listed_with_how_they_stand()
    {
        var begun = new RunStory().Begin().Fly(0).Commit(0, 3).Events;
        JournalFile.Write(JournalPath, "done", RunStory.Of("finished"));
        JournalFile.Write(JournalPath, "stopped", RunStory.Of("aborted"));
        JournalFile.Write(JournalPath, "broken", RunStory.Of("before staging"));
        JournalFile.Write(JournalPath, "left", begun);
        JournalFile.Write(JournalPath, "held", [.. begun, Hold("operator"), Hold("beam"), new ScanEvent.HoldCleared(1, "beam")]);
        JournalFile.Write(JournalPath, "going", [.. begun, Hold("beam"), new ScanEvent.HoldCleared(1, "beam")]);
        Assert.Equal(
            [
                ("done", RunStatus.Finished, 12L),
                ("stopped", RunStatus.Aborted, 7L),
                ("broken", RunStatus.Faulted, 0L),
                ("left", RunStatus.Unfinished, 3L),
                ("held", RunStatus.Paused, 3L),
                ("going", RunStatus.Unfinished, 3L),
            ],
            RunCatalogue.List(_folder).Select(r => (r.Uid, r.Status, r.Committed)));
    }

    [Fact]
    public void An_entry_has_times_folder_title_and_reason()
    {
        const string Request = """{"request":1,"metadata":{"title":"a title"}}""";
        var submitted = new ScanEvent.ScanSubmitted(5, "u", Request, "i-test", "h", 12, "runs/u", "0.1.0");
        JournalFile.Write(JournalPath, "u", [submitted, new ScanEvent.Finished(9, ScanStatus.Faulted, "cam: gone")]);
        Assert.Equal(
            new RunEntry("u", RunStatus.Faulted, 12, 0, 5, 9, Path.Combine(_folder, "runs/u"), "a title", "cam: gone"),
            Assert.Single(RunCatalogue.List(_folder)));
    }

    [Fact]
    public void A_run_that_cannot_be_read_is_listed_with_the_reason_and_hides_no_other()
    {
        JournalFile.Write(JournalPath, "newer", RunStory.Of("finished"));
        JournalFile.Write(JournalPath, "ours", RunStory.Of("finished"));
        JournalFile.Execute(
            JournalPath,
            "UPDATE journal SET manifest = 'scan.finished/7' WHERE persistence_id = 'scan-newer' AND manifest LIKE 'scan.finished%'");
        var runs = RunCatalogue.List(_folder);
        Assert.Equal([RunStatus.Unreadable, RunStatus.Finished], runs.Select(r => r.Status));
        Assert.Contains("scan.finished/7", runs[0].Problem);
    }

    [Fact]
    public void A_journal_that_cannot_be_read_at_all_is_an_error()
    {
        File.WriteAllText(JournalPath, new string('x', 5000));
        Assert.Throws<JournalException>(() => RunCatalogue.List(_folder));
    }

    [Fact]
    public void A_run_folder_has_its_parts_where_decisions_say()
    {
        var folder = RunFolder.Of("/data", "runs/u");
        Assert.Equal(
            ["/data/runs/u/request.json", "/data/runs/u/plan.json", "/data/runs/u/documents.jsonl", "/data/runs/u/summary.json",
                "/data/runs/u/master.nxs", "/data/runs/u/data", "/data/journal.db", "/data/lock"],
            [folder.Request, folder.Plan, folder.Documents, folder.Summary, folder.Master, folder.Data,
                RunFolder.JournalOf("/data"), RunFolder.LockOf("/data")]);
        Assert.Equal("/elsewhere/u", RunFolder.Of("/data", "/elsewhere/u").Path);
    }

    private static ScanEvent.HoldSet Hold(string name) => new(1, name, "because");
}
