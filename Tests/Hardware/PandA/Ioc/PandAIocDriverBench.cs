using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.PandA;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Hardware.PandA.Ioc;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Hdf5;

namespace Flyscan.Tests.Hardware.PandA.Ioc;

/// <summary>A simulated PandA, its IOC, and a driver that reaches the box through the IOC only, all on one virtual clock; files are kept in
/// memory.</summary>
internal sealed class PandAIocDriverBench : IDisposable
{
    /// <summary>Much faster than the real IOC, so that what is asked of every box is asked of the driver and not of the IOC.</summary>
    public static readonly (PandAIocPace Pace, long StatusWithinNs, long FlushPeriodNs) Quick = (new(2_000_000), 6_000_000, 10_000_000);

    /// <summary>As the real one.</summary>
    public static readonly (PandAIocPace Pace, long StatusWithinNs, long FlushPeriodNs) Usual = (new(), 300_000_000, 100_000_000);

    private readonly (PandAIocPace Pace, long StatusWithinNs, long FlushPeriodNs) _speed;
    private readonly MemoryColumns _columns;
    private readonly EquatableArray<string> _captures = [];
    private readonly TemporaryFolder _folder = new();

    public PandAIocDriverBench((PandAIocPace Pace, long StatusWithinNs, long FlushPeriodNs) speed)
    {
        _speed = speed;
        Directory.CreateDirectory(Path.Combine(_folder.Path, "scan", "data"));
        _columns = new MemoryColumns(this);
        Ioc = new PandAIocBench(Stores, speed.Pace);
        Ioc.Pass(100 * PandAIocBench.Ms);
        Driver = NewDriver();
    }

    public PandAIocBench Ioc { get; }

    public TestFrameStores Stores { get; } = new();

    public PandADriver Driver { get; private set; }

    /// <summary>Rows that were in the file when it was last brought to the disk.</summary>
    public long Synced { get; private set; }

    /// <summary>What the run's folders are in, where the IOC runs.</summary>
    public string Folder => _folder.Path;

    /// <summary>What is captured of each encoder, by drivers made from now on.</summary>
    public EquatableArray<string> AxisCaptures
    {
        init
        {
            _captures = value;
            Driver = NewDriver();
        }
    }

    public PandAIocSettings Settings => new(PandAIocBench.Prefix, _speed.StatusWithinNs, _speed.FlushPeriodNs, Box)
    {
        Paths = new AreaDetectorPaths("/runs", _folder.Path),
    };

    public void Dispose()
    {
        Ioc.Dispose();
        _folder.Dispose();
    }

    private PandASettings Box => _captures.Count == 0
        ? Ioc.Box.Settings
        : Ioc.Box.Settings with { Encoders = Ioc.Box.Settings.Encoders.Select(e => e with { Captures = _captures }).ToEquatableArray() };

    /// <summary>With a client of its own, as another process has one.</summary>
    public PandADriver NewDriver()
    {
        var line = new PandAIocLine("panda", Settings, Ioc.NewClient(), Ioc.World, _columns);
        return Driver = new PandADriver(
            "panda", Settings.Box, new DeviceEnvironment(Ioc.World, Ioc.Network, Stores, 1, EndpointOverrides.None), line);
    }

    /// <summary>The outcome's value; the test fails with its text when there is none.</summary>
    public T Do<T>(Func<CancellationToken, Task<Outcome<T>>> what) => Ioc.Value(() => what(CancellationToken.None));

    public string Problem<T>(Func<CancellationToken, Task<Outcome<T>>> what) =>
        Ioc.Run(() => what(CancellationToken.None)).Problem ?? throw new Xunit.Sdk.XunitException("It was completed.");

    /// <summary>What the IOC has written to memory.</summary>
    private sealed class MemoryColumns(PandAIocDriverBench bench) : IWrittenColumns
    {
        private readonly Dictionary<string, byte[]> _kept = [];

        public bool Exists(string path) => bench.Stores.Stores.Any(s => s.Segment.Path == There(path));

        public Task<long> CountAsync(string path, IReadOnlyList<string> datasets, CancellationToken cancel)
        {
            foreach (var dataset in datasets)
                _ = Find(path).Numbers(dataset);
            return Task.FromResult(Find(path).Recorded);
        }

        public Task<double[]> NumbersAsync(string path, string dataset, long first, long count, CancellationToken cancel) =>
            Task.FromResult(Find(path).Numbers(dataset).AsSpan((int)first, (int)count).ToArray());

        public Task SyncAsync(string path, CancellationToken cancel)
        {
            bench.Synced = Find(path).Recorded;
            return Task.CompletedTask;
        }

        public Task<bool> IsClosedAsync(string path, CancellationToken cancel) => Task.FromResult(Find(path).Closed);

        public Task KeepAsync(string path, byte[] content, CancellationToken cancel)
        {
            _kept[path] = content;
            return Task.CompletedTask;
        }

        public IReadOnlyList<(string Path, byte[] Content)> Kept(string folder, string pattern) =>
            [.. _kept.Where(k => Path.GetDirectoryName(k.Key) == folder).Select(k => (k.Key, k.Value))];

        public void Forget(string path) => _kept.Remove(path);

        private TestFrameStores.Store Find(string path) => bench.Stores.Stores.Single(s => s.Segment.Path == There(path));

        private string There(string path) => bench._folder.Path + path["/runs".Length..];
    }
}
