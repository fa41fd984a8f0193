using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

/// <summary>The contract over Channel Access, and what is its own.</summary>
public sealed class CaClientTests : PvClientContract
{
    private protected override PvChannelInfo InfoOfNumber => new("127.0.0.1:5064", "DBF_DOUBLE", 1, true, true);

    private protected override PvValue On => new PvValue.Choice(1);

    [Fact]
    public async Task A_string_is_read_as_characters_behind_a_dollar()
    {
        await using var bench = new CaBench();
        bench.Serve("A", 0, ("S", Dbr.String, new PvValue.Text("short"), 1));
        using var dollar = bench.Connected("A.S$");
        Assert.Equal("short", bench.Value(dollar.GetAsync(Second, None)).Value.AsText());
    }

    [Fact]
    public async Task Readings_that_come_together_leave_the_newest()
    {
        await using var bench = new CaBench();
        CheckNewest(bench, () => { });
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

    private protected override PvBench NewBench(Func<PvTransportSettings, PvTransportSettings>? with = null) =>
        new CaBench((CaSettings?)with?.Invoke(new CaSettings()));

    private protected override void CheckBogus(Outcome<Nothing> outcome) =>
        Assert.Contains("could not write", Assert.IsType<Outcome<Nothing>.Failed>(outcome).Reason);
}
