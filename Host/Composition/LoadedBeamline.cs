using Flyscan.Actors.Devices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.PvAccess;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Composition;

/// <summary>One device of a beamline file.</summary>
public sealed record LoadedDevice(string Name, IDeviceFactory Factory, ISettings Settings, DeviceDescription Description)
{
    /// <summary>What the file's <c>kind</c> says.</summary>
    public string Kind => Factory.Kind;
}

/// <summary>The world that stands in for the hardware, from <c>beamline.simulation</c>.</summary>
/// <remarks><b>Units</b> nanoseconds; Port 0 lets the system choose. MotorPort: where IOCs move the motors that stand in it, 0: they have
/// their own.</remarks>
public sealed record SimulationSettings(string Host, int Port, long BoxDataPeriodNs, long IdleExitNs)
{
    public int MotorPort { get; init; }
}

/// <summary>How long devices obey a supervisor that says nothing, and how long a stall may last after it was named, before the take is
/// given up.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
public sealed record SupervisionSettings
{
    public DeviceLease Lease { get; init; } = DeviceLease.Default;

    public long StallPatienceNs { get; init; } = 5_000_000_000;

    /// <summary>How long a running scan waits for lost devices before it is left to <c>flyscan resume</c>.</summary>
    public TimeSpan ReturnWithin { get; init; } = TimeSpan.FromMinutes(30);
}

/// <summary>A beamline file that has been read and found consistent.</summary>
/// <remarks>Devices are in the file's order. Simulation is null for a beamline of real hardware.</remarks>
public sealed record LoadedBeamline(
    string File, string Name, BeamlineDescription Description, IReadOnlyList<LoadedDevice> Devices, SimulationSettings? Simulation)
{
    /// <summary>The file's <c>beamline</c> section.</summary>
    public required ISettings Settings { get; init; }

    public EquatableArray<Suspender> Suspenders { get; init; }

    public EquatableArray<CapturedLimit> CapturedLimits { get; init; } = [];

    /// <summary>What a run's disk must have free.</summary>
    public required DiskLimits Disk { get; init; }

    public SupervisionSettings Supervision { get; init; } = new();

    /// <summary>How EPICS process variables are found: the file's <c>epics</c> section over the environment.</summary>
    public PvSettings Epics { get; init; } = new(new CaSettings(), new PvaSettings());

    public bool HasSimulation => Simulation is not null;

    /// <summary>The drivers by device name, not yet connected.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> where a factory finds a setting wrong.</remarks>
    public IReadOnlyDictionary<string, IDevice> CreateDevices(DeviceEnvironment environment) =>
        Devices.ToDictionary(d => d.Name, d => d.Factory.Create(d.Name, d.Settings, environment), StringComparer.Ordinal);
}
