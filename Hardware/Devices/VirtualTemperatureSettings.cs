using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Devices;

/// <summary>What the beamline file says of a <c>virtual-temperature</c>.</summary>
/// <remarks><b>Units</b> Tolerance: the axis's unit.</remarks>
internal sealed record VirtualTemperatureSettings(string Host, int Port, AxisDescription Axis, double Tolerance)
{
    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static VirtualTemperatureSettings Read(string name, ISettings settings)
    {
        settings.AllowOnly("kind", "host", "port", "unit", "low", "high", "rate", "tolerance", "settle");
        var low = settings.Number("low", -1e9, 1e9);
        var axis = new AxisDescription(
            name,
            settings.Text("unit"),
            low,
            settings.Number("high", low, 1e9),
            settings.Number("rate", 1e-9, 1e9),
            double.PositiveInfinity,
            null,
            null,
            settings.DurationNs("settle", 0, 3_600_000_000_000, 0));
        return new VirtualTemperatureSettings(
            settings.Text("host", "127.0.0.1"), (int)settings.Integer("port", 0, 65535), axis, settings.Number("tolerance", 1e-9, 1e6));
    }
}
