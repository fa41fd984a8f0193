using System.Text.Json;
using Flyscan.Hardware.Hdf5;
using Flyscan.Scanning.Runs;
using Flyscan.Tests.Persistence.Documents;
using Xunit;

namespace Flyscan.Tests.Host.Acceptance;

/// <summary>A whole run that tells of frames as they are recorded, and commits them at its end.</summary>
[Collection(ProcessCollection.Name)]
public sealed class EagerRunTests
{
    private static readonly string Request = Requests.Small.Replace(
        "\"request\": 1,", "\"request\": 1, \"documents\": \"eager\", \"commit\": \"atEnd\",", StringComparison.Ordinal);

    [Theory]
    [InlineData(null)]
    [InlineData("FramesRecorded:after:1")]
    [InlineData("FramesCommitted:before:1")]
    public async Task Documents_point_at_rows_as_they_were_recorded_and_all_is_committed_at_the_end(string? killAt)
    {
        using var folder = new DataFolder();
        var run = await folder.RunAsync(Request, killAt);
        if (killAt is not null)
        {
            Assert.True(run.Code == FlyscanResult.Killed, run.ToString());
            run = await folder.ResumeAsync();
        }
        Assert.True(run.Code == 0, run.ToString());
        var events = folder.Journal();
        Assert.Equal(48, events.OfType<ScanEvent.FramesCommitted>().Sum(e => e.Frames.Count));
        Assert.DoesNotContain(events.SkipWhile(e => e is not ScanEvent.FramesCommitted), e => e is ScanEvent.HandedOver);
        var lines = File.ReadLines(folder.Run.Documents).Select(l => JsonDocument.Parse(l).RootElement).ToList();
        if (SharedData.Root is not null)
            Assert.All(lines, line => Assert.Empty(DocumentSchemas.Problems(line)));
        await SameRowsAsync(folder, RowsOf(lines));
    }

    /// <summary>The row that counts for each frame, by its event's number.</summary>
    private static SortedDictionary<long, long> RowsOf(IEnumerable<JsonElement> lines)
    {
        var rows = new SortedDictionary<long, long>();
        foreach (var datum in lines.Where(l => l.GetProperty("name").GetString() == "stream_datum").Select(l => l.GetProperty("doc")))
        {
            var (row, number) = (datum.GetProperty("indices").GetProperty("start").GetInt64(), datum.GetProperty("seq_nums"));
            for (var n = number.GetProperty("start").GetInt64(); n < number.GetProperty("stop").GetInt64(); n++)
                rows[n] = row++;
        }
        Assert.Equal(Enumerable.Range(1, 48).Select(n => (long)n), rows.Keys);
        return rows;
    }

    private static async Task SameRowsAsync(DataFolder folder, SortedDictionary<long, long> rows)
    {
        var reader = new SegmentReader(TimeProvider.System, TimeSpan.FromSeconds(60));
        foreach (var dataset in (string[])["panda/sample_index", "cam/cam_frame_number", "cam/cam_timestamp"])
        {
            var told = await reader.ReadIntegersAsync(
                folder.Run.Master, $"/entry/recorded/{dataset}", 0, rows.Values.Max() + 1, CancellationToken.None);
            var committed = await reader.ReadIntegersAsync(
                folder.Run.Master, $"/entry/committed/{dataset}", 0, rows.Count, CancellationToken.None);
            Assert.Equal(committed, rows.Values.Select(row => told[row]));
        }
    }
}
