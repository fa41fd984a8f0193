using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Devices;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Motion;

/// <summary>One axis of a virtual controller: what the planner knows, and how the simulated one differs from ideal.</summary>
/// <remarks><b>Units</b> FollowingErrorNs: nanoseconds that the axis lags behind; Noise: axis units, bound of the error in
/// position.</remarks>
internal sealed record VirtualAxisSettings(AxisDescription Axis, long FollowingErrorNs, double Noise);

/// <summary>What the beamline file says of a <c>virtual-motion</c>.</summary>
internal sealed record VirtualMotionSettings(
    string Host, int Port, ControllerDescription Controller, IReadOnlyList<VirtualAxisSettings> Axes)
{
    private const long Second = 1_000_000_000;

    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static VirtualMotionSettings Read(string name, ISettings settings)
    {
        settings.AllowOnly("kind", "host", "port", "min-segment", "max-segment", "max-points", "axes");
        var minSegment = settings.DurationNs("min-segment", 1_000, 60 * Second, 1_000_000);
        var maxSegment = settings.DurationNs("max-segment", minSegment, 3600 * Second, 4 * Second);
        var maxPoints = (int)settings.Integer("max-points", 2, 1_000_000, 200_000);
        var section = settings.Section("axes");
        List<VirtualAxisSettings> axes = [];
        foreach (var axis in section.Keys)
            axes.Add(ReadAxis(name, axis, section.Section(axis)));
        if (axes.Count is 0 or > 32)
            throw settings.Error("axes", $"a controller has 1 to 32 axes, here are {axes.Count}");
        return new VirtualMotionSettings(
            settings.Text("host", "127.0.0.1"),
            (int)settings.Integer("port", 0, 65535),
            new ControllerDescription(name, [.. axes.Select(a => a.Axis.Name)], minSegment, maxSegment, maxPoints),
            axes);
    }

    private static VirtualAxisSettings ReadAxis(string controller, string name, ISettings axis)
    {
        axis.AllowOnly("unit", "low", "high", "velocity", "acceleration", "jerk", "settle", "encoder", "simulated");
        var low = axis.Number("low", -1e9, 1e9);
        var description = new AxisDescription(
            name,
            axis.Text("unit"),
            low,
            axis.Number("high", low, 1e9),
            axis.Number("velocity", 1e-9, 1e9),
            axis.Number("acceleration", 1e-9, 1e12),
            controller,
            axis.Has("encoder") ? MotorAxis.ReadEncoder(axis.Section("encoder")) : null,
            axis.DurationNs("settle", 0, 60 * Second, 0))
        {
            MaxJerk = axis.Has("jerk") ? axis.Number("jerk", 1e-9, 1e15) : double.PositiveInfinity,
        };
        var (lag, noise) = (0L, 0.0);
        if (axis.Has("simulated"))
        {
            var simulated = axis.Section("simulated");
            simulated.AllowOnly("following-error", "in-position-noise");
            lag = simulated.DurationNs("following-error", 0, Second, 0);
            noise = simulated.Number("in-position-noise", 0, 1e6, 0);
        }
        return new VirtualAxisSettings(description, lag, noise);
    }
}
