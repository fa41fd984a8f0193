using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>The contract over pvAccess, and what is its own.</summary>
public sealed class PvaClientTests : PvClientContract
{
    private protected override PvChannelInfo InfoOfNumber => new("127.0.0.1:5075", "epics:nt/NTScalar:1.0 double", 1, true, true);

    private protected override PvValue On => new PvValue.Choice(1, "On");

    [Fact]
    public async Task A_number_is_read_as_text_with_its_precision()
    {
        await using var bench = new PvaBench();
        bench.Serve("A", 2.5);
        using var channel = bench.Connected("A");
        Assert.Equal(new PvValue.Text("2.500"), bench.Value(channel.GetAsync(Second, None, PvAs.Text)).Value);
    }

    [Fact]
    public async Task A_number_that_does_not_fit_is_refused()
    {
        await using var bench = new PvaBench();
        bench.Serve("A", 0, ("L", Dbr.Long, new PvValue.Integer(4), 1));
        using var whole = bench.Connected("A.L");
        var fraction = await bench.EndAsync(whole.PutAndWaitAsync(new PvValue.Number(1.5), Second, None));
        Assert.Contains("cannot be written to epics:nt/NTScalar:1.0 int", Assert.IsType<Outcome<Nothing>.Refused>(fraction).Reason);
    }

    [Fact]
    public async Task Large_arrays_go_in_segments()
    {
        await using var bench = new PvaBench();
        bench.Serve("A", 0, ("W", Dbr.Double, new PvValue.Array<double>([]), 1_000_000));
        bench.Network.LargestSegment = 10_007;
        using var wave = bench.Connected("A.W");
        var large = new PvValue.Array<double>([.. Enumerable.Range(0, 400_000).Select(i => i * 0.5)]);
        bench.Value(wave.PutAndWaitAsync(large, Second, None));
        Assert.Equal(large, bench.Value(wave.GetAsync(Second, None)).Value);
        Assert.True(400_000 * sizeof(double) > 20 * Flyscan.Hardware.Epics.PvAccess.Server.PvaServerCircuit.Segment);
    }

    [Fact]
    public async Task A_put_with_completion_is_answered_when_all_is_done_and_a_plain_write_passes_it()
    {
        await using var bench = new PvaBench();
        var record = bench.Serve("MOVE", 0);
        Action? complete = null;
        var writes = new List<double>();
        record.Fields["VAL"].Written = (value, done) =>
        {
            writes.Add(value.AsNumber());
            complete ??= done;
            record.Fields["VAL"].Post(value, bench.Records.StampNs);
            return CaStatus.Normal;
        };
        using var channel = bench.Connected("MOVE");
        var put = channel.PutAndWaitAsync(new PvValue.Number(5), 100 * Second, None);
        bench.Run();
        bench.Pass(2 * Second);
        Assert.False(put.IsCompleted);
        Assert.Null(channel.Put(new PvValue.Number(6)).Problem);
        Assert.Null(channel.Put(new PvValue.Number(7)).Problem);
        // A read that is asked for after writes sees them.
        Assert.Equal(7, bench.Value(channel.GetAsync(Second, None)).Value.AsNumber());
        Assert.Equal([5, 6, 7], writes);
        bench.Records.Run(complete!);
        Assert.IsType<Outcome<Nothing>.Completed>(await bench.EndAsync(put));
    }

    [Fact]
    public async Task Many_reads_at_once_are_all_answered_with_few_operations()
    {
        await using var bench = new PvaBench();
        bench.Serve("A", 1.5);
        using var channel = bench.Connected("A");
        List<Task<Outcome<PvReading>>> reads;
        using (bench.Client.Batch())
            reads = [.. Enumerable.Range(0, 1000).Select(_ => channel.GetAsync(Second, None))];
        bench.Run();
        Assert.All(reads, r => Assert.Equal(1.5, bench.Value(r).Value.AsNumber()));
        Assert.InRange(((PvaChannel)channel).Gets, 1, 4);
    }

    [Fact]
    public async Task A_pipelined_monitor_lets_the_server_join_what_comes_too_fast()
    {
        await using var bench = new PvaBench();
        var record = bench.Serve("A", 0);
        using var channel = bench.Connected("A");
        using var monitor = channel.Monitor(new PvMonitorOptions { Capacity = 4 }, _ => { });
        bench.Run();
        PvBench.Taken(monitor);
        // The client hears nothing of all this before it has ended: after the window of four the server keeps only the newest.
        bench.Records.Run(() =>
        {
            for (var i = 1; i <= 100; i++)
                record.Fields["VAL"].Post(new PvValue.Number(i), i);
        });
        bench.Run();
        var values = PvBench.Taken(monitor).Select(r => r.Value.AsNumber()).ToList();
        Assert.InRange(values.Count, 2, 5);
        Assert.Equal(100, values[^1]);
        Assert.True(monitor.Dropped > 0);
    }

    [Fact]
    public async Task A_plain_write_that_is_refused_is_told_before_a_read_that_follows()
    {
        await using var bench = new PvaBench();
        bench.Serve("A", 1).Fields["VAL"].IsWritable = false;
        using var channel = bench.Connected("A");
        var told = new List<string>();
        channel.WriteRefused += told.Add;
        Assert.IsType<Outcome<Nothing>.Completed>(channel.Put(new PvValue.Number(2)));
        bench.Value(channel.GetAsync(Second, None));
        Assert.Equal("writing A: Put not permitted", Assert.Single(told));
        Assert.Contains(
            "Put not permitted", (await bench.EndAsync(channel.PutAndWaitAsync(new PvValue.Number(2), Second, None))).Problem);
    }

    [Fact]
    public void The_environment_of_EPICS_is_honoured_and_a_file_goes_before_it()
    {
        var variables = new Dictionary<string, string>
        {
            ["EPICS_PVA_ADDR_LIST"] = "10.0.0.255 ioc1:6076",
            ["EPICS_PVA_AUTO_ADDR_LIST"] = "NO",
            ["EPICS_PVA_CONN_TMO"] = "12",
            ["EPICS_PVA_NAME_SERVERS"] = "gateway:5075",
            ["EPICS_PVA_BROADCAST_PORT"] = "6076",
        };
        var settings = PvaSettings.Read(null, variables.GetValueOrDefault);
        Assert.Equal(["10.0.0.255", "ioc1:6076"], settings.Addresses);
        Assert.Equal((false, 6 * Second, 6076), (settings.AutoAddresses, settings.EchoAfterNs, settings.SearchPort));
        Assert.Equal(["gateway:5075"], settings.NameServers);
        var file = new Flyscan.Host.Composition.HoconSettings(
            "epics", Flyscan.Hocon.HoconConfiguration.Parse("addresses = [a], pva { addresses = [\"b:1\"], echo-after = 1 s }", "f"));
        var both = PvSettings.Read(file, variables.GetValueOrDefault);
        Assert.Equal(["a"], both.ChannelAccess.Addresses);
        Assert.Equal(["b:1"], both.PvAccess.Addresses);
        Assert.Equal(Second, both.PvAccess.EchoAfterNs);
        var wrong = Assert.Throws<SettingsException>(
            () => PvaSettings.Read(null, name => name == "EPICS_PVA_SERVER_PORT" ? "x" : null));
        Assert.Contains("EPICS_PVA_SERVER_PORT = x", wrong.Message);
    }

    private protected override PvBench NewBench(Func<PvTransportSettings, PvTransportSettings>? with = null) =>
        new PvaBench((PvaSettings?)with?.Invoke(new PvaSettings()));

    private protected override void CheckBogus(Outcome<Nothing> outcome) =>
        Assert.Contains("no choice 'Bogus'; there are Off, On", Assert.IsType<Outcome<Nothing>.Refused>(outcome).Reason);
}
