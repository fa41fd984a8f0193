using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Hdf5;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Composition;
using Flyscan.Scanning.Units;
using Flyscan.Tests.Architecture;
using Xunit.Sdk;

namespace Flyscan.Tests.Hardware.Simulation;

/// <summary>The virtual beamline of <c>beamlines/virtual.hocon</c> on free ports, as fast as it goes, and drivers at it over TCP.</summary>
internal sealed class BeamlineBench : IAsyncDisposable
{
    public static readonly string File = Path.Combine(SourceTree.Root ?? "", "beamlines", "virtual.hocon");

    private static readonly DeviceCatalogue Catalogue = new(
        typeof(IDeviceFactory).Assembly.GetTypes()
            .Where(t => t.IsClass && !t.IsAbstract && t.IsAssignableTo(typeof(IDeviceFactory)))
            .Select(t => (IDeviceFactory)Activator.CreateInstance(t)!));

    private readonly List<IDevice> _devices = [];

    public BeamlineBench(double timeScale = 0, ulong seed = 1, TimeProvider? time = null)
    {
        TimeScale = timeScale;
        Beamline = VirtualBeamline.Start(Settings(), new VirtualBeamlineOptions
        {
            TimeScale = timeScale,
            FreePorts = true,
            Stores = Stores,
            Time = time ?? TimeProvider.System,
            Seed = seed,
        });
    }

    public double TimeScale { get; }

    public VirtualBeamline Beamline { get; }

    /// <summary>What simulated detectors write.</summary>
    public InMemoryFrameStoreFactory Stores { get; } = new();

    /// <summary>What drivers write.</summary>
    public InMemoryFrameStoreFactory DriverStores { get; } = new();

    public LoadedBeamline Loaded { get; } = BeamlineFile.Load(File, Catalogue);

    public static ISettings Settings() => new HoconSettings("", ConfigurationFiles.Load(File)).Section("beamline");

    /// <summary>A driver of a device, connected.</summary>
    public async Task<T> ConnectAsync<T>(string name)
        where T : IDevice
    {
        var device = Create<T>(name);
        Do(await device.ConnectAsync(CancellationToken.None));
        return device;
    }

    /// <summary>A driver of a device, not yet connected.</summary>
    public T Create<T>(string name)
        where T : IDevice
    {
        var environment = new DeviceEnvironment(
            new WallClock(TimeProvider.System), new TcpConnector(), DriverStores, TimeScale, Beamline.Endpoints)
        {
            Axes = Loaded.Description.Axes,
        };
        var loaded = Loaded.Devices.Single(d => d.Name == name);
        var device = loaded.Factory.Create(name, loaded.Settings, environment);
        _devices.Add(device);
        return (T)device;
    }

    /// <summary>The outcome's value; the test fails with its text when there is none.</summary>
    public static T Do<T>(Outcome<T> outcome) =>
        outcome is Outcome<T>.Completed completed ? completed.Value : throw new XunitException($"{outcome}: {outcome.Problem}");

    public async ValueTask DisposeAsync()
    {
        foreach (var device in _devices)
            await device.DisposeAsync();
        await Beamline.DisposeAsync();
    }
}
