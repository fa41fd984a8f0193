using System.Diagnostics;
using System.Globalization;
using Flyscan.Hardware.Epics;
using Flyscan.LibCa;

namespace Flyscan.Benchmarks;

/// <summary>The C library of EPICS base as client of the same server, in turns with ours: other work on the machine meets both.</summary>
internal static class CLibraryPace
{
    private const string Record = "BENCH:RECORD:1";
    private const int Turn = 1000;
    private const int Turns = 50;
    private const int Runs = 4;
    private const int Batch = 1000;
    private const int Rounds = 1000;
    private const long Within = 20_000_000_000;
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>Prints what both take.</summary>
    /// <param name="client">Ours.</param>
    /// <param name="port">Of the server.</param>
    public static async Task RunAsync(IPvClient client, int port, TextWriter output)
    {
        if (CaLibrary.Path is null)
        {
            output.WriteLine(ChannelAccessBenchmark.Line("the C library's client", $"{CaLibrary.Missing}"));
            return;
        }
        using var channel = client.Open(Record);
        await channel.ConnectAsync(Within, None);
        using var calls = new Library(port, "calls");
        using var threads = new Library(port, "preemptive");
        await SequentialAsync(channel, calls, threads, output);
        await PipelinedAsync(channel, client, threads, output);
    }

    private static async Task SequentialAsync(IPvChannel channel, Library calls, Library threads, TextWriter output)
    {
        List<double> ours = [], inCalls = [], preemptive = [];
        for (var turn = -5; turn < Turns; turn++)
        {
            var (mine, theirs, alsoTheirs) = (await TurnAsync(channel), calls.Sequential(Turn), threads.Sequential(Turn));
            if (turn < 0)
                continue;
            ours.AddRange(mine);
            inCalls.AddRange(theirs);
            preemptive.AddRange(alsoTheirs);
        }
        foreach (var times in new[] { ours, inCalls, preemptive })
            times.Sort();
        output.WriteLine(ChannelAccessBenchmark.Line(
            $"sequential gets in turns of {Turn} with the C library, median of {ours.Count}: ours", $"{Said(ours)}"));
        output.WriteLine(ChannelAccessBenchmark.Line("the C library, ca_array_get and ca_pend_io", $"{Said(inCalls)}"));
        output.WriteLine(ChannelAccessBenchmark.Line("the C library with preemptive callbacks", $"{Said(preemptive)}"));
        output.WriteLine(ChannelAccessBenchmark.Line(
            "ratio of the medians, ours to the C library's faster one",
            $"{ours[ours.Count / 2] / Math.Min(inCalls[ours.Count / 2], preemptive[ours.Count / 2]):F2}"));
    }

    private static async Task PipelinedAsync(IPvChannel channel, IPvClient client, Library library, TextWriter output)
    {
        using var self = Process.GetCurrentProcess();
        var (ours, theirs, cpu, theirCpu) = (0.0, 0.0, 0.0, 0.0);
        for (var run = 0; run < Runs; run++)
        {
            var before = ChannelAccessBenchmark.CpuOf(self);
            ours = Math.Max(ours, await ChannelAccessBenchmark.RateAsync(channel, client, Batch, Rounds));
            cpu += (ChannelAccessBenchmark.CpuOf(self) - before).TotalMicroseconds / Batch / Rounds / Runs;
            var (rate, used) = library.Pipelined(Batch, Rounds);
            (theirs, theirCpu) = (Math.Max(theirs, rate), theirCpu + used / Runs);
        }
        output.WriteLine(ChannelAccessBenchmark.Line(
            $"pipelined gets in turns with the C library (ca_array_get_callback), best of {Runs} runs of 1 million each",
            $"ours {ours:N0} /s, the C library {theirs:N0} /s: ratio {ours / theirs:F2}"));
        output.WriteLine(ChannelAccessBenchmark.Line(
            "processor time of a pipelined get of both clients", $"ours {cpu:F2} µs, the C library's {theirCpu:F2} µs"));
    }

    private static async Task<double[]> TurnAsync(IPvChannel channel)
    {
        var times = new double[Turn];
        for (var i = 0; i < Turn; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await channel.GetAsync(Within, None);
            times[i] = TimeProvider.System.GetElapsedTime(began).TotalMicroseconds;
        }
        return times;
    }

    private static string Said(List<double> times) => string.Create(
        CultureInfo.InvariantCulture, $"{times[times.Count / 2]:F1} µs (p99 {times[times.Count * 99 / 100]:F1} µs)");

    /// <summary>A process of it.</summary>
    private sealed class Library : IDisposable
    {
        private readonly Process _process;
        private readonly Task<string> _complaints;

        public Library(int port, string way)
        {
            var start = new ProcessStartInfo("dotnet")
            {
                RedirectStandardInput = true,
                RedirectStandardOutput = true,
                RedirectStandardError = true,
            };
            foreach (var argument in new[] { Path.Combine(AppContext.BaseDirectory, "Flyscan.LibCa.dll"), "pace", way, Record })
                start.ArgumentList.Add(argument);
            start.Environment["EPICS_CA_ADDR_LIST"] = $"127.0.0.1:{port}";
            start.Environment["EPICS_CA_AUTO_ADDR_LIST"] = "NO";
            _process = Process.Start(start)!;
            _complaints = _process.StandardError.ReadToEndAsync();
        }

        public double[] Sequential(int count) => Ask($"sequential {count}");

        public (double Rate, double Cpu) Pipelined(int batch, int rounds) =>
            Ask($"pipelined {batch} {rounds}") is [var rate, var cpu] ? (rate, cpu) : throw new UnreachableException();

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit();
            _process.Dispose();
        }

        private double[] Ask(string line)
        {
            _process.StandardInput.WriteLine(line);
            _process.StandardInput.Flush();
            return _process.StandardOutput.ReadLine() is { } said
                ? Array.ConvertAll(said.Split(' '), n => double.Parse(n, CultureInfo.InvariantCulture))
                : throw new InvalidOperationException($"the C library's process has ended:\n{_complaints.Result}");
        }
    }
}
