using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.ChannelAccess;

public sealed class CaBeaconTests
{
    [Fact]
    public async Task Beacons_come_quickly_at_first_then_every_fifteen_seconds_until_the_server_ends()
    {
        await using var bench = new CaBench();
        var heard = new List<(long AtNs, CaMessage Message, string Bytes)>();
        using var repeater = bench.Datagrams.Open(IPAddress.Loopback, 5065);
        repeater.Start((bytes, _) =>
        {
            CaHeader.TryRead(bytes.Span, out var header);
            heard.Add((bench.Clock.NowNs, CaMessage.FromServer(header, default), Convert.ToHexString(bytes.Span)));
        });
        var began = bench.Clock.NowNs;
        bench.Server.Announce([new IPEndPoint(IPAddress.Loopback, 5065)]);
        bench.Run();
        bench.Pass(60 * PvBench.Second);
        Assert.Equal(
            [0, 20, 60, 140, 300, 620, 1260, 2540, 5100, 10220, 20460, 35460, 50460],
            heard.Select(h => (h.AtNs - began) / 1_000_000));
        // As base's softIoc sends it: minor version, port, number, and no address.
        Assert.Equal("000D0000000D13C80000000200000000", heard[2].Bytes);
        Assert.Equal(
            Enumerable.Range(0, 13).Select(n => (CaMessage)new CaMessage.Beacon(13, CaBench.Port, (uint)n, 0)),
            heard.Select(h => h.Message));
        bench.KillServer();
        bench.Pass(60 * PvBench.Second);
        Assert.Equal(13, heard.Count);
    }

    [Fact]
    public void Beacons_go_where_the_environment_says()
    {
        static string Of(string listening, params (string Name, string Value)[] variables) => string.Join(' ', CaBeaconAddresses.Read(
            IPAddress.Parse(listening), name => variables.FirstOrDefault(v => v.Name == name).Value));
        Assert.Equal("127.0.0.1:5065", Of("127.0.0.1"));
        Assert.Equal("127.0.0.1:7065", Of("127.0.0.1", ("EPICS_CA_REPEATER_PORT", "7065")));
        Assert.Equal(
            "10.1.1.255:7066 10.2.2.2:1", Of(
                "0.0.0.0", ("EPICS_CAS_BEACON_ADDR_LIST", "10.1.1.255 10.2.2.2:1"), ("EPICS_CAS_AUTO_BEACON_ADDR_LIST", "no"),
                ("EPICS_CA_REPEATER_PORT", "7065"), ("EPICS_CAS_BEACON_PORT", "7066")));
        Assert.Equal("10.1.1.255:5065 127.0.0.1:5065", Of("127.0.0.2", ("EPICS_CAS_BEACON_ADDR_LIST", "10.1.1.255")));
        var wrong = Assert.Throws<SettingsException>(() => Of("127.0.0.1", ("EPICS_CA_REPEATER_PORT", "x")));
        Assert.Contains("EPICS_CA_REPEATER_PORT = x: it must be a port from 1 to 65535", wrong.Message);
    }
}
