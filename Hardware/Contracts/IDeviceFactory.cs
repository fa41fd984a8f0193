using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Contracts;

/// <summary>A section of a configuration file, read with checks. Every reader names path, value and what is allowed.</summary>
/// <remarks><b>Errors</b> each throws <see cref="SettingsException"/> with file, line, path, value, limit.</remarks>
public interface ISettings
{
    /// <summary>Path of this section in its file, such as <c>beamline.devices.cam</c>.</summary>
    string Path { get; }

    /// <summary>Keys of this section, in the file's order.</summary>
    IReadOnlyList<string> Keys { get; }

    bool Has(string key);

    ISettings Section(string key);

    string Text(string key, string? fallback = null);

    IReadOnlyList<string> Texts(string key);

    /// <summary>A number within [least, greatest].</summary>
    double Number(string key, double least, double greatest, double? fallback = null);

    long Integer(string key, long least, long greatest, long? fallback = null);

    /// <summary>A duration with its unit (<c>5 ms</c>), in nanoseconds, within [leastNs, greatestNs].</summary>
    long DurationNs(string key, long leastNs, long greatestNs, long? fallbackNs = null);

    /// <summary>A size with its unit (<c>64MiB</c>), in bytes.</summary>
    long Bytes(string key, long least, long greatest, long? fallback = null);

    bool Flag(string key, bool? fallback = null);

    /// <summary>Throws when the section has a key that is not among these, naming the nearest allowed one.</summary>
    void AllowOnly(params ReadOnlySpan<string> keys);

    /// <summary>An error that names this key's file, line, path and value.</summary>
    SettingsException Error(string key, string problem);
}

/// <summary>A configuration file says something that cannot be used.</summary>
public sealed class SettingsException(string message) : Exception(message);

/// <summary>What a device adds to the beamline's description. A device fills what it is.</summary>
public sealed record DeviceDescription
{
    public EquatableArray<AxisDescription> Axes { get; init; }

    public ControllerDescription? Controller { get; init; }

    public TriggerBoxDescription? Box { get; init; }

    public EquatableArray<DetectorDescription> Detectors { get; init; }

    public ShutterDescription? Shutter { get; init; }

    public bool IsBeamSignal { get; init; }
}

/// <summary>What a driver is given from outside. TimeScale: wall seconds per second of the beamline (1 for a real one).</summary>
/// <remarks>Axes: of the whole beamline, as all its devices describe them; a trigger box finds there whose encoders it reads.</remarks>
public sealed record DeviceEnvironment(
    IClock Clock, IConnector Connector, IFrameStoreFactory Stores, double TimeScale, EndpointOverrides Endpoints)
{
    public EquatableArray<AxisDescription> Axes { get; init; }

    /// <summary>The process's client for EPICS process variables, made when first asked for; null where there is none.</summary>
    public Func<Epics.IPvClient>? Pvs { get; init; }

    /// <summary>Where drivers keep what they have changed on a device that outlives them, so that it is put back after a crash
    /// too.</summary>
    public IKeptSettings Kept { get; init; } = new KeptInMemory();

    /// <summary>The wall clock, for what is compared with time stamps of others.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>Addresses that replace the file's (a virtual beamline started on free ports): key is <c>device.port-key</c>, value
/// host:port.</summary>
public sealed record EndpointOverrides(EquatableArray<KeyValuePair<string, string>> Entries)
{
    public static readonly EndpointOverrides None = new([]);

    /// <summary>Host and port for a device's connection; the file's own where nothing replaces them.</summary>
    public (string Host, int Port) Resolve(string device, string portKey, string host, int port)
    {
        foreach (var (key, value) in Entries)
            if (key == $"{device}.{portKey}")
                return (value[..value.LastIndexOf(':')], int.Parse(value[(value.LastIndexOf(':') + 1)..]));
        return (host, port);
    }
}

/// <summary>Makes devices of one kind. Found by one assembly scan in Host; adding a device is adding a file.</summary>
public interface IDeviceFactory
{
    /// <summary>Unique; what <c>kind = …</c> in the beamline file says.</summary>
    string Kind { get; }

    /// <summary>Validates the settings and says what the planner must know. Pure.</summary>
    DeviceDescription Describe(string name, ISettings settings);

    /// <summary>The driver, not yet connected.</summary>
    IDevice Create(string name, ISettings settings, DeviceEnvironment environment);
}
