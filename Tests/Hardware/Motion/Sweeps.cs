using Flyscan.Hardware.Motion;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Trajectories;

namespace Flyscan.Tests.Hardware.Motion;

/// <summary>Trajectories and a controller for tests.</summary>
internal static class Sweeps
{
    public const long Ms = 1_000_000;

    /// <summary>Two axes in mm: 250 mm/s, 5000 mm/s², 5 ms to settle within 0.0002, 40 µs behind.</summary>
    public static VirtualMotionSettings Settings(double noise = 0.0002, int maxPoints = 1000) => new(
        "127.0.0.1",
        0,
        new ControllerDescription("motion", ["x", "y"], Ms, 4000 * Ms, maxPoints),
        [Axis("x", noise), Axis("y", noise)]);

    /// <summary>x from 0 to 2 mm at 10 mm/s, live for 200 ms, with ramps of 10 ms; starts at −0.05.</summary>
    public static Trajectory X() => new()
    {
        Controller = "motion",
        Axes = ["x"],
        Start = [-0.05],
        DurationsNs = [10 * Ms, 200 * Ms, 10 * Ms],
        Positions = [0, 2, 2.05],
        Velocities = [10, 10, 0],
        Live = [false, true, false],
    };

    /// <summary>The same with some points replaced.</summary>
    public static Trajectory X(double[] positions, double[] velocities, long[]? durations = null) => new()
    {
        Controller = "motion",
        Axes = ["x"],
        Start = [-0.05],
        DurationsNs = durations ?? [10 * Ms, 200 * Ms, 10 * Ms],
        Positions = positions,
        Velocities = velocities,
        Live = [false, true, false],
    };

    private static VirtualAxisSettings Axis(string name, double noise) => new(
        new AxisDescription(name, "mm", -50, 50, 250, 5000, "motion", new EncoderDescription("INENC1", 0.0001, 0, 0.02), 5 * Ms),
        40_000,
        noise);
}
