using System.Diagnostics.CodeAnalysis;
using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra;
using Flyscan.Hardware.Zebra.Ioc;
using Flyscan.Hardware.Zebra.Simulator;
using Flyscan.Tests.Hardware.PandA;

namespace Flyscan.Tests.Hardware.Zebra.Ioc;

/// <summary>A simulated Zebra, an IOC at its serial line, and a driver that reaches it over Channel Access only, all on one virtual
/// clock.</summary>
internal sealed class ZebraIocBench
{
    public const string Prefix = "TEST:ZEBRA";
    private const int Port = 5064;

    /// <summary>Much faster than the module's, so that what is asked of every box is asked of the driver and not of the IOC.</summary>
    public static readonly ZebraIocPace Quick = new(5_000_000, 2_000_000, 1000);

    /// <summary>As the EPICS module does it.</summary>
    public static readonly ZebraIocPace Usual = new();

    private readonly ZebraBench _box = new();
    private readonly MemoryDatagrams _datagrams;
    private readonly MemoryNetwork _serial;
    private readonly long _statusWithinNs;
    private readonly int _arrayLength;
    private readonly WorldTime _time;
    private readonly ZebraIocPace _pace;
    private IDisposable? _searches;

    public ZebraIocBench(ZebraIocPace? pace = null, long statusWithinNs = 20_000_000)
    {
        pace = (pace ?? Quick) with { Motors = [(0.001, 5), (-0.001, 0), (1, 0), (1, 0)] };
        (_statusWithinNs, _arrayLength) = (statusWithinNs, pace.ArrayLength);
        _time = new WorldTime(World);
        _datagrams = new MemoryDatagrams(World.Post);
        Network = new MemoryNetwork(World.Post);
        _serial = new MemoryNetwork(World.Post);
        _pace = pace;
        StartIoc();
        Driver = NewDriver();
    }

    public FakeWorld World => _box.World;

    public MemoryNetwork Network { get; }

    public CaServer Server { get; private set; }

    public ZebraSimulator Box => _box.Box;

    public ZebraBench Bench => _box;

    public TestFrameStores Stores => _box.Stores;

    public ZebraDriver Driver { get; private set; }

    /// <summary>With a client of its own, as another process has one.</summary>
    public ZebraDriver NewDriver()
    {
        var client = new CaClient(new CaSettings(), new CaSurroundings(World, Network, _datagrams, _time));
        var settings = new ZebraIocSettings(Prefix, _arrayLength, _statusWithinNs, _box.Settings);
        return Driver = new ZebraDriver(
            "zebra", _box.Settings, new DeviceEnvironment(World, Network, Stores, 1, EndpointOverrides.None),
            new ZebraIocLine(settings, client, World));
    }

    /// <summary>An IOC that knows nothing of what was; the one before, if any, dies.</summary>
    [MemberNotNull(nameof(Server))]
    public void StartIoc()
    {
        Server?.Dispose();
        _searches?.Dispose();
        _serial.Cut();
        Network.Cut();
        Server = new CaServer(World, _time);
        Network.Listen(Port, Server.Accept);
        var searches = _datagrams.Open(IPAddress.Loopback, Port);
        _searches = searches;
        Server.ListenForSearches(searches, Port);
        var (line, end) = _serial.Pair();
        Box.Serve(end);
        _ = new ZebraIocSimulator(Server, Prefix, Server.Add, line, _pace);
        World.RunUntil(World.NowNs + ZebraBench.Ms);
    }

    /// <summary>The IOC's serial line breaks.</summary>
    public void CutSerial() => _serial.Cut();

    public ServedPv Record(string name) =>
        Server.Find($"{Prefix}:{name}") ?? throw new ArgumentException($"The IOC has no record {name}.", nameof(name));

    private sealed class WorldTime(FakeWorld world) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddDays(20_000).AddTicks(world.NowNs / 100);
    }
}
