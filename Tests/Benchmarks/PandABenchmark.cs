using System.Diagnostics;
using System.Globalization;
using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.PandA;
using Flyscan.Hardware.PandA.Capture;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Programmes;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Time;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;

namespace Flyscan.Benchmarks;

/// <summary>The PandA driver's control and data ports against a source in a process of its own, over loopback.</summary>
internal static class PandABenchmark
{
    private const double Seconds = 5;
    private static readonly double[] Rates = [100, 200, 300, 400, 500, 600, 700, 800, 900, 1000];

    public static async Task RunAsync(TextWriter output)
    {
        Compile(output);
        await ControlAsync(output);
        foreach (var shape in new[] { "flyscan", "counter" })
            await CaseAsync(output, "parsed", shape, "none", 0);
        await CaseAsync(output, "parsed, scaled into columns", "flyscan", "memory", 0);
        // Times that lie far apart cannot be packed.
        foreach (var rate in Rates)
            if (!await CaseAsync(output, "into HDF5 on tmpfs", "scattered", "/dev/shm", rate))
                break;
        var disk = Path.Combine(Environment.CurrentDirectory, "artifacts");
        foreach (var (name, folder) in new[] { ("tmpfs", "/dev/shm"), ("disk", Directory.Exists(disk) ? disk : Path.GetTempPath()) })
            foreach (var rate in Rates)
                // Twice: a machine that shares its memory with others may take half as much the one time as the other.
                if (!await CaseAsync(output, $"into HDF5 on {name}", "flyscan", folder, rate)
                    && !await CaseAsync(output, $"into HDF5 on {name}, once more", "flyscan", folder, rate))
                    break;
    }

    /// <summary>Columns of a capture: one encoder's Min, Max, Mean with three times and a gate duration (of times far apart:
    /// <c>scattered</c>), or one counter.</summary>
    internal static PandADataField[] Shape(string name) => name == "counter"
        ? [new("COUNTER1.OUT", PandAFieldType.Int32, "Value")]
        :
        [
            new("INENC1.VAL", PandAFieldType.Int32, "Min"), new("INENC1.VAL", PandAFieldType.Int32, "Max"),
            new("PCAP.GATE_DURATION", PandAFieldType.Int32, "Value"), new("PCAP.TS_START", PandAFieldType.Int64, "Value"),
            new("PCAP.TS_END", PandAFieldType.Int64, "Value"), new("PCAP.TS_TRIG", PandAFieldType.Int64, "Value"),
            new("INENC1.VAL", PandAFieldType.Int64, "Mean"),
        ];

    /// <summary>One measurement, in this process: <c>panda-case shape folder rate</c>.</summary>
    public static async Task MeasureAsync(string shape, string folder, double rate)
    {
        var target = folder is "none" or "memory" ? null : new Bound(folder);
        target?.Measure((long)(rate * 1e6 * Seconds));
        using var source = Start("panda-source", $"{rate.ToString(CultureInfo.InvariantCulture)}", $"{Seconds}", shape);
        var port = int.Parse(await source.StandardOutput.ReadLineAsync() ?? "0", CultureInfo.InvariantCulture);
        var plan = new CapturePlan([new PandAEncoder("x", "INENC1", 0.001, 5, "mm")], []);
        var file = target is null ? "" : Path.Combine(folder, $"flyscan-bench-{Environment.ProcessId}");
        var fault = "";
        try
        {
            if (file.Length > 0)
                Directory.CreateDirectory(file);
            IFrameStoreFactory stores = file.Length > 0 ? new Hdf5FrameStoreFactory() : new Nowhere();
            var store = await stores.CreateAsync(new SegmentSpec(Path.Combine(file, "a.h5"), plan.Specs, []), CancellationToken.None);
            var clock = new SystemClock();
            var recorder = new SampleRecorder(
                store, clock, new PandASettings { Host = "", ControlPort = 0, DataPort = 0 }.MostPendingBytes,
                _ => { }, reason => fault = reason);
            var connection = await new TcpConnector().ConnectStreamAsync("127.0.0.1", port, CancellationToken.None);
            var use = shape != "counter" && folder != "none";
            using var data = new PandADataClient(
                connection, use ? plan : CapturePlan.Nothing, 8, use ? recorder : null, 0, _ => { });
            await data.HeaderRead;
            var (began, used) = (clock.NowNs, Environment.CpuUsage.TotalTime);
            var (sent, _) = await data.CaptureEnded;
            var recorded = use ? await recorder.CloseAsync(CancellationToken.None) : data.Received;
            var seconds = (clock.NowNs - began) / 1e9;
            var bytes = sent * Shape(shape).Sum(f => f.Bytes);
            var peak = (await File.ReadAllLinesAsync("/proc/self/status")).First(l => l.StartsWith("VmHWM", StringComparison.Ordinal));
            var cpu = (Environment.CpuUsage.TotalTime - used).TotalSeconds;
            var lost = sent - recorded;
            var writer = ThreadSeconds("hdf5");
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{bytes / seconds / 1e6:0} MB/s, {sent / seconds / 1e6:0.0} M samples/s, {long.Parse(peak.Split(' ')[^2]) / 1024} MiB, "
                    + $"{cpu / bytes * 1e9:0.00} s of processor time per GB ({writer / bytes * 1e9:0.00} of it in HDF5), "
                    + $"lost {lost} {fault}{target?.Compare(Path.Combine(file, "a.h5"), seconds)}"));
        }
        catch (IOException error)
        {
            Console.WriteLine($"failed: {fault} {error.Message}{target?.Compare(Path.Combine(file, "a.h5"), 0)}");
        }
        finally
        {
            source.Kill();
            if (file.Length > 0)
                Directory.Delete(file, recursive: true);
        }
    }

    /// <summary>Processor time of this process's threads of that name.</summary>
    private static double ThreadSeconds(string name)
    {
        var ticks = 0L;
        foreach (var stat in Directory.GetDirectories("/proc/self/task").Select(task => File.ReadAllText($"{task}/stat")))
            if (stat.Contains($"({name})", StringComparison.Ordinal))
                ticks += stat[stat.LastIndexOf(')')..].Split(' ')[12..14].Sum(long.Parse);
        return ticks / 100.0;
    }

    private static async Task<bool> CaseAsync(TextWriter output, string title, string shape, string folder, double rate)
    {
        using var one = Start("panda-case", shape, folder, $"{rate.ToString(CultureInfo.InvariantCulture)}");
        var line = await one.StandardOutput.ReadLineAsync() ?? "nothing came";
        await one.WaitForExitAsync();
        var offered = rate > 0 ? string.Create(CultureInfo.InvariantCulture, $" offered {rate} MB/s") : "";
        output.WriteLine($"data port, {shape}, {title}{offered}: {line}");
        return line.Contains(" lost 0", StringComparison.Ordinal);
    }

    private static async Task ControlAsync(TextWriter output)
    {
        using var source = Start("panda-control");
        var port = int.Parse(await source.StandardOutput.ReadLineAsync() ?? "0", CultureInfo.InvariantCulture);
        var connection = await new TcpConnector().ConnectAsync("127.0.0.1", port, CancellationToken.None);
        var clock = new SystemClock();
        using (var client = new PandAControlClient(connection, clock, new PandAControlLimits(), _ => { }))
        {
            var query = PandACommand.Get("SEQ1.REPEATS");
            var single = await TimeAsync(clock, 2000, () => client.DoAsync(CancellationToken.None, query));
            PandACommand[] many = [.. Enumerable.Repeat(query, 1000)];
            var piped = await TimeAsync(clock, 200, () => client.DoAsync(CancellationToken.None, many)) / 1000;
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"control: {1e9 / single:0} commands/s one by one, {1e9 / piped:0} pipelined by 1000"));
            foreach (var rows in new[] { 4000, 60_000 })
            {
                var words = Enumerable.Range(0, rows * 4).Select(i => (uint)i).ToArray();
                var ns = await TimeAsync(clock, 50, () => client.DoAsync(CancellationToken.None, PandACommand.Words("SEQ1.TABLE", words)));
                output.WriteLine(string.Create(
                    CultureInfo.InvariantCulture, $"control: table of {rows} rows in base64: {ns / 1e6:0.00} ms"));
            }
            var streamed = await TimeAsync(clock, 10, () => StreamAsync(client, 60_000));
            output.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"control: 60000 rows made and streamed in pieces of {PandADriver.MostRows}: {streamed / 1e6:0.00} ms"));
        }
        source.Kill();
    }

    /// <summary>Frames of unequal durations, a row each, compiled and given piece by piece, each answered before the next.</summary>
    private static async Task StreamAsync(PandAControlClient client, int rows)
    {
        var windows = Enumerable.Range(0, rows).Select(i => new TriggerWindow(
            i, false, null, [new PulseTrain(1, 900_000, 1_000_000 + 8 * (i % 7))]));
        var limits = new SequencerLimits(4096, 8, true) { Streams = true };
        var compiled = SequencerProgramme.Compile(new([.. windows]), new TakeMark(7), [], limits, out var problem);
        var stream = compiled?.Stream ?? throw new InvalidOperationException(problem);
        var pieces = new TablePieces(stream, SequencerLayout.Documented, "SEQ1.TABLE", PandADriver.MostRows);
        while (!pieces.AreGiven)
            await client.DoAsync(CancellationToken.None, pieces.Next());
    }

    private static void Compile(TextWriter output)
    {
        var clock = new SystemClock();
        var windows = Enumerable.Range(0, 1000).Select(i => new TriggerWindow(
            i * 100L, true, new PositionCompare("x", i % 2 == 0 ? 1 : 2, i % 2 == 0), [new PulseTrain(100, 900_000, 1_000_000)]));
        var programme = new TriggerProgramme(new([.. windows]));
        PandAEncoder[] encoders = [new("x", "INENC1", 0.001, 0, "mm")];
        var best = double.MaxValue;
        var first = 0.0;
        for (var i = 0; i < 50; i++)
        {
            var began = clock.NowNs;
            var compiled = SequencerProgramme.Compile(
                programme, new TakeMark(7), new([.. encoders]), new SequencerLimits(4096, 8, true), out var problem);
            if (compiled is null)
                throw new InvalidOperationException(problem);
            var command = PandACommand.Words("SEQ1.TABLE", SequencerLayout.Documented.Encode([.. compiled.Rows]));
            var ms = (clock.NowNs - began) / 1e6;
            first = i == 0 ? ms : first;
            best = Math.Min(best, ms);
            GC.KeepAlive(command);
        }
        output.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"1,000 snaked lines to a table of 4,000 rows, encoded: {best:0.00} ms (the first time {first:0.0} ms)"));
    }

    private static async Task<double> TimeAsync(IClock clock, int times, Func<Task> work)
    {
        for (var i = 0; i < times / 5 + 1; i++)
            await work();
        var began = clock.NowNs;
        for (var i = 0; i < times; i++)
            await work();
        return (clock.NowNs - began) / (double)times;
    }

    private static Process Start(params string[] arguments)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(Environment.GetCommandLineArgs()[0]);
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        return Process.Start(start) ?? throw new InvalidOperationException("the source did not start");
    }

    /// <summary>A store that takes everything and keeps nothing.</summary>
    private sealed class Nowhere : IFrameStoreFactory, IFrameStore
    {
        public SegmentSpec Segment { get; private set; } = new("", [], []);

        public long Written { get; private set; }

        public long Recorded => Written;

        public Task<IFrameStore> CreateAsync(SegmentSpec segment, CancellationToken cancel)
        {
            Segment = segment;
            return Task.FromResult<IFrameStore>(this);
        }

        public Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> columns, int frames, CancellationToken cancel)
        {
            Written += frames;
            return Task.CompletedTask;
        }

        public Task<long[]> ReadIntegersAsync(string dataset, long first, long count, CancellationToken cancel) =>
            Task.FromException<long[]>(new IOException("nothing is kept"));

        public Task<long> FlushAsync(bool sync, CancellationToken cancel) => Task.FromResult(Written);

        public Task<long> CloseAsync(CancellationToken cancel) => Task.FromResult(Written);

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
