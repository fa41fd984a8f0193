using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Epics;

/// <summary>Makes drivers for motor records as soft axes, and as axes that fly at constant velocity.</summary>
public sealed class EpicsMotorFactory : IDeviceFactory
{
    public string Kind => EpicsMotorSettings.KindName;

    public DeviceDescription Describe(string name, ISettings settings)
    {
        var motor = EpicsMotorSettings.Read(name, settings);
        return new DeviceDescription { Axes = [motor.Axis], Controller = motor.Controller };
    }

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var motor = EpicsMotorSettings.Read(name, settings);
        return motor.Controller is null
            ? new EpicsMotorDriver(name, motor, environment)
            : new EpicsFlownMotorDriver(name, motor, environment);
    }
}
