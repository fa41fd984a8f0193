using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Epics;

/// <summary>Makes drivers for detectors of areaDetector whose frames the HDF5 plugin writes.</summary>
public sealed class AreaDetectorFactory : IDeviceFactory
{
    public string Kind => AreaDetectorSettings.KindName;

    public DeviceDescription Describe(string name, ISettings settings) =>
        new() { Detectors = [AreaDetectorSettings.Read(name, settings).Detector] };

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment) => new AreaDetectorDriver(
        name, AreaDetectorSettings.Read(name, settings), environment, new WrittenHdf5Frames(environment.Time));
}
