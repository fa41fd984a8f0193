using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra.Ioc;

/// <summary>Makes drivers for Zebra trigger boxes that are reached through their IOC (kind <c>epics-zebra</c>).</summary>
public sealed class ZebraIocFactory : IRoundsTriggers
{
    public string Kind => ZebraIocSettings.KindName;

    public DeviceDescription Describe(string name, ISettings settings)
    {
        var read = ZebraIocSettings.Read(settings);
        // The database's time array has one place more than samples.
        return ZebraFactory.Describe(name, read.Box, read.ArrayLength - 1);
    }

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var read = ZebraIocSettings.Read(settings);
        var placed = read with { Box = read.Box with { Encoders = ZebraFactory.Encoders(environment.Axes, settings) } };
        var client = environment.Pvs?.Invoke()
            ?? throw new InvalidOperationException($"Device {name} needs a client for process variables, and the environment has none.");
        return new ZebraDriver(name, placed.Box, environment, new ZebraIocLine(placed, client, environment.Clock));
    }

    public IReadOnlyList<string> Roundings(
        string name, ISettings settings, EquatableArray<AxisDescription> axes, TriggerProgramme programme) =>
        ZebraFactory.Roundings(
            ZebraIocSettings.Read(settings).Box with { Encoders = ZebraFactory.Encoders(axes, settings) }, programme);
}
