using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Epics;

/// <summary>Makes drivers for motor records as soft axes.</summary>
public sealed class EpicsMotorFactory : IDeviceFactory
{
    public string Kind => EpicsMotorSettings.KindName;

    public DeviceDescription Describe(string name, ISettings settings) => new() { Axes = [EpicsMotorSettings.Read(name, settings).Axis] };

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment) =>
        new EpicsMotorDriver(name, EpicsMotorSettings.Read(name, settings), environment);
}
