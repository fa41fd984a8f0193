using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using Xunit;

namespace Flyscan.Tests.Host.Cli;

/// <summary>A run as a process of its own, whose signals and lock are the operating system's.</summary>
public sealed partial class PauseTests
{
    private const int Sigint = 2;
    private const int Sigterm = 15;

    /// <summary>Frames so long that the pause at the end of one takes more than the two seconds after which a library might
    /// end us.</summary>
    private const string Slow = """
        {"request": 1, "detectors": ["diode"],
         "spec": {"type": "ConstantDuration", "constant_duration": 6,
                  "spec": {"type": "Fly", "spec": {"type": "Linspace", "axis": "x", "start": 0, "stop": 1, "num": 2}}}}
        """;

    private static readonly Dictionary<string, string> NoEnvironment = [];

    [Theory]
    [InlineData(Sigint)]
    [InlineData(Sigterm)]
    public async Task A_signal_pauses_at_a_safe_frame_and_resume_finishes(int signal)
    {
        using var place = new CliPlace();
        var request = place.Write("r.json", Slow);
        using var run = CliPlace.Start(NoEnvironment, "run", request, "--out", place.Data, "--json");
        await FlyingAsync(run);

        var held = $"DIR/data is in use by pid {run.Id.ToString(CultureInfo.InvariantCulture)} on {Environment.MachineName}. "
            + "Wait for it, end it, or give another folder with --out.";
        foreach (var (verb, why) in new (string[], string)[] { (["run", request], held), (["resume"], "the scan is not paused") })
        {
            var second = await place.RunAsync([.. verb, "--out", place.Data, "--json"]);
            Assert.Equal(2, second.Code);
            RunReportShape.CheckRefused(why, second.Json());
        }
        Assert.Equal(0, (await place.RunAsync("runs", "--out", place.Data)).Code);

        Assert.Equal(0, Kill(run.Id, signal));
        var error = run.StandardError.ReadToEndAsync();
        var answer = new CliAnswer(0, await run.StandardOutput.ReadToEndAsync(), await error);
        await run.WaitForExitAsync();
        Assert.Contains("flyscan: pausing at the next safe frame; Ctrl-C again aborts", answer.Error);
        Assert.Equal(5, run.ExitCode);
        RunReportShape.Check(answer.Json());
        Assert.Equal("paused", answer.Json().GetProperty("status").GetString());
        Assert.Equal("operator: pause asked by Ctrl-C", answer.Json().GetProperty("error").GetString());
        Assert.Equal((2, 1), (answer.Json().GetProperty("frames").GetInt32(), answer.Json().GetProperty("committed").GetInt32()));
        Assert.Single(place.Processes);

        var resumed = await place.RunProcessAsync(NoEnvironment, "resume", "--out", place.Data, "--json");
        Assert.Equal((0, "finished"), (resumed.Code, resumed.Json().GetProperty("status").GetString()));
        RunReportShape.Check(resumed.Json());
        Assert.Equal(2, resumed.Json().GetProperty("committed").GetInt32());
        Assert.Empty(place.Processes);
    }

    [Fact]
    public async Task A_second_signal_aborts()
    {
        using var place = new CliPlace();
        using var run = CliPlace.Start(NoEnvironment, "run", place.Write("r.json", Slow), "--out", place.Data, "--json");
        await FlyingAsync(run);
        Assert.Equal(0, Kill(run.Id, Sigint));
        var line = await run.StandardError.ReadLineAsync();
        while (line is not null && !line.Contains("pausing", StringComparison.Ordinal))
            line = await run.StandardError.ReadLineAsync();
        Assert.Equal(0, Kill(run.Id, Sigint));
        var error = run.StandardError.ReadToEndAsync();
        var answer = new CliAnswer(0, await run.StandardOutput.ReadToEndAsync(), await error);
        await run.WaitForExitAsync();
        RunReportShape.Check(answer.Json());
        Assert.Equal((4, "aborted"), (run.ExitCode, answer.Json().GetProperty("status").GetString()));
        Assert.Equal("aborted with Ctrl-C", answer.Json().GetProperty("error").GetString());
        Assert.Empty(place.Processes);
    }

    /// <summary>Reads progress until the hardware flies.</summary>
    private static async Task FlyingAsync(Process run)
    {
        var said = new List<string>();
        while (await run.StandardError.ReadLineAsync() is string line)
        {
            said.Add(line);
            if (line.StartsWith("flying", StringComparison.Ordinal))
                return;
        }
        Assert.Fail($"it ended before it flew:\n{string.Join('\n', said)}");
    }

    [LibraryImport("libc", EntryPoint = "kill")]
    private static partial int Kill(int pid, int signal);
}
