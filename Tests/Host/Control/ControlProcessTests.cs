using System.Globalization;
using System.Text.Json;
using Flyscan.Persistence.Catalogue;
using Flyscan.Tests.Host.Acceptance;
using Flyscan.Tests.Host.Cli;
using Flyscan.Tests.Persistence.Documents;
using Flyscan.Tests.Persistence.Journal;
using Xunit;

namespace Flyscan.Tests.Host.Control;

/// <summary>A scan in a process of its own, told what to do from this one.</summary>
public sealed class ControlProcessTests
{
    /// <summary>Half a minute of flight, none of it waited for: time for other processes to begin on any machine.</summary>
    private const string Slow = """
        {"request": 1, "detectors": ["cam"],
         "spec": {"type": "ConstantDuration", "constant_duration": 0.02,
                  "spec": {"type": "Fly", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 1500}}}}
        """;

    /// <summary>Half a second before the end.</summary>
    private const int Near = 1475;

    [Fact]
    public async Task A_running_scan_is_paused_moved_on_and_resumed_from_elsewhere()
    {
        using var place = new CliPlace();
        using var run = FlyscanProcess.Start(null, "run", place.Write("r.json", Slow), "--out", place.Data, "--json");
        var flying = await StatusAsync(place, run, s => s.GetProperty("committed").GetInt64() > 0);
        var uid = flying.GetProperty("uid").GetString()!;

        var early = await place.RunAsync("seek", "100", uid, "--json");
        Assert.Equal(2, early.Code);
        RunReportShape.CheckRefused("the scan is not paused: pause it, then seek", early.Json());

        var paused = await place.RunAsync("pause", uid[..8], "--json");
        Assert.True(paused.Code == 0, paused.Error);
        Assert.Equal((uid, "paused"), (paused.Json().GetProperty("uid").GetString(), paused.Json().GetProperty("answer").GetString()));
        var at = paused.Json().GetProperty("frame").GetInt64();
        Assert.InRange(at, 1, Near - 1);

        var standing = await StatusAsync(place, run, s => s.GetProperty("committed").GetInt64() == at);
        Assert.Equal("held", standing.GetProperty("phase").GetString());
        Assert.StartsWith("pause asked by ", standing.GetProperty("holds").GetProperty("operator").GetString());
        Assert.Equal((at, true), (standing.GetProperty("next_frame").GetInt64(), standing.GetProperty("stays").GetBoolean()));
        Assert.False(run.HasEnded);

        var back = await place.RunAsync("seek", "0", uid, "--json");
        RunReportShape.CheckRefused(
            string.Create(
                CultureInfo.InvariantCulture,
                $"committed to frame {at}: frames before it are final; a scan whose request says \"commit\": \"atEnd\" can go back"),
            back.Json());
        var to = Near.ToString(CultureInfo.InvariantCulture);
        var moved = await place.RunAsync("seek", to, uid);
        Assert.Equal(new CliAnswer(0, $"paused at frame {to}\n", ""), moved);

        var elsewhere = place.In("elsewhere");
        Directory.CreateDirectory(elsewhere);
        JournalFile.Write(RunFolder.JournalOf(elsewhere), "other", RunStory.Of("finished"));
        var missed = await place.RunAsync("resume", uid, "--out", elsewhere);
        Assert.Equal(
            (2, $"flyscan: DIR/elsewhere has no run '{uid}'; `flyscan runs --out DIR/elsewhere` lists what it has\n"),
            (missed.Code, missed.Error));
        var resumed = await place.RunAsync("resume", uid, "--out", place.Data, "--json");
        Assert.Equal((0, "accepted"), (resumed.Code, resumed.Json().GetProperty("answer").GetString()));
        var ended = await run.EndAsync();
        Assert.Equal((0, "finished"), (ended.Code, ended.Json.GetProperty("status").GetString()));
        Assert.Equal(1500 - (Near - at), ended.Json.GetProperty("committed").GetInt64());
        Assert.Contains($"paused at frame {at} of 1500; waiting for `flyscan resume {uid}`, or seek, or abort", ended.Error);

        var late = await place.RunAsync("pause", uid, "--out", place.Data, "--json");
        RunReportShape.CheckRefused($"scan {uid} has ended (finished); `flyscan show {uid} --out DIR/data` says how", late.Json());
    }

    [Fact]
    public async Task A_pause_that_quits_ends_the_process_and_the_next_is_aborted_from_elsewhere()
    {
        using var place = new CliPlace();
        using var run = FlyscanProcess.Start(null, "run", place.Write("r.json", Slow), "--out", place.Data, "--json");
        var uid = (await StatusAsync(place, run, s => s.GetProperty("take").GetInt32() > 0)).GetProperty("uid").GetString()!;
        var paused = await place.RunAsync("pause", "--quit", uid, "--json");
        Assert.Equal((0, "paused"), (paused.Code, paused.Json().GetProperty("answer").GetString()));
        var left = await run.EndAsync();
        Assert.Equal((5, "paused"), (left.Code, left.Json.GetProperty("status").GetString()));

        var nobody = await place.RunAsync("abort", uid, "--out", place.Data);
        Assert.Equal(
            (2, $"flyscan: no process runs scan {uid}; `flyscan resume {uid} --out DIR/data` continues it, and then it can be told\n"),
            (nobody.Code, nobody.Error));

        using var resume = FlyscanProcess.Start(null, "resume", uid, "--out", place.Data, "--json");
        await StatusAsync(place, resume, s => s.GetProperty("phase").GetString() == "flying");
        var aborted = await place.RunAsync("abort", uid, "--json");
        Assert.Equal((0, "accepted"), (aborted.Code, aborted.Json().GetProperty("answer").GetString()));
        var ended = await resume.EndAsync();
        Assert.Equal((4, "aborted"), (ended.Code, ended.Json.GetProperty("status").GetString()));
        Assert.StartsWith("aborted by ", ended.Json.GetProperty("error").GetString());
    }

    [Fact]
    public async Task A_uid_that_nothing_has_is_named_with_what_to_do()
    {
        using var place = new CliPlace();
        var answer = await place.RunAsync("pause", "zzzz", "--out", place.Data);
        Assert.Equal(
            new CliAnswer(
                2, "",
                "flyscan: no scan with uid 'zzzz' is running, and DIR/data has no such run; `flyscan status` lists those that run\n"),
            answer);
    }

    /// <summary>Asks until the run in this place is as wanted.</summary>
    private static async Task<JsonElement> StatusAsync(CliPlace place, FlyscanProcess run, Func<JsonElement, bool> wanted)
    {
        while (!run.HasEnded)
        {
            if (await place.RunningAsync() is JsonElement scan && wanted(scan))
                return scan;
        }
        Assert.Fail($"it ended: {await run.EndAsync()}");
        return default;
    }
}
