using System.Diagnostics.CodeAnalysis;
using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Hardware.Epics.PvAccess.Server;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Transport;
using Flyscan.Scanning.Units;

namespace Flyscan.Tests.Hardware.PandA.Ioc;

/// <summary>A simulated box, an IOC at its two ports, and a client that reaches it over Channel Access and pvAccess only, all on one
/// virtual clock.</summary>
/// <remarks>The box is <see cref="PandABench"/>'s, with its encoders, live input and diode. Writing to the disk takes no virtual time.
/// </remarks>
internal sealed class PandAIocBench : IDisposable
{
    public const string Prefix = "TEST:PANDA";
    public const long Ms = PandABench.Ms;
    private const int CaPort = 5064;
    private const int PvaPort = 5075;
    private const int PvaSearchPort = 5076;
    private const long WithinNs = 60_000 * Ms;

    private readonly MemoryDatagrams _datagrams;
    private readonly WorldTime _time;
    private readonly IFrameStoreFactory _stores;
    private readonly PandAIocPace _pace;
    private readonly List<IDisposable> _searches = [];
    private readonly Dictionary<string, IPvChannel> _channels = [];

    /// <param name="stores">Where the IOC's files go; null: real ones.</param>
    /// <param name="pace">Null: as the real IOC polls its box.</param>
    /// <param name="dataPeriodNs">How often the box hands samples over.</param>
    public PandAIocBench(IFrameStoreFactory? stores = null, PandAIocPace? pace = null, long dataPeriodNs = 0)
    {
        Box = new PandABench(dataPeriodNs);
        (_stores, _pace) = (new SteadyStores(stores ?? new Flyscan.Hardware.Hdf5.Hdf5FrameStoreFactory()), pace ?? new PandAIocPace());
        _time = new WorldTime(World);
        _datagrams = new MemoryDatagrams(World.Post);
        Network = new MemoryNetwork(World.Post);
        StartIoc();
        Client = NewClient();
    }

    /// <summary>The box with what is wired to it; its network is the one between box and IOC.</summary>
    public PandABench Box { get; }

    public FakeWorld World => Box.World;

    /// <summary>Between the IOC and its clients.</summary>
    public MemoryNetwork Network { get; }

    public CaServer Server { get; private set; }

    public PvaServer Pva { get; private set; }

    public PandAIocSimulator Ioc { get; private set; }

    public PandAIocFaults Faults { get; } = new();

    /// <summary>Of both transports; <c>pva://</c> before a name takes pvAccess.</summary>
    public IPvClient Client { get; }

    /// <summary>A client of its own, as another process has one.</summary>
    public IPvClient NewClient()
    {
        var around = new CaSurroundings(World, Network, _datagrams, _time);
        return new PvTransports(() => new CaClient(new CaSettings(), around), () => new PvaClient(new PvaSettings(), around));
    }

    /// <summary>An IOC that knows nothing of what was; the one before, if any, dies.</summary>
    [MemberNotNull(nameof(Server), nameof(Pva), nameof(Ioc))]
    public void StartIoc()
    {
        Ioc?.Dispose();
        Pva?.Dispose();
        Server?.Dispose();
        foreach (var old in _searches)
            old.Dispose();
        _searches.Clear();
        Network.Cut();
        Server = new CaServer(World, _time);
        Pva = new PvaServer(Server);
        Network.Listen(CaPort, Server.Accept);
        Network.Listen(PvaPort, Pva.Accept);
        var (ca, pva) = (_datagrams.Open(IPAddress.Loopback, CaPort), _datagrams.Open(IPAddress.Loopback, PvaSearchPort));
        _searches.AddRange([ca, pva]);
        Server.ListenForSearches(ca, CaPort);
        Pva.ListenForSearches(pva, PvaPort, IPAddress.Any);
        Ioc = new PandAIocSimulator(new PandAIocSurroundings(Prefix, Server, Pva, _stores)
        {
            Connector = Box.Network,
            Post = World.Post,
            ControlPort = PandABench.ControlPort,
            DataPort = PandABench.DataPort,
            Pace = _pace,
            Faults = Faults,
        });
        Pass(Ms);
    }

    /// <summary>The box's server is gone for its clients, the IOC among them, or is there again.</summary>
    public void SetBoxReachable(bool isReachable)
    {
        Box.Network.Refusing = !isReachable;
        if (!isReachable)
            Box.Network.Cut();
    }

    /// <summary>Time passes.</summary>
    public void Pass(long ns) => World.RunUntil(World.NowNs + ns);

    /// <summary>Runs the world until the task has ended.</summary>
    public T Run<T>(Func<Task<T>> begin) => World.Run(begin);

    /// <summary>The outcome's value; the test fails with its text when there is none.</summary>
    public T Value<T>(Func<Task<Outcome<T>>> asked) => World.Run(asked) is var outcome && outcome is Outcome<T>.Completed completed
        ? completed.Value
        : throw new Xunit.Sdk.XunitException($"{outcome}: {outcome.Problem}");

    /// <summary>Writes over pvAccess and waits for completion; a record without the prefix: <c>SEQ1:BITA</c>.</summary>
    public void Put(string record, PvValue value) => Value(() => PutAsync(record, value));

    public void Put(string record, string value) => Put(record, new PvValue.Text(value));

    public void Put(string record, double value) => Put(record, new PvValue.Number(value));

    public Task<Outcome<Nothing>> PutAsync(string record, PvValue value) =>
        WithAsync(record, channel => channel.PutAndWaitAsync(value, WithinNs, default));

    /// <summary>Reads over pvAccess; a record that was read or written before takes no virtual time.</summary>
    public PvReading Get(string record) => Value(() => WithAsync(record, channel => channel.GetAsync(WithinNs, default)));

    public string Text(string record) => Get(record).Value.AsText();

    public double Number(string record) => Get(record).Value.AsNumber();

    /// <summary>What the box answers to a command of somebody else's: <c>SEQ1.BITA?</c>.</summary>
    public string Ask(string command) => Box.Ask(command + "\n").TrimEnd('\n');

    public void Dispose()
    {
        Ioc.Dispose();
        Pass(Ms);
        Pva.Dispose();
        Server.Dispose();
    }

    private async Task<Outcome<T>> WithAsync<T>(string record, Func<IPvChannel, Task<Outcome<T>>> use)
    {
        if (!_channels.TryGetValue(record, out var channel))
            _channels[record] = channel = Client.Open($"{PvTransports.PvAccess}{Prefix}:{record}");
        var connected = await channel.ConnectAsync(WithinNs, default);
        return connected.Problem is null ? await use(channel) : connected.As<T>();
    }

    private sealed class WorldTime(FakeWorld world) : TimeProvider
    {
        public override DateTimeOffset GetUtcNow() => DateTimeOffset.UnixEpoch.AddDays(20_000).AddTicks(world.NowNs / 100);
    }

    /// <summary>Files whose every operation has ended before time goes on.</summary>
    private sealed class SteadyStores(IFrameStoreFactory inner) : IFrameStoreFactory
    {
        public Task<IFrameStore> CreateAsync(SegmentSpec segment, CancellationToken cancel) =>
            Ended<IFrameStore>(async () => new Store(await inner.CreateAsync(segment, cancel)));

        private static Task<T> Ended<T>(Func<Task<T>> work)
        {
            var task = Task.Run(work);
            ((IAsyncResult)task).AsyncWaitHandle.WaitOne();
            return task;
        }

        private sealed class Store(IFrameStore inner) : IFrameStore
        {
            public SegmentSpec Segment => inner.Segment;

            public long Written => inner.Written;

            public long Recorded => inner.Recorded;

            public Task AppendAsync(IReadOnlyList<ReadOnlyMemory<byte>> columns, int frames, CancellationToken cancel) => Ended(async () =>
            {
                await inner.AppendAsync(columns, frames, cancel);
                return true;
            });

            public Task<long[]> ReadIntegersAsync(string dataset, long first, long count, CancellationToken cancel) =>
                Ended(() => inner.ReadIntegersAsync(dataset, first, count, cancel));

            public Task<long> FlushAsync(bool sync, CancellationToken cancel) => Ended(() => inner.FlushAsync(sync, cancel));

            public Task<long> CloseAsync(CancellationToken cancel) => Ended(() => inner.CloseAsync(cancel));

            public ValueTask DisposeAsync() => new(Ended(async () =>
            {
                await inner.DisposeAsync();
                return true;
            }));
        }
    }
}
