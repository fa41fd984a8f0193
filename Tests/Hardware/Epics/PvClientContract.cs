using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>What the client of every transport does, against a server, both on cores without I/O, on a clock that moves by hand.</summary>
public abstract class PvClientContract
{
    private protected const long Second = PvBench.Second;
    private protected static readonly CancellationToken None = CancellationToken.None;

    private static readonly string LongText = "/dls/i22/data/2026/a-path-that-is-longer-than-forty-characters/";

    /// <summary>What a channel to a number is known by.</summary>
    private protected abstract PvChannelInfo InfoOfNumber { get; }

    /// <summary>The second of the choices Off and On, as it is read.</summary>
    private protected abstract PvValue On { get; }

    [Fact]
    public async Task A_value_is_read_with_its_alarm_its_stamp_and_its_metadata()
    {
        await using var bench = NewBench();
        var record = bench.Serve("A", 1.5);
        var alarm = new PvAlarm(4, PvSeverity.Minor);
        bench.Records.Run(() => record.Fields["VAL"].Post(new PvValue.Number(2.5), 1_700_000_000_123_456_789, alarm));
        using var channel = bench.Connected("A");
        var reading = bench.Value(channel.GetAsync(Second, None));
        Assert.Equal((new PvValue.Number(2.5), alarm, 1_700_000_000_123_456_789),
            ((PvValue.Number)reading.Value, reading.Alarm, reading.StampNs));
        var metadata = bench.Value(channel.GetMetadataAsync(Second, None));
        Assert.Equal(("mm", 3, new PvRange(-90, 90)), (metadata.Units, metadata.Precision, metadata.Control));
        Assert.Equal(InfoOfNumber, channel.Info);
    }

    [Fact]
    public async Task Arrays_long_strings_and_choices_come_as_what_they_are()
    {
        await using var bench = NewBench();
        var record = bench.Serve(
            "A", 0, ("W", Dbr.Double, new PvValue.Array<double>([1, 2, 3]), 100_000), ("C", Dbr.Char, new PvValue.Array<byte>([0]), 256),
            ("E", Dbr.Enum, new PvValue.Choice(0, "Off"), 1));
        record.Fields["E"].Metadata = new PvMetadata(new PvValue.Integer(0), default) { Choices = ["Off", "On"] };
        using var wave = bench.Connected("A.W");
        Assert.Equal(new PvValue.Array<double>([1, 2, 3]), bench.Value(wave.GetAsync(Second, None)).Value);
        var large = new PvValue.Array<double>([.. Enumerable.Range(0, 90_000).Select(i => (double)i)]);
        bench.Value(wave.PutAndWaitAsync(large, Second, None));
        Assert.Equal(large, bench.Value(wave.GetAsync(Second, None)).Value);
        using var text = bench.Connected("A.C");
        bench.Value(text.PutAndWaitAsync(new PvValue.Text(LongText), Second, None));
        Assert.Equal(LongText, bench.Value(text.GetAsync(Second, None)).Value.AsText());
        using var choice = bench.Connected("A.E");
        bench.Value(choice.PutAndWaitAsync(new PvValue.Text("On"), Second, None));
        Assert.Equal(On, bench.Value(choice.GetAsync(Second, None)).Value);
        Assert.Equal(new PvValue.Text("On"), bench.Value(choice.GetAsync(Second, None, PvAs.Text)).Value);
        Assert.Equal(["Off", "On"], bench.Value(choice.GetMetadataAsync(Second, None)).Choices);
        CheckBogus(await bench.EndAsync(choice.PutAndWaitAsync(new PvValue.Text("Bogus"), Second, None)));
    }

    [Fact]
    public async Task A_monitor_keeps_the_newest_readings_and_counts_what_it_dropped()
    {
        await using var bench = NewBench();
        CheckNewest(bench, bench.Run);
    }

    [Fact]
    public async Task A_change_of_the_alarm_alone_is_told_with_the_value_it_has()
    {
        await using var bench = NewBench();
        var record = bench.Serve("A", 1);
        using var channel = bench.Connected("A");
        using var monitor = channel.Monitor(new PvMonitorOptions(), _ => { });
        bench.Run();
        Assert.Equal(1, PvBench.Taken(monitor).Single().Value.AsNumber());
        var alarm = new PvAlarm(3, PvSeverity.Major);
        bench.Records.Run(() => record.Fields["VAL"].Post(new PvValue.Number(1), 700_000_000 * Second, alarm));
        bench.Run();
        var reading = PvBench.Taken(monitor).Single();
        Assert.Equal((1, alarm, 700_000_000 * Second), (reading.Value.AsNumber(), reading.Alarm, reading.StampNs!.Value));
    }

    [Fact]
    public async Task After_a_server_restart_subscriptions_are_back_within_a_second_and_nothing_is_written_twice()
    {
        await using var bench = NewBench();
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
        Assert.Equal(7, PvBench.Taken(monitor)[^1].Value.AsNumber());
        Assert.Equal(1, writes);
    }

    [Fact]
    public async Task A_server_that_falls_silent_is_lost_after_an_echo_without_answer()
    {
        await using var bench = NewBench(s => s with { EchoAfterNs = 2 * Second, EchoWithinNs = Second });
        bench.Serve("A", 1);
        using var channel = bench.Connected("A");
        bench.Pass(20 * Second);
        Assert.Equal(PvState.Connected, channel.State);
        bench.Network.Silent = true;
        bench.Datagrams.Loses = _ => true;
        bench.Pass((2 * Second) + (Second / 2));
        Assert.Equal(PvState.Connected, channel.State);
        bench.Pass(Second * 6 / 10);
        Assert.Equal(PvState.Lost, channel.State);
    }

    [Fact]
    public async Task Searches_go_out_at_once_then_ever_less_often()
    {
        await using var bench = NewBench(s => s with { LongestSearchNs = 2 * Second });
        using var channel = bench.Client.Open("NOBODY:HAS:IT");
        var beganNs = bench.Clock.NowNs;
        var sent = new List<int>();
        foreach (var ms in new[] { 10, 50, 120, 260, 520, 1050, 2100 })
        {
            bench.Pass((ms * 1_000_000L) - (bench.Clock.NowNs - beganNs));
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
        await using var bench = NewBench();
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
        await using var bench = NewBench(s => s with { NameServers = ["127.0.0.1"] });
        bench.Serve("A", 3);
        bench.Datagrams.Loses = _ => true;
        using var channel = bench.Connected("A");
        Assert.Equal(3, bench.Value(channel.GetAsync(Second, None)).Value.AsNumber());
        Assert.Equal(0, bench.Datagrams.Sent);
    }

    [Fact]
    public async Task A_name_server_that_dies_is_asked_again_when_it_is_back()
    {
        await using var bench = NewBench(s => s with { NameServers = ["127.0.0.1"] });
        bench.Datagrams.Loses = _ => true;
        using var channel = bench.Client.Open("A");
        bench.Pass(Second / 10);
        bench.KillServer();
        bench.Pass(Second);
        bench.StartServer();
        bench.Serve("A", 4);
        bench.Pass(20 * Second);
        Assert.Equal(4, bench.Value(channel.GetAsync(Second, None)).Value.AsNumber());
    }

    [Fact]
    public async Task A_request_ends_at_its_deadline_or_when_cancelled_and_a_late_answer_is_ignored()
    {
        await using var bench = NewBench();
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
    public async Task A_request_that_was_cancelled_before_is_not_sent()
    {
        await using var bench = NewBench();
        var record = bench.Serve("A", 0);
        var writes = 0;
        record.Fields["VAL"].Written = (_, _) => writes++ >= 0 ? CaStatus.Normal : 0;
        using var channel = bench.Connected("A");
        var put = channel.PutAndWaitAsync(new PvValue.Number(1), Second, new CancellationToken(canceled: true));
        bench.Run();
        Assert.IsType<Outcome<Nothing>.Cancelled>(await put);
        Assert.Equal(0, writes);
    }

    [Fact]
    public async Task Requests_of_a_batch_are_all_answered()
    {
        await using var bench = NewBench();
        bench.Serve("A", 1.5);
        using var channel = bench.Connected("A");
        List<Task<Outcome<PvReading>>> reads;
        using (bench.Client.Batch())
        {
            reads = [.. Enumerable.Range(0, 1000).Select(_ => channel.GetAsync(Second, None))];
            bench.Run();
            Assert.All(reads, r => Assert.False(r.IsCompleted));
        }
        bench.Run();
        Assert.All(reads, r => Assert.Equal(1.5, bench.Value(r).Value.AsNumber()));
    }

    [Fact]
    public async Task Any_cut_of_the_bytes_gives_the_same_values()
    {
        await using var bench = NewBench();
        bench.Serve("A", 1.5, ("W", Dbr.Double, new PvValue.Array<double>([.. Enumerable.Range(0, 20_000).Select(i => i * 0.5)]), 20_000));
        bench.Network.LargestSegment = 7;
        using var channel = bench.Connected("A.W");
        Assert.Equal(19_999 * 0.5, bench.Value(channel.GetAsync(Second, None)).Value.AsNumbers()[^1]);
    }

    /// <summary>Ten readings come, of which three are kept.</summary>
    private protected static void CheckNewest(PvBench bench, Action afterEach)
    {
        var record = bench.Serve("A", 0);
        using var channel = bench.Connected("A");
        var ready = 0;
        using var monitor = channel.Monitor(new PvMonitorOptions { Capacity = 3 }, _ => ready++);
        bench.Run();
        for (var i = 1; i <= 10; i++)
        {
            bench.Records.Run(() => record.Fields["VAL"].Post(new PvValue.Number(i), i));
            afterEach();
        }
        bench.Run();
        Assert.Equal([8, 9, 10], PvBench.Taken(monitor).Select(r => r.Value.AsNumber()));
        Assert.Equal((8, 1), (monitor.Dropped, ready));
    }

    /// <summary>A bench whose client has these settings in place of the usual ones.</summary>
    private protected abstract PvBench NewBench(Func<PvTransportSettings, PvTransportSettings>? with = null);

    /// <summary>How writing a choice that there is not ends.</summary>
    private protected abstract void CheckBogus(Outcome<Nothing> outcome);
}
