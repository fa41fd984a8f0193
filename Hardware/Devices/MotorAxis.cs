using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Devices;

/// <summary>What the beamline file says of any motor that is a soft axis.</summary>
internal static class MotorAxis
{
    private const long Hour = 3_600_000_000_000;

    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static AxisDescription Read(string name, ISettings settings)
    {
        var low = settings.Number("low", -1e9, 1e9);
        return new AxisDescription(
            name,
            settings.Text("unit"),
            low,
            settings.Number("high", low, 1e9),
            settings.Number("velocity", 1e-9, 1e9),
            settings.Number("acceleration", 1e-9, 1e12),
            null,
            null,
            settings.DurationNs("settle", 0, Hour, 0));
    }

    /// <summary>An encoder as the trigger box counts it.</summary>
    public static EncoderDescription ReadEncoder(ISettings encoder)
    {
        encoder.AllowOnly("input", "scale", "offset", "tolerance");
        var scale = encoder.Number("scale", -1e6, 1e6);
        if (scale == 0)
            throw encoder.Error("scale", "axis units per count, not 0");
        return new EncoderDescription(
            encoder.Text("input"), scale, encoder.Number("offset", -1e9, 1e9, 0), encoder.Number("tolerance", 0, 1e9));
    }
}
