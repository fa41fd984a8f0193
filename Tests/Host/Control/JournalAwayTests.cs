using Flyscan.Persistence.Journal;
using Flyscan.Scanning.Runs;
using Flyscan.Tests.Host.Cli;
using Microsoft.Data.Sqlite;
using Xunit;

namespace Flyscan.Tests.Host.Control;

/// <summary>A whole scan whose journal is taken away from it while it flies, twice.</summary>
public sealed class JournalAwayTests
{
    private const string Slow = """
        {"request": 1, "detectors": ["cam"],
         "spec": {"type": "Product",
                  "outer": {"type": "Linspace", "axis": "y", "start": 0, "stop": 1, "num": 8},
                  "inner": {"type": "ConstantDuration", "constant_duration": 0.01,
                            "spec": {"type": "Fly", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 50}}}}}
        """;

    [Fact]
    public async Task A_journal_that_takes_no_writes_or_is_gone_holds_the_scan_and_it_finishes_when_it_is_back()
    {
        using var place = new CliPlace();
        var journal = Path.Combine(place.Data, "journal.db");
        var run = place.RunAsync("run", place.Write("r.json", Slow), "--out", place.Data, "--json");
        await place.UntilAsync(run, scan => scan.GetProperty("phase").GetString() == "flying");

        Execute(journal, "CREATE TRIGGER away BEFORE INSERT ON journal BEGIN SELECT RAISE(ABORT, 'the disk is away'); END");
        var held = await place.UntilAsync(run, scan => scan.GetProperty("holds").TryGetProperty("journal", out _));
        Assert.Equal("held", held.GetProperty("phase").GetString());
        Assert.Contains("the disk is away", held.GetProperty("holds").GetProperty("journal").GetString());
        var pause = await place.RunAsync("pause", held.GetProperty("uid").GetString()!);
        Assert.NotEqual(0, pause.Code);
        Assert.Contains("the journal does not take writes", pause.Error);
        Execute(journal, "DROP TRIGGER away");
        await place.UntilAsync(run, scan => !scan.GetProperty("holds").TryGetProperty("journal", out _));

        File.Move(journal, journal + ".away");
        held = await place.UntilAsync(run, scan => scan.GetProperty("holds").TryGetProperty("disk", out _));
        Assert.StartsWith("the journal DIR/data/journal.db is gone", held.GetProperty("holds").GetProperty("disk").GetString());
        File.Move(journal + ".away", journal);

        var ended = await run;
        Assert.True(ended.Code == 0, ended.Error);
        Assert.Equal((400, "finished"), (ended.Json().GetProperty("committed").GetInt32(), ended.Json().GetProperty("status").GetString()));
        var events = place.Events(ended);
        Assert.Equal(2, events.OfType<ScanEvent.SupervisorTookOver>().Count());
        Assert.Equal("disk", Assert.Single(events.OfType<ScanEvent.HoldSet>()).Hold);
        Assert.Single(events, e => e is ScanEvent.Finished);
    }

    private static void Execute(string journal, string sql)
    {
        SqliteLibrary.Initialise();
        using var connection = new SqliteConnection($"Data Source={journal};Pooling=False;Default Timeout=10");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }
}
