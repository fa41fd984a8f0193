using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>The client against the server, both on cores without I/O, on a clock that moves by hand.</summary>
public sealed class PvaClientTests
{
    private const long Second = PvaBench.Second;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_value_is_read_with_its_alarm_its_stamp_and_its_metadata()
    {
        await using var bench = new PvaBench();
        var record = bench.Serve("A", 1.5);
        bench.Records.Run(() => record.Fields["VAL"].Post(
            new PvValue.Number(2.5), 1_700_000_000_123_456_789, new PvAlarm(4, PvSeverity.Minor)));
        using var channel = bench.Connected("A");
        var reading = bench.Value(channel.GetAsync(Second, None));
        Assert.Equal((new PvValue.Number(2.5), new PvAlarm(4, PvSeverity.Minor), 1_700_000_000_123_456_789),
            ((PvValue.Number)reading.Value, reading.Alarm, reading.StampNs));
        Assert.Equal(new PvValue.Text("2.500"), bench.Value(channel.GetAsync(Second, None, PvAs.Text)).Value);
        var metadata = bench.Value(channel.GetMetadataAsync(Second, None));
        Assert.Equal(("mm", 3, new PvRange(-90, 90)), (metadata.Units, metadata.Precision, metadata.Control));
        Assert.Equal(new PvChannelInfo("127.0.0.1:5075", "epics:nt/NTScalar:1.0 double", 1, true, true), channel.Info);
    }

    [Fact]
    public async Task Arrays_long_strings_and_choices_come_as_what_they_are()
    {
        await using var bench = new PvaBench();
        var record = bench.Serve(
            "A", 0, ("W", Dbr.Double, new PvValue.Array<double>([1, 2, 3]), 100_000), ("S", Dbr.String, new PvValue.Text("short"), 1),
            ("C", Dbr.Char, new PvValue.Array<byte>([0]), 256), ("E", Dbr.Enum, new PvValue.Choice(0, "Off"), 1),
            ("L", Dbr.Long, new PvValue.Integer(4), 1));
        record.Fields["E"].Metadata = new PvMetadata(new PvValue.Integer(0), default) { Choices = ["Off", "On"] };
        using var wave = bench.Connected("A.W");
        Assert.Equal(new PvValue.Array<double>([1, 2, 3]), bench.Value(wave.GetAsync(Second, None)).Value);
        using var text = bench.Connected("A.C");
        const string Path = "/dls/i22/data/2026/a-path-that-is-longer-than-forty-characters/";
        bench.Value(text.PutAndWaitAsync(new PvValue.Text(Path), Second, None));
        Assert.Equal(Path, bench.Value(text.GetAsync(Second, None)).Value.AsText());
        using var choice = bench.Connected("A.E");
        bench.Value(choice.PutAndWaitAsync(new PvValue.Text("On"), Second, None));
        Assert.Equal(new PvValue.Choice(1, "On"), bench.Value(choice.GetAsync(Second, None)).Value);
        Assert.Equal(new PvValue.Text("On"), bench.Value(choice.GetAsync(Second, None, PvAs.Text)).Value);
        Assert.Equal(["Off", "On"], bench.Value(choice.GetMetadataAsync(Second, None)).Choices);
        var wrong = await bench.EndAsync(choice.PutAndWaitAsync(new PvValue.Text("Bogus"), Second, None));
        Assert.Contains("no choice 'Bogus'; there are Off, On", Assert.IsType<Outcome<Nothing>.Refused>(wrong).Reason);
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
    public async Task Any_cut_of_the_bytes_gives_the_same_values()
    {
        await using var bench = new PvaBench();
        bench.Serve("A", 1.5, ("W", Dbr.Double, new PvValue.Array<double>([.. Enumerable.Range(0, 20_000).Select(i => i * 0.5)]), 20_000));
        bench.Network.LargestSegment = 7;
        using var channel = bench.Connected("A.W");
        Assert.Equal(19_999 * 0.5, bench.Value(channel.GetAsync(Second, None)).Value.AsNumbers()[^1]);
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
        Assert.InRange(((PvaLink)channel).Gets, 1, 4);
    }

    [Fact]
    public async Task A_monitor_keeps_the_newest_readings_and_counts_what_it_dropped()
    {
        await using var bench = new PvaBench();
        var record = bench.Serve("A", 0);
        using var channel = bench.Connected("A");
        var ready = 0;
        using var monitor = channel.Monitor(new PvMonitorOptions { Capacity = 3 }, _ => ready++);
        bench.Run();
        for (var i = 1; i <= 10; i++)
        {
            bench.Records.Run(() => record.Fields["VAL"].Post(new PvValue.Number(i), i));
            bench.Run();
        }
        Assert.Equal([8, 9, 10], Taken(monitor).Select(r => r.Value.AsNumber()));
        Assert.Equal((8, 1), (monitor.Dropped, ready));
    }

    [Fact]
    public async Task A_pipelined_monitor_lets_the_server_join_what_comes_too_fast()
    {
        await using var bench = new PvaBench();
        var record = bench.Serve("A", 0);
        using var channel = bench.Connected("A");
        using var monitor = channel.Monitor(new PvMonitorOptions { Capacity = 4 }, _ => { });
        bench.Run();
        Taken(monitor);
        // The client hears nothing of all this before it has ended: after the window of four the server keeps only the newest.
        bench.Records.Run(() =>
        {
            for (var i = 1; i <= 100; i++)
                record.Fields["VAL"].Post(new PvValue.Number(i), i);
        });
        bench.Run();
        var values = Taken(monitor).Select(r => r.Value.AsNumber()).ToList();
        Assert.InRange(values.Count, 2, 5);
        Assert.Equal(100, values[^1]);
        Assert.True(monitor.Dropped > 0);
    }

    [Fact]
    public async Task A_monitor_merges_what_changed_into_what_it_knew()
    {
        await using var bench = new PvaBench();
        var record = bench.Serve("A", 1);
        using var channel = bench.Connected("A");
        using var monitor = channel.Monitor(new PvMonitorOptions(), _ => { });
        bench.Run();
        Assert.Equal(1, Taken(monitor).Single().Value.AsNumber());
        var alarm = new PvAlarm(3, PvSeverity.Major);
        bench.Records.Run(() => record.Fields["VAL"].Post(new PvValue.Number(1), 5 * Second, alarm));
        bench.Run();
        var reading = Taken(monitor).Single();
        Assert.Equal((1, alarm, 5 * Second), (reading.Value.AsNumber(), reading.Alarm, reading.StampNs!.Value));
    }

    [Fact]
    public async Task After_a_server_restart_subscriptions_are_back_within_a_second_and_nothing_is_written_twice()
    {
        await using var bench = new PvaBench();
        bench.Serve("A", 1);
        using var channel = bench.Connected("A");
        var states = new List<PvState>();
        channel.Changed += states.Add;
        using var monitor = channel.Monitor(new PvMonitorOptions { Capacity = 10 }, _ => { });
        bench.Run();
        var record = bench.Serve("SLOW", 0);
        var writes = 0;
        record.Fields["VAL"].Written = (_, _) => writes++ >= 0 ? CaStatus.Normal : 0;
        using var slow = bench.Connected("SLOW");
        var put = slow.PutAndWaitAsync(new PvValue.Number(5), 100 * Second, None);
        bench.Run();
        bench.KillServer();
        Assert.Contains("connection was lost", Assert.IsType<Outcome<Nothing>.Failed>(await put).Reason);
        Assert.IsType<Outcome<Nothing>.Refused>(slow.Put(new PvValue.Number(6)));
        Assert.IsType<Outcome<PvReading>.Refused>(await channel.GetAsync(Second, None));
        bench.Pass(5 * Second);
        bench.StartServer();
        bench.Serve("A", 7);
        bench.Serve("SLOW", 0).Fields["VAL"].Written = record.Fields["VAL"].Written;
        bench.Pass(Second + (Second / 20));
        Assert.Equal([PvState.Lost, PvState.Connecting, PvState.Connected], states);
        Assert.Equal(7, Taken(monitor)[^1].Value.AsNumber());
        Assert.Equal(1, writes);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_lost_after_an_echo_without_answer()
    {
        await using var bench = new PvaBench(new PvaSettings { EchoAfterNs = 2 * Second, EchoWithinNs = Second });
        bench.Serve("A", 1);
        using var channel = bench.Connected("A");
        bench.Pass(20 * Second);
        Assert.Equal(PvState.Connected, channel.State);
        bench.Network.Silent = true;
        bench.Datagrams.Loses = _ => true;
        bench.Pass(3 * Second + (Second / 10));
        Assert.Equal(PvState.Lost, channel.State);
    }

    [Fact]
    public async Task Searches_go_out_at_once_then_ever_less_often()
    {
        await using var bench = new PvaBench(new PvaSettings { LongestSearchNs = 2 * Second });
        using var channel = bench.Client.Open("NOBODY:HAS:IT");
        var beganNs = bench.Clock.NowNs;
        var sent = new List<int>();
        foreach (var ms in new[] { 10, 50, 120, 260, 520, 1050, 2100 })
        {
            bench.Pass((ms * 1_000_000L) - (bench.Clock.NowNs - beganNs));
            sent.Add(bench.Datagrams.Sent);
        }
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], sent);
        var waited = await bench.EndAsync(channel.ConnectAsync(Second, None));
        Assert.Contains("no server has said that it has it", waited.Problem);
    }

    [Fact]
    public async Task Many_names_share_datagrams_and_lost_ones_are_asked_for_again()
    {
        await using var bench = new PvaBench();
        for (var i = 0; i < 1000; i++)
            bench.Serve($"RECORD:NUMBER:{i}", i);
        var random = new Seeded(20261121);
        bench.Datagrams.Loses = _ => random.Next(3) == 0;
        List<IPvChannel> channels = [];
        using (bench.Client.Batch())
            for (var i = 0; i < 1000; i++)
                channels.Add(bench.Client.Open($"RECORD:NUMBER:{i}"));
        bench.Pass(20 * Second);
        Assert.All(channels, c => Assert.Equal(PvState.Connected, c.State));
        Assert.InRange(bench.Datagrams.Sent, 40, 400);
        Assert.Equal(1, bench.Client.Circuits);
    }

    [Fact]
    public async Task A_name_server_is_asked_over_TCP()
    {
        await using var bench = new PvaBench(new PvaSettings { NameServers = ["127.0.0.1:5075"] });
        bench.Serve("A", 3);
        bench.Datagrams.Loses = _ => true;
        using var channel = bench.Connected("A");
        Assert.Equal(3, bench.Value(channel.GetAsync(Second, None)).Value.AsNumber());
        Assert.Equal(0, bench.Datagrams.Sent);
    }

    [Fact]
    public async Task A_request_ends_at_its_deadline_or_when_cancelled_and_a_late_answer_is_ignored()
    {
        await using var bench = new PvaBench();
        var record = bench.Serve("SLOW", 0);
        Action? complete = null;
        record.Fields["VAL"].Written = (_, done) =>
        {
            complete ??= done;
            return CaStatus.Normal;
        };
        using var channel = bench.Connected("SLOW");
        using var cancel = new CancellationTokenSource();
        var cancelled = channel.PutAndWaitAsync(new PvValue.Number(1), 100 * Second, cancel.Token);
        bench.Run();
        cancel.Cancel();
        Assert.IsType<Outcome<Nothing>.Cancelled>(await cancelled);
        var late = channel.PutAndWaitAsync(new PvValue.Number(2), Second, None);
        bench.Pass(Second + (Second / 10));
        Assert.IsType<Outcome<Nothing>.TimedOut>(await late);
        bench.Records.Run(complete!);
        bench.Run();
        Assert.Equal(PvState.Connected, channel.State);
        Assert.Equal(0, bench.Value(channel.GetAsync(Second, None)).Value.AsNumber());
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

    private static List<PvReading> Taken(IPvMonitor monitor)
    {
        var taken = new List<PvReading>();
        while (monitor.TryTake(out var reading))
            taken.Add(reading!);
        return taken;
    }
}
