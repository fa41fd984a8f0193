using System.Diagnostics;
using Flyscan.Persistence.Journal;
using Microsoft.Data.Sqlite;
using Xunit;
using Xunit.Abstractions;

namespace Flyscan.Tests.Engine;

/// <summary>A process that persists is killed again and again: whatever it was told to be written must be there.</summary>
public sealed class KillLoopTests : IDisposable
{
    private const int FewKills = 15;
    private const int AllKills = 100;

    private static readonly string[] Writers = ["one", "all", "async"];

    private readonly string _folder = Directory.CreateTempSubdirectory("flyscan-kills-").FullName;
    private readonly ITestOutputHelper _output;

    public KillLoopTests(ITestOutputHelper output) => _output = output;

    [Fact]
    public void Nothing_acknowledged_is_lost_by_kills_in_the_middle_of_writing()
    {
        var database = Path.Combine(_folder, "journal.db");
        var kills = Environment.GetEnvironmentVariable("FLYSCAN_SOAK") == "1" ? AllKills : FewKills;
        var chance = new Seeded(7);
        var acknowledged = Writers.ToDictionary(way => way, _ => 0L);
        for (var kill = 0; kill < kills; kill++)
        {
            foreach (var (word, way, number) in LinesUntilKilled(database, chance.Next(60)))
            {
                if (word == "recovered")
                    Assert.True(number >= acknowledged[way], $"kill {kill}: {way} had {acknowledged[way]} and came back with {number}");
                acknowledged[way] = Math.Max(acknowledged[way], number);
            }

            foreach (var way in Writers)
                AssertWhole(database, way, acknowledged[way]);
        }

        Assert.All(Writers, way => Assert.True(acknowledged[way] > 0));
        _output.WriteLine($"{kills} kills; acknowledged: {string.Join(", ", acknowledged.Select(a => $"{a.Key} {a.Value}"))}");
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static IReadOnlyList<(string Word, string Way, long Number)> LinesUntilKilled(string database, int afterWrites)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.ArgumentList.Add(Path.Combine(AppContext.BaseDirectory, "Flyscan.Persister.dll"));
        start.ArgumentList.Add(database);
        using var process = Process.Start(start)!;
        var error = process.StandardError.ReadToEndAsync();
        var lines = new List<string>();
        var wanted = Writers.Length + afterWrites;
        while (lines.Count < wanted && process.StandardOutput.ReadLine() is { } line)
            lines.Add(line);
        var endedBefore = lines.Count < wanted;
        process.Kill();
        var rest = process.StandardOutput.ReadToEnd();
        process.WaitForExit();
        Assert.False(endedBefore, $"the writer ended by itself: {error.GetAwaiter().GetResult()}");

        // The last line may be cut off by the kill; only a line with its end was said.
        lines.AddRange(rest.Split('\n').SkipLast(1));
        return [.. lines.Select(line => line.Split(' ')).Select(words => (words[0], words[1], long.Parse(words[2])))];
    }

    /// <summary>All up to the last event are there, in order, none twice; what belongs together is there together.</summary>
    private static void AssertWhole(string database, string way, long acknowledged)
    {
        SqliteLibrary.Initialise();
        using var connection = new SqliteConnection($"Data Source={database};Pooling=False");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = "SELECT count(*), coalesce(max(sequence_number), 0), "
            + "coalesce(sum(cast(cast(message AS text) AS integer) <> sequence_number), 0) FROM journal WHERE persistence_id = $way";
        command.Parameters.AddWithValue("$way", way);
        using var row = command.ExecuteReader();
        Assert.True(row.Read());
        Assert.Equal((row.GetInt64(1), 0), (row.GetInt64(0), row.GetInt64(2)));
        Assert.InRange(acknowledged, 0, row.GetInt64(1));
        if (way == "all")
            Assert.Equal(0, row.GetInt64(1) % 3);
    }
}
