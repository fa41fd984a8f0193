using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation.Line;

namespace Flyscan.Hardware.Devices;

/// <summary>Makes drivers for the temperatures of the virtual beamline.</summary>
public sealed class VirtualTemperatureFactory : IDeviceFactory
{
    internal const string KindName = "virtual-temperature";

    public string Kind => KindName;

    public DeviceDescription Describe(string name, ISettings settings) =>
        new() { Axes = [VirtualTemperatureSettings.Read(name, settings).Axis] };

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var temperature = VirtualTemperatureSettings.Read(name, settings);
        return new VirtualTemperatureDriver(
            LineDriver.AddressOf(name, temperature.Host, temperature.Port, environment), temperature, environment);
    }
}
