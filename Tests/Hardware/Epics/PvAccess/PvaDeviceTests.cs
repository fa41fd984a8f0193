using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Transport;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Host.Time;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics.PvAccess;

/// <summary>Devices of a beamline file whose records are asked for over pvAccess, and the virtual IOC that serves them.</summary>
public sealed class PvaDeviceTests : IAsyncDisposable
{
    private static readonly CancellationToken None = CancellationToken.None;
    private readonly PvaBench _bench = new();

    public ValueTask DisposeAsync() => _bench.DisposeAsync();

    [Fact]
    public async Task A_motor_moves_over_pvAccess()
    {
        var settings = Parse(
            "kind = epics-motor, pv = \"pva://MOT:Z\", unit = mm, low = -10, high = 10, velocity = 5, acceleration = 50\n"
            + "tolerance = 0.001");
        _bench.Records.Add(new MotorRecord(_bench.Records, new MotorRecordSettings("MOT:Z", "mm", -10, 10, 5, 0.1, 1e-4)).Record);
        await using var motor = new EpicsMotorDriver("z", EpicsMotorSettings.Read("z", settings), Environment());
        Assert.Null((await _bench.EndAsync(motor.ConnectAsync(None))).Problem);
        Assert.Equal(new Outcome<double>.Completed(4), await _bench.EndAsync(motor.MoveAsync(4, None)));
        Assert.Equal(new Outcome<double>.Completed(4), await _bench.EndAsync(motor.ReadAsync(None)));
    }

    [Fact]
    public async Task A_signal_and_a_shutter_work_over_pvAccess()
    {
        var (ring, sh) = (Parse("kind = epics-signal, pv = \"pva://RING\", unit = mA, simulated = 250"), Parse(
            "kind = epics-shutter, pv = \"pva://SH\", readback-pv = \"pva://SH:STA\", lead = 100 ms"));
        using var ioc = new VirtualIoc(_bench.Clock, _bench.Time, new InMemoryFrameStoreFactory());
        Assert.True(ioc.Add("ring", ring) && ioc.Add("shutter", sh));
        Assert.Equal(["RING", "SH", "SH:STA"], ioc.Records);
        _bench.Network.Listen(PvaBench.Port, ioc.Pva.Accept);
        _bench.Server.Dispose();
        using var searches = _bench.Datagrams.Open(IPAddress.Loopback, 15_076);
        ioc.Pva.ListenForSearches(searches, PvaBench.Port, IPAddress.Any);
        await using var client = Transports(new PvaClient(
            new PvaSettings { Addresses = ["127.0.0.1:15076"] },
            _bench.Around));
        await using var signal = new EpicsSignalDriver("ring", EpicsSignalSettings.Read(ring), Environment(client));
        Assert.Null((await _bench.EndAsync(signal.ConnectAsync(None))).Problem);
        var reading = Assert.IsType<Outcome<BeamReading>.Completed>(await _bench.EndAsync(signal.ReadAsync(None))).Value;
        Assert.Equal("mA", reading.Unit);
        // A ring loses current from the moment at which it is there.
        Assert.InRange(reading.Value, 249, 250);
        await using var shutter = new EpicsShutterDriver("shutter", EpicsShutterSettings.Read(sh), Environment(client));
        Assert.Null((await _bench.EndAsync(shutter.ConnectAsync(None))).Problem);
        Assert.Equal(
            new Outcome<ShutterPosition>.Completed(ShutterPosition.Open), await _bench.EndAsync(shutter.SetAsync(true, None)));
        Assert.Null((await _bench.EndAsync(shutter.MakeSafeAsync(None))).Problem);
        Assert.Equal(
            new Outcome<ShutterPosition>.Completed(ShutterPosition.Closed), await _bench.EndAsync(shutter.GetAsync(None)));
    }

    [Fact]
    public async Task The_virtual_IOC_serves_over_real_sockets()
    {
        using var ioc = new VirtualIoc(new SystemClock(), TimeProvider.System, new InMemoryFrameStoreFactory());
        ioc.Add("ring", Parse("kind = epics-signal, pv = RING, unit = mA, simulated = 250"));
        ioc.ListenPva("127.0.0.1", 0, 0, new UdpPorts());
        await using var client = new PvaClient(
            new PvaSettings { Addresses = [$"127.0.0.1:{ioc.PvaPorts.SearchPort}"] },
            new Flyscan.Hardware.Epics.ChannelAccess.CaSurroundings(
                new SystemClock(), new TcpConnector(), new UdpPorts(), TimeProvider.System));
        using var channel = client.Open("RING");
        const long Within = 30_000_000_000;
        var info = Assert.IsType<Outcome<PvChannelInfo>.Completed>(await channel.ConnectAsync(Within, None)).Value;
        Assert.Equal($"127.0.0.1:{ioc.PvaPorts.Port}", info.Server);
        Assert.Null((await channel.PutAndWaitAsync(new PvValue.Number(5), Within, None)).Problem);
        var reading = Assert.IsType<Outcome<PvReading>.Completed>(await channel.GetAsync(Within, None)).Value;
        Assert.Equal(5, reading.Value.AsNumber(), 0.1);
    }

    [Fact]
    public async Task A_name_says_its_transport()
    {
        var (channelAccess, pvAccess) = (0, 0);
        await using var client = new PvTransports(
            () => throw new InvalidOperationException($"channel access {++channelAccess}"),
            () => throw new InvalidOperationException($"pvAccess {++pvAccess}"));
        Assert.Throws<InvalidOperationException>(() => client.Open("pva://A"));
        Assert.Equal((0, 1), (channelAccess, pvAccess));
        Assert.Throws<InvalidOperationException>(() => client.Open("ca://A"));
        Assert.Throws<InvalidOperationException>(() => client.Open("A"));
        Assert.Equal((2, 1), (channelAccess, pvAccess));
        Assert.Equal(("A", "A", "A"), (PvTransports.BareName("pva://A"), PvTransports.BareName("ca://A"), PvTransports.BareName("A")));
        var wrong = Assert.Throws<SettingsException>(() => EpicsSignalSettings.Read(Parse("kind = epics-signal, pv = \"pva://\"")));
        Assert.Contains("1 to 60 characters", wrong.Message);
    }

    private static PvTransports Transports(IPvClient pva) =>
        new(() => throw new InvalidOperationException("no Channel Access here"), () => pva);

    private DeviceEnvironment Environment(IPvClient? client = null) => new(
        _bench.Clock, _bench.Network, new InMemoryFrameStoreFactory(), 1, EndpointOverrides.None)
    {
        Pvs = () => client ?? Transports(_bench.Client),
        Time = _bench.Time,
    };

    private static HoconSettings Parse(string text) => new("d", HoconConfiguration.Parse(text, "f"));
}
