using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Epics;

/// <summary>Makes drivers for PMAC trajectory scan IOCs.</summary>
public sealed class PmacFactory : IDeviceFactory
{
    public string Kind => PmacSettings.KindName;

    public DeviceDescription Describe(string name, ISettings settings)
    {
        var pmac = PmacSettings.Read(name, settings);
        return new DeviceDescription { Axes = [.. pmac.Axes.Select(a => a.Axis)], Controller = pmac.Controller };
    }

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment) =>
        new PmacDriver(name, PmacSettings.Read(name, settings), environment);
}
