using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation.Line;

namespace Flyscan.Hardware.Detectors;

/// <summary>Makes drivers for the camera of the virtual beamline.</summary>
public sealed class VirtualCameraFactory : IDeviceFactory
{
    internal const string KindName = "virtual-camera";

    public string Kind => KindName;

    public DeviceDescription Describe(string name, ISettings settings) =>
        new() { Detectors = [VirtualCameraSettings.Read(name, settings).Detector] };

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var camera = VirtualCameraSettings.Read(name, settings);
        return new VirtualCameraDriver(LineDriver.AddressOf(name, camera.Host, camera.Port, environment), camera, environment);
    }
}
