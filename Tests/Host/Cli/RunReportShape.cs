using System.Text.Json;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

/// <summary>What --json says of a run has the same members, of the same types, however the run went.</summary>
internal static class RunReportShape
{
    private static readonly string[] Members =
    [
        "uid", "status", "frames", "committed", "superseded", "takes", "rewinds", "duration_s", "dead_time_s", "handover_ms", "files",
        "documents", "master", "error", "superseded_ranges", "skipped_ranges", "lacking", "rates", "box_rounding",
    ];

    public static void Check(JsonElement report)
    {
        // Where the planner refused, its reasons stand beside the members that are always there.
        Assert.Equal(Members, report.EnumerateObject().Select(m => m.Name).Where(name => name != "problems"));
        Assert.Equal(JsonValueKind.String, report.GetProperty("status").ValueKind);
        foreach (var count in new[] { "frames", "committed", "superseded", "takes", "rewinds" })
            Assert.True(report.GetProperty(count).GetInt64() >= 0, count);
        foreach (var text in new[] { "uid", "documents", "master", "error" })
            Assert.True(report.GetProperty(text).ValueKind is JsonValueKind.String or JsonValueKind.Null, text);
        var handover = report.GetProperty("handover_ms");
        Assert.Equal(["p50", "p99", "max"], handover.EnumerateObject().Select(m => m.Name));
        Assert.All(handover.EnumerateObject(), m => Assert.True(m.Value.ValueKind is JsonValueKind.Number or JsonValueKind.Null, m.Name));
        Assert.All(report.GetProperty("files").EnumerateArray(), f => Assert.Equal(JsonValueKind.String, f.ValueKind));
        var dead = report.GetProperty("dead_time_s").EnumerateObject().Select(m => m.Value.GetDouble()).ToList();
        Assert.All(dead, seconds => Assert.True(seconds >= 0));
        Assert.InRange(dead.Sum(), 0, report.GetProperty("duration_s").GetDouble() + 1e-6);
    }

    public static void CheckRefused(string error, JsonElement report)
    {
        Check(report);
        Assert.Equal("refused", report.GetProperty("status").GetString());
        Assert.Equal(error, report.GetProperty("error").GetString());
        Assert.Equal(JsonValueKind.Null, report.GetProperty("uid").ValueKind);
        Assert.Equal(0, report.GetProperty("frames").GetInt64());
    }
}
