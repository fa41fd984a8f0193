using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation.Line;

namespace Flyscan.Hardware.Motion;

/// <summary>Makes drivers for the motion controller of the virtual beamline.</summary>
public sealed class VirtualMotionFactory : IDeviceFactory
{
    internal const string KindName = "virtual-motion";

    public string Kind => KindName;

    public DeviceDescription Describe(string name, ISettings settings)
    {
        var motion = VirtualMotionSettings.Read(name, settings);
        return new DeviceDescription { Axes = [.. motion.Axes.Select(a => a.Axis)], Controller = motion.Controller };
    }

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var motion = VirtualMotionSettings.Read(name, settings);
        return new VirtualMotionDriver(LineDriver.AddressOf(name, motion.Host, motion.Port, environment), motion, environment);
    }
}
