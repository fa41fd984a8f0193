using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation.Line;

namespace Flyscan.Hardware.Devices;

/// <summary>Makes drivers for the soft motors of the virtual beamline.</summary>
public sealed class VirtualMotorFactory : IDeviceFactory
{
    internal const string KindName = "virtual-motor";

    public string Kind => KindName;

    public DeviceDescription Describe(string name, ISettings settings) => new() { Axes = [VirtualMotorSettings.Read(name, settings).Axis] };

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var motor = VirtualMotorSettings.Read(name, settings);
        return new VirtualMotorDriver(LineDriver.AddressOf(name, motor.Host, motor.Port, environment), motor, environment);
    }
}
