using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Devices;

/// <summary>What the beamline file says of a <c>virtual-motor</c>.</summary>
internal sealed record VirtualMotorSettings(string Host, int Port, AxisDescription Axis)
{
    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static VirtualMotorSettings Read(string name, ISettings settings)
    {
        settings.AllowOnly("kind", "host", "port", "unit", "low", "high", "velocity", "acceleration", "settle");
        var axis = MotorAxis.Read(name, settings);
        return new VirtualMotorSettings(settings.Text("host", "127.0.0.1"), (int)settings.Integer("port", 0, 65535), axis);
    }
}
