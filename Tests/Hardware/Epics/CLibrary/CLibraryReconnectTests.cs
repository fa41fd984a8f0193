using System.Net;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Xunit;
using static Flyscan.Tests.Hardware.Epics.CLibrary.CLibraryCircuitTests;

namespace Flyscan.Tests.Hardware.Epics.CLibrary;

/// <summary>The C library finds again what it has lost. It looks for that no sooner than after 10 s, whatever the server does: so all is
/// lost at once, and the other tests go on beside this one.</summary>
[Collection(Name)]
[CollectionDefinition(Name)]
public sealed class CLibraryReconnectTests
{
    public const string Name = "the C library of Channel Access, reconnecting";

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly ushort Form = Dbr.Of(Dbr.Double, DbrForm.Status);

    [CLibraryFact]
    public Task Subscriptions_go_on_when_a_killed_server_or_a_record_is_back_and_beacons_are_counted() =>
        Task.WhenAll(KilledAsync(), TakenAwayAsync(), AnnouncedAsync());

    /// <summary>The library registers with the repeater after 10 s, and measures from then on how often beacons come.</summary>
    private static async Task AnnouncedAsync()
    {
        using var repeater = new Repeater();
        using var served = new ServedOnLoopback();
        served.Serve("A", Dbr.Double, new PvValue.Number(1));
        await using var library = CLibraryProcess.Start(served.Port, repeater.Port);
        var channel = await library.ConnectAsync("A");
        served.Server.Announce([new IPEndPoint(IPAddress.Loopback, repeater.Port)]);
        Assert.True((await library.AboutAsync(channel)).BeaconPeriod < 0);
        await repeater.Registered.WaitAsync(Limit, TimeProvider.System);
        var about = await library.AboutAsync(channel);
        for (var beacons = 0; beacons < 100 && about.BeaconPeriod < 0; beacons++)
        {
            served.Time.Advance(TimeSpan.FromSeconds(15));
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
            about = await library.AboutAsync(channel);
        }
        Assert.InRange(about.BeaconPeriod, 0, 30);
        Assert.Equal(CLibraryProcess.Connected, about.State);
        Assert.Equal("", await library.EndAsync());
    }

    private static async Task KilledAsync()
    {
        var served = new ServedOnLoopback();
        served.Serve("A", Dbr.Double, new PvValue.Number(1));
        await using var library = CLibraryProcess.Start(served.Port);
        var channel = await library.ConnectAsync("A");
        var (_, values) = library.Watch(channel, Form, 1, Value);
        Assert.Equal((1, 0), await NextAsync(values));
        var (port, time) = (served.Port, served.Time);
        served.Dispose();
        Assert.Equal("down", await library.ToldAsync("connection", channel));
        Assert.Equal(CLibraryProcess.Lost, (await library.AboutAsync(channel)).State);
        using var again = new ServedOnLoopback(port, time);
        var pv = again.Serve("A", Dbr.Double, new PvValue.Number(2));
        Assert.Equal("up", await library.ToldAsync("connection", channel));
        Assert.Equal((2, 0), await NextAsync(values));
        again.Server.Run(() => pv.Post(new PvValue.Number(3), again.Server.StampNs));
        Assert.Equal((3, 0), await NextAsync(values));
        await library.EndAsync();
    }

    /// <summary>Over the same circuit, under the same number of the subscription.</summary>
    private static async Task TakenAwayAsync()
    {
        using var served = new ServedOnLoopback();
        var first = served.Serve("A", Dbr.Double, new PvValue.Number(1));
        served.Serve("B", Dbr.Double, new PvValue.Number(5));
        await using var library = CLibraryProcess.Start(served.Port);
        var (channel, other) = (await library.ConnectAsync("A"), await library.ConnectAsync("B"));
        var (_, values) = library.Watch(channel, Form, 1, Value);
        Assert.Equal((1, 0), await NextAsync(values));
        served.Server.Remove(first.Record);
        Assert.Equal("down", await library.ToldAsync("connection", channel));
        Assert.Equal(CLibraryProcess.Connected, (await library.AboutAsync(other)).State);
        served.Serve("A", Dbr.Double, new PvValue.Number(2));
        Assert.Equal("up", await library.ToldAsync("connection", channel));
        Assert.Equal((2, 0), await NextAsync(values));
        Assert.Equal(1, served.Server.Circuits);
        await library.EndAsync();
    }
}
