using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Driver;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>Makes drivers for PandA trigger boxes that are reached through their IOC, which writes what they capture (kind
/// <c>epics-panda</c>).</summary>
public sealed class PandAIocFactory : IProvesTriggers
{
    /// <summary>The moment of arming is known by the IOC's time stamp of that.</summary>
    private const long StampErrorNs = 100_000_000;

    public string Kind => PandAIocSettings.KindName;

    public DeviceDescription Describe(string name, ISettings settings) =>
        PandAFactory.Describe(name, PandAIocSettings.Read(settings).Box, StampErrorNs, streaming: null);

    public string? Refusal(string name, ISettings settings, EquatableArray<AxisDescription> axes, TriggerProgramme programme) =>
        PandAFactory.Refusal(PandAIocSettings.Read(settings).Box, axes, programme, streams: false);

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var read = PandAIocSettings.Read(settings);
        var placed = read with { Box = read.Box with { Encoders = PandAFactory.Encoders(environment.Axes, read.Box) } };
        PandAIocFile.Check(placed, settings);
        var client = environment.Pvs?.Invoke()
            ?? throw new InvalidOperationException($"Device {name} needs a client for process variables, and the environment has none.");
        var line = new PandAIocLine(name, placed, client, environment.Clock, new WrittenHdf5Columns(environment.Time));
        return new PandADriver(name, placed.Box, environment, line);
    }
}
