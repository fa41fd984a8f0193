using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Epics.ChannelAccess;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>Beam signals and shutters that are records.</summary>
public sealed class EpicsSignalTests : IAsyncDisposable
{
    private const long Second = CaBench.Second;
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly CaBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task A_dip_between_two_reads_is_in_the_signal_s_own_record()
    {
        var ring = _bench.Serve("RING", 300);
        await using var signal = Signal("");
        await ConnectAsync(signal);
        var first = Value(await _bench.EndAsync(signal.ReadAsync(None)));
        Assert.Equal((300, "mm"), (first.Value, first.Unit));
        _bench.Pass(Second);
        Post(ring, 5, first.AtNs + Second / 2);
        Post(ring, 299, first.AtNs + Second * 6 / 10);
        var second = Value(await _bench.EndAsync(signal.ReadAsync(first.AtNs + 1, 0, None)));
        Assert.Equal(299, second.Value);
        Assert.Equal([new BeamChange(first.AtNs + Second / 2, 5), new BeamChange(first.AtNs + Second * 6 / 10, 299)], second.History);
        Assert.True(second.KnownSinceNs <= first.AtNs);
    }

    [Fact]
    public async Task A_record_that_is_not_processed_any_more_cannot_be_read()
    {
        _bench.Serve("RING", 300);
        await using var signal = Signal("stale-after = 2 s");
        await ConnectAsync(signal);
        _bench.Pass(4 * Second);
        var failed = await _bench.EndAsync(signal.ReadAsync(None));
        Assert.Contains("was last processed", Assert.IsType<Outcome<BeamReading>.Failed>(failed).Reason);
        await using var passive = Signal("passive = true");
        await ConnectAsync(passive);
        var reading = Value(await _bench.EndAsync(passive.ReadAsync(None)));
        Assert.InRange(reading.AtNs, _bench.Server.StampNs - Second, _bench.Server.StampNs);
    }

    [Fact]
    public async Task An_invalid_record_and_one_that_is_away_cannot_be_read_and_are_read_again_when_back()
    {
        var ring = _bench.Serve("RING", 300);
        await using var signal = Signal("");
        await ConnectAsync(signal);
        var lost = 0;
        signal.Lost += _ => lost++;
        _bench.Server.Run(() => ring.Fields["VAL"].Post(new PvValue.Number(300), 5 * Second, new PvAlarm(17, PvSeverity.Invalid)));
        Assert.Contains("is invalid (UDF)", (await _bench.EndAsync(signal.ReadAsync(None))).Problem);
        _bench.KillServer();
        Assert.Contains("connection was lost", (await _bench.EndAsync(signal.ReadAsync(None))).Problem);
        _bench.StartServer();
        _bench.Serve("RING", 250);
        _bench.Pass(2 * Second);
        var back = Value(await _bench.EndAsync(signal.ReadAsync(None)));
        Assert.Equal(250, back.Value);
        Assert.Single(back.History);
        Assert.Equal(0, lost);
    }

    [Fact]
    public async Task A_shutter_is_set_by_text_and_is_where_the_other_record_says()
    {
        using var ioc = new VirtualIoc(_bench.Clock, _bench.Time, new InMemoryFrameStoreFactory());
        var settings = Parse("kind = epics-shutter, pv = SH, readback-pv = \"SH:STA\", lead = 100 ms");
        ioc.Add("shutter", settings);
        _bench.Network.Listen(CaBench.Port, ioc.Server.Accept);
        _bench.Server.Dispose();
        using var search = _bench.Datagrams.Open(System.Net.IPAddress.Loopback, 5065);
        ioc.Server.ListenForSearches(search, CaBench.Port);
        await using var client = new Flyscan.Hardware.Epics.ChannelAccess.CaClient(
            new Flyscan.Hardware.Epics.ChannelAccess.CaSettings { Addresses = ["127.0.0.1:5065"] },
            _bench.Around);
        await using var shutter = new EpicsShutterDriver("shutter", EpicsShutterSettings.Read(settings), Environment(client));
        await ConnectAsync(shutter);
        Assert.Equal(ShutterPosition.Closed, Value(await _bench.EndAsync(shutter.GetAsync(None))));
        Assert.Equal(ShutterPosition.Open, Value(await _bench.EndAsync(shutter.SetAsync(true, None))));
        Assert.Null((await _bench.EndAsync(shutter.MakeSafeAsync(None))).Problem);
        Assert.Equal(ShutterPosition.Closed, Value(await _bench.EndAsync(shutter.GetAsync(None))));
        await using var wrong = new EpicsShutterDriver(
            "shutter", EpicsShutterSettings.Read(Parse("kind = epics-shutter, pv = SH, open = Opened, lead = 1 ms")), Environment(client));
        Assert.Contains("has no choice 'Opened'; it has Closed, Open", (await _bench.EndAsync(wrong.ConnectAsync(None))).Problem);
    }

    private EpicsSignalDriver Signal(string more) => new(
        "ring", EpicsSignalSettings.Read(Parse($"kind = epics-signal, pv = RING\n{more}")), Environment(_bench.Client));

    private DeviceEnvironment Environment(IPvClient client) => new(
        _bench.Clock, _bench.Network, new InMemoryFrameStoreFactory(), 1, EndpointOverrides.None)
    {
        Pvs = () => client,
        Time = _bench.Time,
    };

    private static HoconSettings Parse(string text) => new("d", HoconConfiguration.Parse(text, "f"));

    private void Post(ServedRecord record, double value, long stampNs)
    {
        _bench.Server.Run(() => record.Fields["VAL"].Post(new PvValue.Number(value), stampNs));
        _bench.Run();
    }

    private async Task ConnectAsync(IDevice device) => Assert.Null((await _bench.EndAsync(device.ConnectAsync(None))).Problem);

    private static T Value<T>(Outcome<T> outcome) => Assert.IsType<Outcome<T>.Completed>(outcome).Value;
}
