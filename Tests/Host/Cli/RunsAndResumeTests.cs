using System.Text.Json;
using Flyscan.Persistence.Catalogue;
using Flyscan.Scanning.Runs;
using Flyscan.Tests.Persistence.Documents;
using Flyscan.Tests.Persistence.Journal;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

/// <summary>Data folders as resume, runs and show find them.</summary>
public sealed class RunsAndResumeTests
{
    private static readonly IReadOnlyList<ScanEvent> Open = new RunStory().Begin().Fly(0).Commit(0, 3).Events;

    [Theory]
    [InlineData("runs")]
    [InlineData("show", "a")]
    [InlineData("resume")]
    [InlineData("resume", "a")]
    public async Task A_data_folder_that_is_not_there_is_named_and_not_made(params string[] verb)
    {
        using var place = new CliPlace();
        Assert.Equal(
            new CliAnswer(2, "", "flyscan: there is no data folder DIR/data; give it with --out\n"),
            await place.RunAsync([.. verb, "--out", place.Data]));
        Assert.Empty(place.Entries);
    }

    [Fact]
    public async Task A_data_folder_without_runs_has_none_to_list_to_show_or_to_resume()
    {
        using var place = new CliPlace();
        Directory.CreateDirectory(place.Data);
        var runs = await place.RunAsync("runs", "--out", place.Data, "--json");
        Assert.Equal((0, 0), (runs.Code, runs.Json().GetProperty("runs").GetArrayLength()));
        Assert.Equal(
            new CliAnswer(2, "", "flyscan: DIR/data has no run 'a'; `flyscan runs --out DIR/data` lists what it has\n"),
            await place.RunAsync("show", "a", "--out", place.Data));
        Assert.Equal(
            new CliAnswer(
                2, "", "flyscan: there is nothing to resume: DIR/data has no runs; no scan was begun, nothing was moved or recorded.\n"),
            await place.RunAsync("resume", "--out", place.Data));
        Assert.Equal(["data"], place.Entries);
    }

    [Theory]
    [InlineData("runs")]
    [InlineData("show", "a")]
    [InlineData("resume")]
    public async Task A_journal_that_is_damaged_is_named(params string[] verb)
    {
        using var place = new CliPlace();
        place.Write("data/journal.db", new string('x', 5000));
        var answer = await place.RunAsync([.. verb, "--out", place.Data, "--json"]);
        Assert.Equal(2, answer.Code);
        RunReportShape.CheckRefused("DIR/data/journal.db cannot be read: it is not a SQLite database.", answer.Json());
        Assert.Equal(["data", "data/journal.db"], place.Entries);
    }

    [Fact]
    public async Task A_run_that_cannot_be_read_is_listed_with_the_reason_and_neither_shown_nor_resumed()
    {
        using var place = new CliPlace();
        Directory.CreateDirectory(place.Data);
        Journal(place, "newer", RunStory.Of("finished"));
        JournalFile.Execute(RunFolder.JournalOf(place.Data), "UPDATE journal SET manifest = 'scan.finished/7' WHERE sequence_number > 1");
        var problem = (await place.RunAsync("runs", "--out", place.Data, "--json")).Json()
            .GetProperty("runs")[0].GetProperty("problem").GetString()!;
        Assert.Contains("scan.finished/7", problem);
        Assert.Equal(
            new CliAnswer(2, "", $"flyscan: run newer cannot be read: {problem}\n"), await place.RunAsync("resume", "--out", place.Data));
        Assert.Equal(new CliAnswer(2, "", $"flyscan: {problem}\n"), await place.RunAsync("show", "new", "--out", place.Data));
    }

    [Fact]
    public async Task Of_several_unfinished_runs_one_must_be_named()
    {
        using var place = new CliPlace();
        Directory.CreateDirectory(place.Data);
        Journal(place, "aa1", Open);
        Journal(place, "done", RunStory.Of("finished"));
        Journal(place, "aa2", Open);
        var runs = await place.RunAsync("runs", "--out", place.Data, "--json");
        var title = runs.Json().GetProperty("runs")[0].GetProperty("title").GetString();
        var listed = $"\n  aa1  3/12  {title}".TrimEnd() + $"\n  aa2  3/12  {title}".TrimEnd();
        Assert.Equal(
            new CliAnswer(2, "", $"flyscan: several runs are unfinished; say which:{listed}\n"),
            await place.RunAsync("resume", "--out", place.Data));
        foreach (var verb in new[] { "resume", "show" })
            Assert.Equal(
                new CliAnswer(2, "", $"flyscan: 'AA' begins the uid of several runs; say which:{listed}\n"),
                await place.RunAsync(verb, "AA", "--out", place.Data));
        Assert.Equal(
            new CliAnswer(2, "", "flyscan: DIR/data has no run 'b'; `flyscan runs --out DIR/data` lists what it has\n"),
            await place.RunAsync("resume", "b", "--out", place.Data));
        Assert.DoesNotContain("data/lock", place.Entries);
    }

    [Fact]
    public async Task A_uid_given_whole_is_that_run_even_where_others_begin_so()
    {
        using var place = new CliPlace();
        Directory.CreateDirectory(place.Data);
        Journal(place, "aa", RunStory.Of("aborted"));
        Journal(place, "aab", Open);
        var answer = await place.RunAsync("show", "aa", "--out", place.Data, "--json");
        RunReportShape.Check(answer.Json());
        Assert.Equal((0, "aborted"), (answer.Code, Status(answer)));
    }

    [Fact]
    public async Task A_run_of_another_beamline_is_not_resumed()
    {
        using var place = new CliPlace();
        Directory.CreateDirectory(place.Data);
        Journal(place, "aa", Open);
        Assert.Equal(
            new CliAnswer(2, "", "flyscan: scan aa is of beamline i-test, the file given is of virtual\n"),
            await place.RunAsync("resume", "--out", place.Data));
        Assert.DoesNotContain("data/lock", place.Entries);
    }

    [Fact]
    public async Task An_unfinished_run_is_shown_with_what_its_journal_tells()
    {
        using var place = new CliPlace();
        Directory.CreateDirectory(place.Data);
        Journal(place, "aa", Open);
        var answer = await place.RunAsync("show", "a", "--out", place.Data, "--json");
        RunReportShape.Check(answer.Json());
        Assert.Equal((0, "unfinished", 12, 3), (answer.Code, Status(answer), Count(answer, "frames"), Count(answer, "committed")));
        Assert.Equal(JsonValueKind.Null, answer.Json().GetProperty("master").ValueKind);
    }

    [Fact]
    public async Task A_finished_run_is_reported_alike_by_run_resume_and_show()
    {
        using var place = new CliPlace();
        var request = place.Write("r.json", CliPlace.Good);
        var run = await place.RunAsync("run", request, "--out", place.Data, "--time-scale", "0", "--json");
        Assert.Equal((0, "finished"), (run.Code, Status(run)));
        RunReportShape.Check(run.Json());
        Assert.Equal(
            (10, 10, 0, 1, 0),
            (Count(run, "frames"), Count(run, "committed"), Count(run, "superseded"), Count(run, "takes"), Count(run, "rewinds")));
        Assert.Equal(JsonValueKind.Null, run.Json().GetProperty("error").ValueKind);
        Assert.NotEmpty(run.Json().GetProperty("files").EnumerateArray());
        Assert.EndsWith("/documents.jsonl", run.Json().GetProperty("documents").GetString());
        Assert.Empty(place.Processes);

        var uid = run.Json().GetProperty("uid").GetString()!;
        // The beamline file may have changed since: an ended run does not need it.
        var resumed = await place.RunAsync("resume", "--out", place.Data, "--beamline", place.In("absent"), "--json");
        Assert.Equal((0, run.Json().GetRawText()), (resumed.Code, resumed.Json().GetRawText()));
        var shown = await place.RunAsync("show", uid[..8], "--out", place.Data, "--json");
        Assert.Equal((0, run.Json().GetRawText()), (shown.Code, shown.Json().GetRawText()));

        var summary = Path.Combine(place.Data, "runs", uid, "summary.json");
        await File.WriteAllTextAsync(summary, "{");
        var damaged = await place.RunAsync("show", uid, "--out", place.Data);
        Assert.Equal(2, damaged.Code);
        Assert.Matches(
            $@"^flyscan: DIR/data/runs/{uid}/summary.json is no run summary: .* "
            + $@"Delete the file; `flyscan resume {uid}` then makes it again from the journal.\n$",
            damaged.Error);
        File.Delete(summary);
        Assert.Equal("finished", Status(await place.RunAsync("resume", uid, "--out", place.Data, "--json")));
    }

    private static int Count(CliAnswer answer, string member) => answer.Json().GetProperty(member).GetInt32();

    private static string? Status(CliAnswer answer) => answer.Json().GetProperty("status").GetString();

    private static void Journal(CliPlace place, string uid, IReadOnlyList<ScanEvent> events) =>
        JournalFile.Write(RunFolder.JournalOf(place.Data), uid, events);
}
