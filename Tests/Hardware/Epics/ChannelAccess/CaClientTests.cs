using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>The client against the server, both on cores without I/O, on a clock that moves by hand.</summary>
public sealed class CaClientTests
{
    private const long Second = CaBench.Second;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_value_is_read_with_its_alarm_its_stamp_and_its_metadata()
    {
        await using var bench = new CaBench();
        var record = bench.Serve("A", 1.5);
        var alarm = new PvAlarm(4, PvSeverity.Minor);
        bench.Server.Run(() => record.Fields["VAL"].Post(new PvValue.Number(2.5), 1_700_000_000_123_456_789, alarm));
        using var channel = bench.Connected("A");
        var reading = bench.Value(channel.GetAsync(Second, None));
        Assert.Equal((new PvValue.Number(2.5), new PvAlarm(4, PvSeverity.Minor), 1_700_000_000_123_456_789),
            ((PvValue.Number)reading.Value, reading.Alarm, reading.StampNs));
        var metadata = bench.Value(channel.GetMetadataAsync(Second, None));
        Assert.Equal(("mm", 3, new PvRange(-90, 90)), (metadata.Units, metadata.Precision, metadata.Control));
        Assert.Equal(new PvChannelInfo("127.0.0.1:5064", "DBF_DOUBLE", 1, true, true), channel.Info);
    }

    [Fact]
    public async Task Arrays_long_strings_and_choices_come_as_what_they_are()
    {
        await using var bench = new CaBench();
        var record = bench.Serve(
            "A", 0, ("W", Dbr.Double, new PvValue.Array<double>([1, 2, 3]), 100_000), ("S", Dbr.String, new PvValue.Text("short"), 1),
            ("C", Dbr.Char, new PvValue.Array<byte>([0]), 256), ("E", Dbr.Enum, new PvValue.Choice(0, "Off"), 1));
        record.Fields["E"].Metadata = new PvMetadata(new PvValue.Integer(0), default) { Choices = ["Off", "On"] };
        using var wave = bench.Connected("A.W");
        Assert.Equal(new PvValue.Array<double>([1, 2, 3]), bench.Value(wave.GetAsync(Second, None)).Value);
        var large = new PvValue.Array<double>([.. Enumerable.Range(0, 90_000).Select(i => (double)i)]);
        bench.Value(wave.PutAndWaitAsync(large, Second, None));
        Assert.Equal(large, bench.Value(wave.GetAsync(Second, None)).Value);
        using var text = bench.Connected("A.C");
        const string Path = "/dls/i22/data/2026/a-path-that-is-longer-than-forty-characters/";
        bench.Value(text.PutAndWaitAsync(new PvValue.Text(Path), Second, None));
        Assert.Equal(Path, bench.Value(text.GetAsync(Second, None)).Value.AsText());
        using var dollar = bench.Connected("A.S$");
        Assert.Equal("short", bench.Value(dollar.GetAsync(Second, None)).Value.AsText());
        using var choice = bench.Connected("A.E");
        bench.Value(choice.PutAndWaitAsync(new PvValue.Text("On"), Second, None));
        Assert.Equal(new PvValue.Choice(1), bench.Value(choice.GetAsync(Second, None)).Value);
        Assert.Equal("On", bench.Value(choice.GetAsync(Second, None, PvAs.Text)).Value.AsText());
        Assert.Equal(["Off", "On"], bench.Value(choice.GetMetadataAsync(Second, None)).Choices);
        var wrong = await bench.EndAsync(choice.PutAndWaitAsync(new PvValue.Text("Bogus"), Second, None));
        Assert.Contains("could not write", Assert.IsType<Outcome<Nothing>.Failed>(wrong).Reason);
    }

    [Fact]
    public async Task A_monitor_keeps_the_newest_readings_and_counts_what_it_dropped()
    {
        await using var bench = new CaBench();
        var record = bench.Serve("A", 0);
        using var channel = bench.Connected("A");
        var ready = 0;
        using var monitor = channel.Monitor(new PvMonitorOptions { Capacity = 3 }, _ => ready++);
        bench.Run();
        for (var i = 1; i <= 10; i++)
            bench.Server.Run(() => record.Fields["VAL"].Post(new PvValue.Number(i), i));
        bench.Run();
        var taken = new List<double>();
        while (monitor.TryTake(out var reading))
            taken.Add(reading!.Value.AsNumber());
        Assert.Equal([8, 9, 10], taken);
        Assert.Equal((8, 1), (monitor.Dropped, ready));
    }

    [Fact]
    public async Task After_a_server_restart_subscriptions_are_back_within_a_second_and_nothing_is_written_twice()
    {
        await using var bench = new CaBench();
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
        var second = bench.Serve("SLOW", 0);
        second.Fields["VAL"].Written = record.Fields["VAL"].Written;
        bench.Pass(Second + Second / 20);
        Assert.Equal([PvState.Lost, PvState.Connecting, PvState.Connected], states);
        PvReading? last = null;
        while (monitor.TryTake(out var reading))
            last = reading;
        Assert.Equal(7, last!.Value.AsNumber());
        Assert.Equal(1, writes);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_lost_after_an_echo_without_answer()
    {
        await using var bench = new CaBench(new CaSettings { EchoAfterNs = 2 * Second, EchoWithinNs = Second });
        bench.Serve("A", 1);
        using var channel = bench.Connected("A");
        bench.Pass(20 * Second);
        Assert.Equal(PvState.Connected, channel.State);
        bench.Network.Silent = true;
        bench.Pass(2 * Second + Second / 2);
        Assert.Equal(PvState.Connected, channel.State);
        bench.Datagrams.Loses = _ => true;
        bench.Pass(Second);
        Assert.Equal(PvState.Lost, channel.State);
    }

    [Fact]
    public async Task Searches_go_out_at_once_then_ever_less_often()
    {
        await using var bench = new CaBench(new CaSettings { LongestSearchNs = 2 * Second });
        using var channel = bench.Client.Open("NOBODY:HAS:IT");
        var beganNs = bench.Clock.NowNs;
        var sent = new List<int>();
        foreach (var ms in new[] { 10, 50, 120, 260, 520, 1050, 2100 })
        {
            bench.Pass(ms * 1_000_000L - (bench.Clock.NowNs - beganNs));
            sent.Add(bench.Datagrams.Sent);
        }
        Assert.Equal([1, 2, 3, 4, 5, 6, 7], sent);
        bench.Pass(10 * Second);
        Assert.InRange(bench.Datagrams.Sent, 11, 13);
        var waited = await bench.EndAsync(channel.ConnectAsync(Second, None));
        Assert.Contains("no server has said that it has it", waited.Problem);
    }

    [Fact]
    public async Task Many_names_share_datagrams_and_lost_ones_are_asked_for_again()
    {
        await using var bench = new CaBench();
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
        await using var bench = new CaBench(new CaSettings { NameServers = ["127.0.0.1:5064"] });
        bench.Serve("A", 3);
        bench.Datagrams.Loses = _ => true;
        using var channel = bench.Connected("A");
        Assert.Equal(3, bench.Value(channel.GetAsync(Second, None)).Value.AsNumber());
        Assert.Equal(0, bench.Datagrams.Sent);
    }

    [Fact]
    public async Task Rights_that_change_are_told_and_kept_to()
    {
        await using var bench = new CaBench();
        var record = bench.Serve("A", 1);
        using var channel = bench.Connected("A");
        bench.Server.SetWritable(record.Fields["VAL"], false);
        bench.Run();
        Assert.False(channel.Info!.CanWrite);
        var refused = await channel.PutAndWaitAsync(new PvValue.Number(2), Second, None);
        Assert.Equal("refused: writing A: the server denies write access", refused.Problem);
    }

    [Fact]
    public async Task A_channel_that_the_server_gives_up_is_searched_for_again()
    {
        await using var bench = new CaBench();
        var record = bench.Serve("A", 1);
        bench.Serve("B", 2);
        using var channel = bench.Connected("A");
        using var other = bench.Connected("B");
        bench.Server.Remove(record);
        bench.Run();
        Assert.Equal((PvState.Lost, PvState.Connected), (channel.State, other.State));
        bench.Serve("A", 9);
        bench.Pass(2 * Second);
        Assert.Equal(9, bench.Value(channel.GetAsync(Second, None)).Value.AsNumber());
    }

    [Fact]
    public async Task A_request_ends_at_its_deadline_or_when_cancelled_and_a_late_answer_is_ignored()
    {
        await using var bench = new CaBench();
        var record = bench.Serve("SLOW", 0);
        Action? complete = null;
        record.Fields["VAL"].Written = (_, done) =>
        {
            complete = done;
            return CaStatus.Normal;
        };
        using var channel = bench.Connected("SLOW");
        using var cancel = new CancellationTokenSource();
        var cancelled = channel.PutAndWaitAsync(new PvValue.Number(1), 100 * Second, cancel.Token);
        bench.Run();
        cancel.Cancel();
        Assert.IsType<Outcome<Nothing>.Cancelled>(await cancelled);
        var late = channel.PutAndWaitAsync(new PvValue.Number(2), Second, None);
        bench.Pass(Second + Second / 10);
        Assert.IsType<Outcome<Nothing>.TimedOut>(await late);
        bench.Server.Run(complete!);
        bench.Run();
        Assert.Equal(PvState.Connected, channel.State);
    }

    [Fact]
    public async Task A_plain_write_that_is_refused_is_told()
    {
        await using var bench = new CaBench();
        bench.Serve("A", 1);
        using var channel = bench.Connected("A");
        var told = new List<string>();
        channel.WriteRefused += told.Add;
        Assert.IsType<Outcome<Nothing>.Completed>(channel.Put(new PvValue.Text("notanumber")));
        bench.Run();
        Assert.Contains("writing A: the server could not write the record", Assert.Single(told));
    }

    [Fact]
    public async Task Any_cut_of_the_bytes_gives_the_same_values()
    {
        await using var bench = new CaBench();
        bench.Serve("A", 1.5, ("W", Dbr.Double, new PvValue.Array<double>([.. Enumerable.Range(0, 20_000).Select(i => i * 0.5)]), 20_000));
        bench.Network.LargestSegment = 7;
        using var channel = bench.Connected("A.W");
        Assert.Equal(19_999 * 0.5, bench.Value(channel.GetAsync(Second, None)).Value.AsNumbers()[^1]);
    }

    [Fact]
    public void The_environment_of_EPICS_is_honoured()
    {
        var variables = new Dictionary<string, string>
        {
            ["EPICS_CA_ADDR_LIST"] = "10.0.0.255 ioc1:6064",
            ["EPICS_CA_AUTO_ADDR_LIST"] = "NO",
            ["EPICS_CA_CONN_TMO"] = "12.5",
            ["EPICS_CA_NAME_SERVERS"] = "gateway:5064",
            ["EPICS_CA_SERVER_PORT"] = "6064",
        };
        var settings = CaSettings.Read(null, variables.GetValueOrDefault);
        Assert.Equal(["10.0.0.255", "ioc1:6064"], settings.Addresses);
        Assert.Equal((false, 12_500_000_000, 6064), (settings.AutoAddresses, settings.EchoAfterNs, settings.ServerPort));
        Assert.Equal(["gateway:5064"], settings.NameServers);
        Assert.False(CaSettings.Read(null, _ => null).AutoAddresses);
        var wrong = Assert.Throws<Flyscan.Hardware.Contracts.SettingsException>(
            () => CaSettings.Read(null, name => name == "EPICS_CA_SERVER_PORT" ? "x" : null));
        Assert.Contains("EPICS_CA_SERVER_PORT = x", wrong.Message);
    }
}
