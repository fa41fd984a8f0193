using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>Corners of Channel Access that few programs use, between the client and the server.</summary>
public sealed class CaCornersTests
{
    private const long Second = CaBench.Second;
    private static readonly CancellationToken None = CancellationToken.None;

    [Fact]
    public async Task A_client_that_is_behind_turns_events_off_and_gets_the_newest_when_it_turns_them_on()
    {
        await using var bench = new CaBench();
        var record = bench.Serve("A", 0, ("W", Dbr.Double, new PvValue.Array<double>([0]), 50_000));
        using var channel = bench.Connected("A.W");
        var seen = new List<double>();
        using var monitor = channel.Monitor(new PvMonitorOptions { Capacity = 100 }, m =>
        {
            while (m.TryTake(out var reading))
                seen.Add(reading!.Value.AsNumber());
        });
        bench.Run();
        // Each is more than one full buffer: the client never catches up.
        void Post(int number) => bench.Server.Run(() =>
            record.Fields["W"].Post(new PvValue.Array<double>([number, .. new double[40_000]]), number));
        for (var i = 1; i <= 8; i++)
            Post(i);
        bench.Run();
        for (var i = 9; i <= 20; i++)
            Post(i);
        bench.Run();
        Assert.Equal(Enumerable.Range(0, 9).Select(i => (double)i), seen);
        bench.Pass(Second / 10);
        Assert.Equal(20, seen[^1]);
        Assert.Equal(10, seen.Count);
        Post(21);
        bench.Run();
        Assert.Equal(21, seen[^1]);
    }

    [Fact]
    public async Task A_dead_band_behind_a_name_thins_what_its_own_channel_gets()
    {
        await using var bench = new CaBench();
        var record = bench.Serve("A", 0);
        using var all = bench.Connected("A");
        using var thin = bench.Connected("A.VAL{\"dbnd\":{\"d\":0.5}}");
        var (every, few) = (Follow(all), Follow(thin));
        bench.Run();
        for (var i = 1; i <= 10; i++)
        {
            bench.Server.Run(() => record.Fields["VAL"].Post(new PvValue.Number(i * 0.2), i));
            bench.Run();
        }
        Assert.Equal(11, every.Count);
        Assert.Equal([0, 0.6, 1.2, 1.8], few.Select(v => Math.Round(v, 9)));
    }

    [Fact]
    public async Task A_part_of_an_array_is_asked_for_by_name()
    {
        await using var bench = new CaBench();
        bench.Serve("A", 0, ("W", Dbr.Double, new PvValue.Array<double>([.. Enumerable.Range(0, 100).Select(i => (double)i)]), 1000));
        using var part = bench.Connected("A.W{\"arr\":{\"s\":10,\"e\":19,\"i\":3}}");
        Assert.Equal(new PvValue.Array<double>([10, 13, 16, 19]), bench.Value(part.GetAsync(Second, None)).Value);
        using var end = bench.Connected("A.W{\"arr\":{\"s\":-2}}");
        Assert.Equal(new PvValue.Array<double>([98, 99]), bench.Value(end.GetAsync(Second, None)).Value);
    }

    [Fact]
    public async Task The_server_s_own_time_is_asked_for_by_name()
    {
        await using var bench = new CaBench();
        bench.Server.Run(() => bench.Serve("A", 0).Fields["VAL"].Post(new PvValue.Number(1), 700_000_000_000_000_000));
        using var stamped = bench.Connected("A{\"ts\":{}}");
        Assert.Equal(bench.Server.StampNs, bench.Value(stamped.GetAsync(Second, None)).StampNs);
    }

    [Fact]
    public async Task A_filter_that_no_server_knows_leaves_its_channel_unconnected_and_the_others_alone()
    {
        await using var bench = new CaBench();
        bench.Serve("A", 5);
        using var bad = bench.Client.Open("A{\"nonsense\":{}}");
        using var good = bench.Connected("A");
        bench.Pass(Second);
        Assert.NotEqual(PvState.Connected, bad.State);
        Assert.Equal(5, bench.Value(good.GetAsync(Second, None)).Value.AsNumber());
    }

    [Fact]
    public async Task A_long_string_is_followed_and_written_whole()
    {
        await using var bench = new CaBench();
        var record = bench.Serve("A", 0, ("DESC", Dbr.String, new PvValue.Text("at first"), 1));
        using var channel = bench.Connected("A.DESC$");
        var seen = new List<string>();
        using var monitor = channel.Monitor(new PvMonitorOptions { Capacity = 10 }, m =>
        {
            while (m.TryTake(out var reading))
                seen.Add(reading!.Value.AsText());
        });
        bench.Run();
        var text = string.Join(' ', Enumerable.Range(0, 30).Select(i => $"word{i}"));
        bench.Server.Run(() => record.Fields["DESC"].Post(new PvValue.Text(text), 1));
        bench.Run();
        Assert.Equal(["at first", text], seen);
        bench.Value(channel.PutAndWaitAsync(new PvValue.Text(text + "!"), Second, None));
        Assert.Equal(text + "!", record.Fields["DESC"].Value.AsText());
        Assert.Equal(text + "!", seen[^1]);
    }

    [Fact]
    public async Task A_message_with_the_extended_header_is_written_and_read()
    {
        await using var bench = new CaBench();
        bench.Serve("A", 0, ("W", Dbr.Double, new PvValue.Array<double>([0]), 200_000));
        using var channel = bench.Connected("A.W");
        foreach (var count in new[] { 8_189, 8_190, 8_192, 65_534, 65_535, 65_536, 150_000 })
        {
            var values = new PvValue.Array<double>([.. Enumerable.Range(0, count).Select(i => i * 0.25)]);
            bench.Value(channel.PutAndWaitAsync(values, Second, None));
            Assert.Equal(values, bench.Value(channel.GetAsync(Second, None)).Value);
        }
    }

    [Fact]
    public async Task A_channel_that_the_server_takes_away_fails_its_requests_and_its_monitor_goes_on_when_it_is_back()
    {
        await using var bench = new CaBench();
        var record = bench.Serve("A", 1);
        record.Fields["VAL"].Written = (_, _) => CaStatus.Normal;
        using var channel = bench.Connected("A");
        var seen = Follow(channel);
        var put = channel.PutAndWaitAsync(new PvValue.Number(2), 100 * Second, None);
        bench.Run();
        bench.Server.Remove(record);
        bench.Run();
        Assert.Contains("the server has given the channel up", Assert.IsType<Outcome<Nothing>.Failed>(await put).Reason);
        bench.Serve("A", 7);
        bench.Pass(2 * Second);
        Assert.Equal([1, 7], seen);
    }

    [Fact]
    public async Task Beacons_are_not_needed_and_do_no_harm()
    {
        await using var bench = new CaBench();
        bench.Serve("A", 3);
        using var channel = bench.Connected("A");
        var beacon = new CaBuffer();
        new CaMessage.Beacon(CaMessage.Minor, CaBench.Port, 1, 0).WriteTo(beacon);
        using var repeater = bench.Datagrams.Open(System.Net.IPAddress.Loopback, 0);
        for (var port = 40_000; port < 40_010; port++)
            repeater.Send(beacon.Written, new System.Net.IPEndPoint(System.Net.IPAddress.Loopback, port));
        bench.Run();
        Assert.Equal(3, bench.Value(channel.GetAsync(Second, None)).Value.AsNumber());
        Assert.Equal(1, bench.Client.Circuits);
    }

    [Fact]
    public void Every_variable_of_the_environment_that_means_something_here_is_honoured()
    {
        CaSettings Of(params (string Name, string Value)[] variables) =>
            CaSettings.Read(null, name => variables.FirstOrDefault(v => v.Name == name).Value);
        Assert.True(Of(("EPICS_CA_AUTO_ADDR_LIST", "YES")).AutoAddresses);
        Assert.True(Of(("EPICS_CA_ADDR_LIST", "10.1.1.255")).AutoAddresses);
        Assert.Equal(20 * Second, Of(("EPICS_CA_MAX_SEARCH_PERIOD", "20")).LongestSearchNs);
        Assert.Equal(["a:1", "b"], Of(("EPICS_CA_NAME_SERVERS", " a:1\tb ")).NameServers);
        // Sizes are dynamic on both sides, and there is no repeater.
        Assert.Equal(new CaSettings(), Of(("EPICS_CA_MAX_ARRAY_BYTES", "1"), ("EPICS_CA_REPEATER_PORT", "1")));
        Assert.Throws<Flyscan.Hardware.Contracts.SettingsException>(() => Of(("EPICS_CA_CONN_TMO", "-1")));
    }

    private static List<double> Follow(IPvChannel channel)
    {
        var seen = new List<double>();
        channel.Monitor(new PvMonitorOptions { Capacity = 100 }, m =>
        {
            while (m.TryTake(out var reading))
                seen.Add(reading!.Value.AsNumber());
        });
        return seen;
    }
}
