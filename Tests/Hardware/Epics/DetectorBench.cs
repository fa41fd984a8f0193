using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hocon;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Hardware.Epics.ChannelAccess;
using Flyscan.Tests.Hardware.Hdf5;
using Xunit;

namespace Flyscan.Tests.Hardware.Epics;

/// <summary>A detector over the wire: the driver, and a simulated areaDetector whose file is in memory and is called by another name
/// where it runs.</summary>
internal sealed class DetectorBench : IAsyncDisposable
{
    public const string Settings = """
        kind = epics-area-detector, prefix = "DET:", driver = vimba, width = 4, height = 2, dead-time = 1 ms, min-exposure = 1 ms
        arm-within = 20 s, drain-within = 5 s, reply-within = 20 s, max-frames = 1000
        """;

    private static readonly string[] Set =
    [
        "AcquireTime", "AcquirePeriod", "NumImages", "ImageMode", "ArrayCallbacks", "TriggerMode", "TriggerSource", "ExposureMode",
        "EnableCallbacks", "ChunkSizeAuto", "LazyOpen", "AutoIncrement", "SWMRMode", "FileWriteMode", "NumExtraDims", "CreateDirectory",
        "FileNumber", "NumCapture", "XMLFileName", "FileName", "FileTemplate", "FilePath",
    ];

    private static readonly CancellationToken None = CancellationToken.None;
    private readonly TemporaryFolder _folder = new();
    private readonly string _settings;
    private long _pulse;
    private long _beamNs;

    public DetectorBench(string more = "")
    {
        _settings = $"{Settings}\n{more}\npath-map {{ ours = \"{_folder.Path}\", theirs = \"/there\" }}";
        Serve();
        Driver = NewDriver();
        Directory.CreateDirectory(Path.Combine(RunFolder, "data"));
    }

    public CaBench Ca { get; } = new();

    public InMemoryFrameStoreFactory Stores { get; private set; } = new();

    public SimulatedAreaDetector Detector { get; private set; } = null!;

    /// <summary>Whatever is asked of it goes on in the bench's own queue.</summary>
    public AreaDetectorDriver Driver
    {
        get
        {
            Ca.Enter();
            return field;
        }
        set;
    }

    public string RunFolder => Path.Combine(_folder.Path, "run");

    /// <summary>The folder as the IOC has it is there.</summary>
    public bool HasFolder { get; set; } = true;

    /// <summary>A process that begins, with the IOC as it is.</summary>
    public AreaDetectorDriver NewDriver(Func<AreaDetectorSettings, AreaDetectorSettings>? change = null) =>
        new("cam", change is null ? Read() : change(Read()), Environment, new MemoryFrames(this));

    /// <summary>An IOC that begins: it knows nothing of what was before.</summary>
    public void RestartIoc()
    {
        Ca.KillServer();
        Ca.StartServer();
        Serve();
    }

    public async Task ConnectAsync() => Assert.Null((await EndAsync(Driver.ConnectAsync(None))).Problem);

    public async Task<RecorderSession> StageAsync(int segment = 1, long exposureNs = 5_000_000) =>
        Value(await EndAsync(Driver.StageAsync(Staging(segment, exposureNs), None)));

    public RecorderStaging Staging(int segment = 1, long exposureNs = 5_000_000) =>
        new("scan", 1, RunFolder, segment, exposureNs, 100, ["cam"]);

    public async Task<RecorderStatus> ArmAsync(long frames) => Value(await EndAsync(Driver.ArmAsync(frames, None)));

    /// <summary>All that can be set, as it is read back.</summary>
    public string SettingsNow() => string.Join("\n", new[] { Detector.Camera, Detector.Writer }.SelectMany(
        set => Set.Where(r => set.Has($"{r}_RBV")).Select(r => $"{r} {set.Text($"{r}_RBV")}")));

    /// <summary>A process dies in the middle of staging: a record does not answer it.</summary>
    public async Task DieWhileStagingAsync()
    {
        Action answers = () => { };
        var silent = Detector.Writer["FileTemplate"];
        var written = silent.Written!;
        silent.Written = (value, complete) =>
        {
            answers = complete;
            return CaStatus.Normal;
        };
        var staging = Driver.StageAsync(Staging(), None);
        Ca.Run();
        Assert.False(staging.IsCompleted);
        await Driver.DisposeAsync();
        silent.Written = written;
        Ca.Server.Run(answers);
        await EndAsync(staging);
        Driver = NewDriver();
    }

    /// <summary>Pulses far enough apart, each as long as its exposure.</summary>
    public void Fire(int pulses, long apartNs = 10_000_000, long highNs = 5_000_000)
    {
        for (var i = 0; i < pulses; i++)
        {
            Detector.Hear((_pulse, _beamNs, true));
            Detector.Hear((_pulse++, _beamNs + highNs, false));
            _beamNs += apartNs;
            Ca.Pass(apartNs);
        }
        Ca.Pass(2 * highNs);
    }

    /// <summary>What whoever reconciles hears after a take of so many triggers, when that many rows are asked for.</summary>
    public async Task<RecorderStatus> CollectAsync(long rows)
    {
        Driver.WatchFor(rows);
        return Value(await EndAsync(Driver.FlushAsync(None)));
    }

    /// <summary>Runs until the task has ended.</summary>
    public Task<T> EndAsync<T>(Task<T> task) => Ca.EndAsync(task);

    public static T Value<T>(Outcome<T> outcome) =>
        outcome is Outcome<T>.Completed { Value: var value } ? value : throw new InvalidOperationException(outcome.Problem);

    public async ValueTask DisposeAsync()
    {
        await Driver.DisposeAsync();
        await Ca.DisposeAsync();
        _folder.Dispose();
    }

    private DeviceEnvironment Environment => new(Ca.Clock, Ca.Network, Stores, 1, EndpointOverrides.None)
    {
        Pvs = () => Ca.Client,
        Time = Ca.Time,
    };

    private AreaDetectorSettings Read() =>
        AreaDetectorSettings.Read("cam", new HoconSettings("d", HoconConfiguration.Parse(_settings, "f")));

    private void Serve()
    {
        var disk = new SimulatedDisk(Stores, path => HasFolder && path.StartsWith("/there/", StringComparison.Ordinal));
        Detector = new SimulatedAreaDetector(Ca.Server, "cam", Read(), disk, Ca.Server.Add);
    }

    /// <summary>Reads what is flushed, by our name of the file.</summary>
    private sealed class MemoryFrames(DetectorBench bench) : IWrittenFrames
    {
        public Task<long> CountAsync(string path, CancellationToken cancel) => Task.FromResult(Find(path)?.Recorded ?? 0);

        public Task<long[]> NumbersAsync(string path, long first, long count, CancellationToken cancel)
        {
            var numbers = MemoryMarshal.Cast<byte, int>(Find(path)!.Read(1, first, count).Span);
            return Task.FromResult(Array.ConvertAll(numbers.ToArray(), n => (long)n));
        }

        public bool Exists(string path) => Find(path) is not null;

        public Task SyncAsync(string path, CancellationToken cancel)
        {
            Assert.NotNull(Find(path));
            return Task.CompletedTask;
        }

        private InMemoryFrameStore? Find(string path) =>
            bench.Stores.Segments.GetValueOrDefault("/there" + path[bench._folder.Path.Length..]);
    }
}
