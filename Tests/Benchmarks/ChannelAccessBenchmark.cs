using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Epics.PvAccess.Server;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Time;
using Flyscan.Scanning.Units;

namespace Flyscan.Benchmarks;

/// <summary>The Channel Access and the pvAccess client against our server in a process of its own, over the loopback interface.</summary>
internal static class ChannelAccessBenchmark
{
    private const int Channels = 10_000;
    private const long Within = 20_000_000_000;
    private static readonly CancellationToken None = CancellationToken.None;

    /// <summary>What differs between the transports: a client for ports, and how long a question and an answer are.</summary>
    private sealed record Transport(string Title, Func<Ports, IPvClient> Client, int Asked, int Answered);

    /// <summary>Channel Access; pvAccess by TCP; its searches by UDP.</summary>
    private sealed record Ports(int ChannelAccess, int PvAccess, int Searches)
    {
        public static Ports Of(string text)
        {
            var all = text.Split(' ').Select(p => int.Parse(p, CultureInfo.InvariantCulture)).ToList();
            return new Ports(all[0], all[1], all[2]);
        }

        public override string ToString() => $"{ChannelAccess} {PvAccess} {Searches}";
    }

    private static readonly Transport ChannelAccess = new("Channel Access", ports => new CaClient(
        new CaSettings { Addresses = [$"127.0.0.1:{ports.ChannelAccess}"] }, Surroundings()), 16, 40);

    private static readonly Transport PvAccess = new("pvAccess", ports => new PvaClient(
        new PvaSettings { Addresses = [$"127.0.0.1:{ports.Searches}"] }, Surroundings()), 17, 218);

    /// <summary>The server's process: prints its ports, serves until its input ends.</summary>
    public static void Serve()
    {
        using var server = new CaServer(new SystemClock(), TimeProvider.System);
        var pvs = new List<ServedPv>();
        for (var i = 0; i < Channels; i++)
        {
            var record = new ServedRecord($"BENCH:RECORD:{i}", "ai");
            pvs.Add(record.Add("VAL", Dbr.Double, new PvValue.Number(i)));
            server.Add(record);
        }
        var count = 0.0;
        Post();
        var ports = Ports.Of(Environment.GetEnvironmentVariable("BENCH_PORTS") ?? "0 0 0");
        server.Listen(IPAddress.Loopback, ports.ChannelAccess, new UdpPorts());
        using var pva = new PvaServer(server);
        pva.Listen(IPAddress.Loopback, ports.PvAccess, ports.Searches, new UdpPorts());
        Console.WriteLine(new Ports(server.Port, pva.Port, pva.SearchPort));
        Console.In.ReadToEnd();

        void Post() => server.At(server.NowNs + 100_000_000, () =>
        {
            count++;
            foreach (var pv in pvs)
                pv.Post(new PvValue.Number(count), server.StampNs);
            Post();
        });
    }

    public static Task RunChannelAccessAsync(TextWriter output) => RunAsync(ChannelAccess, output);

    public static Task RunPvAccessAsync(TextWriter output) => RunAsync(PvAccess, output);

    private static async Task RunAsync(Transport transport, TextWriter output)
    {
        var server = StartServer(new Ports(0, 0, 0), out var ports);
        output.WriteLine($"## {transport.Title}, loopback, server in another process\n");
        output.WriteLine("| what | measured |");
        output.WriteLine("| --- | --- |");
        await using (var client = transport.Client(ports))
        {
            await SequentialAsync(client, transport, output);
            await PipelinedAsync(client, server, output);
            if (transport == ChannelAccess)
                await CLibraryPace.RunAsync(client, ports.ChannelAccess, output);
        }
        await using (var client = transport.Client(ports))
        {
            var channels = await ConnectAsync(client, output);
            server = await MonitorAsync(channels, server, ports, output);
        }
        server.Kill();
    }

    private static CaSurroundings Surroundings() =>
        new(new SystemClock(), new TcpConnector(ownThreads: true), new UdpPorts(), TimeProvider.System);

    private static Process StartServer(Ports ports, out Ports listening)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardInput = true, RedirectStandardOutput = true };
        if (Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet")
            start.ArgumentList.Add(typeof(ChannelAccessBenchmark).Assembly.Location);
        start.ArgumentList.Add("channel-access-server");
        start.Environment["BENCH_PORTS"] = $"{ports}";
        var process = Process.Start(start)!;
        listening = Ports.Of(process.StandardOutput.ReadLine()!);
        return process;
    }

    private static async Task SequentialAsync(IPvClient client, Transport transport, TextWriter output)
    {
        using var channel = client.Open("BENCH:RECORD:1");
        await channel.ConnectAsync(Within, None);
        for (var i = 0; i < 20_000; i++)
            await channel.GetAsync(Within, None);
        const int Count = 50_000;
        var times = new double[Count];
        for (var i = 0; i < Count; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            await channel.GetAsync(Within, None);
            times[i] = TimeProvider.System.GetElapsedTime(began).TotalMicroseconds;
        }
        Array.Sort(times);
        var floor = RoundTrips(Count, transport.Asked, transport.Answered);
        output.WriteLine(Line($"sequential get, median of {Count}", $"{times[Count / 2]:F1} µs (p99 {times[Count * 99 / 100]:F1} µs)"));
        output.WriteLine(Line(
            $"bare TCP round trip of as many bytes, blocking threads, median",
            $"{floor[Count / 2]:F1} µs (p99 {floor[Count * 99 / 100]:F1} µs)"));
        output.WriteLine(Line($"ratio of the medians", $"{times[Count / 2] / floor[Count / 2]:F2}"));
    }

    /// <summary>What the machine takes for the same exchange without any protocol: two threads that block in a socket each.</summary>
    private static double[] RoundTrips(int count, int asked, int answered)
    {
        using var listener = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        listener.Listen();
        using var here = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        here.Connect(listener.LocalEndPoint!);
        using var there = listener.Accept();
        there.NoDelay = true;
        var echo = new Thread(() =>
        {
            var bytes = new byte[answered];
            while (there.Receive(bytes.AsSpan(0, asked)) > 0)
                there.Send(bytes);
        });
        echo.Start();
        var (request, reply) = (new byte[asked], new byte[answered]);
        var times = new double[count];
        for (var i = 0; i < count; i++)
        {
            var began = TimeProvider.System.GetTimestamp();
            here.Send(request);
            here.Receive(reply);
            times[i] = TimeProvider.System.GetElapsedTime(began).TotalMicroseconds;
        }
        here.Shutdown(SocketShutdown.Both);
        echo.Join();
        Array.Sort(times);
        return times;
    }

    private static async Task PipelinedAsync(IPvClient client, Process server, TextWriter output)
    {
        using var channel = client.Open("BENCH:RECORD:2");
        await channel.ConnectAsync(Within, None);
        var best = 0.0;
        const int Batch = 1000;
        const int Rounds = 1000;
        using var self = Process.GetCurrentProcess();
        var (mine, theirs) = (CpuOf(self), CpuOf(server));
        const int Repeats = 4;
        for (var repeat = 0; repeat < Repeats; repeat++)
        {
            best = Math.Max(best, await RateAsync(channel, client, Batch, Rounds));
        }
        output.WriteLine(Line("pipelined gets, batches of 1000, two under way, best of 4 runs of 1 million", $"{best:N0} /s"));
        // What other work on the machine does not change.
        const double Gets = 1e-6 * Batch * Rounds * Repeats;
        output.WriteLine(Line(
            "processor time of a pipelined get",
            $"client {(CpuOf(self) - mine).TotalSeconds / Gets:F2} µs, server {(CpuOf(server) - theirs).TotalSeconds / Gets:F2} µs"));
    }

    /// <summary>Gets a second in batches, two under way.</summary>
    internal static async Task<double> RateAsync(IPvChannel channel, IPvClient client, int batch, int rounds)
    {
        var began = TimeProvider.System.GetTimestamp();
        var ahead = Send(channel, client, batch);
        for (var round = 1; round < rounds; round++)
        {
            var next = Send(channel, client, batch);
            foreach (var get in ahead)
                await get;
            ahead = next;
        }
        foreach (var get in ahead)
            await get;
        return batch * rounds / TimeProvider.System.GetElapsedTime(began).TotalSeconds;
    }

    internal static TimeSpan CpuOf(Process process)
    {
        process.Refresh();
        return process.TotalProcessorTime;
    }

    private static Task<Outcome<PvReading>>[] Send(IPvChannel channel, IPvClient client, int count)
    {
        var gets = new Task<Outcome<PvReading>>[count];
        using (client.Batch())
            for (var i = 0; i < count; i++)
                gets[i] = channel.GetAsync(Within, None);
        return gets;
    }

    private static async Task<List<IPvChannel>> ConnectAsync(IPvClient client, TextWriter output)
    {
        using var self = Process.GetCurrentProcess();
        var (began, cpu) = (TimeProvider.System.GetTimestamp(), CpuOf(self));
        var channels = new List<IPvChannel>();
        using (client.Batch())
            for (var i = 0; i < Channels; i++)
                channels.Add(client.Open($"BENCH:RECORD:{i}"));
        foreach (var channel in channels)
            await channel.ConnectAsync(Within, None);
        var took = TimeProvider.System.GetElapsedTime(began);
        var used = CpuOf(self) - cpu;
        output.WriteLine(Line(
            $"{Channels} channels searched and connected",
            $"{took.TotalSeconds:F2} s, {used.TotalSeconds:F2} s of the client's processor time"));
        return channels;
    }

    private static async Task<Process> MonitorAsync(List<IPvChannel> channels, Process server, Ports ports, TextWriter output)
    {
        var (seen, dropped) = (0L, 0L);
        var monitors = channels.Select(c => c.Monitor(new PvMonitorOptions(), m =>
        {
            while (m.TryTake(out _))
                seen++;
        })).ToList();
        await Task.Delay(TimeSpan.FromSeconds(3), TimeProvider.System);
        using var self = Process.GetCurrentProcess();
        var (cpu, before, began) = (self.TotalProcessorTime, seen, TimeProvider.System.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(10), TimeProvider.System);
        self.Refresh();
        var seconds = TimeProvider.System.GetElapsedTime(began).TotalSeconds;
        var load = (self.TotalProcessorTime - cpu).TotalSeconds / seconds;
        dropped = monitors.Sum(m => m.Dropped);
        output.WriteLine(Line(
            $"{Channels} monitors at 10 Hz: client's CPU",
            $"{100 * load:F1} % of a core, {(seen - before) / seconds:N0} events/s, {dropped} dropped"));
        server.Kill();
        server.WaitForExit();
        while (channels.Any(c => c.State == PvState.Connected))
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        var again = StartServer(ports, out _);
        began = TimeProvider.System.GetTimestamp();
        var (atStart, needed) = (seen, Channels);
        while (seen - atStart < needed)
            await Task.Delay(TimeSpan.FromMilliseconds(1), TimeProvider.System);
        output.WriteLine(Line(
            $"all {Channels} subscriptions back after the server's restart",
            $"{TimeProvider.System.GetElapsedTime(began).TotalSeconds:F2} s"));
        foreach (var monitor in monitors)
            monitor.Dispose();
        return again;
    }

    internal static string Line(string what, FormattableString measured) =>
        $"| {what} | {measured.ToString(CultureInfo.InvariantCulture)} |";
}
