using Flyscan.Scanning.Planning;

namespace Flyscan.Tests.Scanning.Planning;

/// <summary>The beamline that beamlines/virtual.hocon describes, as the planner sees it.</summary>
internal static class Beamlines
{
    public const long Ms = 1_000_000;

    public static readonly BeamlineDescription Virtual = new(
        "virtual",
        [
            new AxisDescription("x", "mm", -50, 50, 250, 5000, "motion", new EncoderDescription("INENC1", 0.0001, 0, 0.02), 5 * Ms),
            new AxisDescription("y", "mm", -50, 50, 100, 2000, "motion", new EncoderDescription("INENC2", 0.0001, 0, 0.02), 5 * Ms),
            new AxisDescription("z", "mm", -20, 20, 20, 200, null, null, 10 * Ms),
            new AxisDescription("temperature", "K", 80, 400, 50, double.PositiveInfinity, null, null, 50 * Ms),
        ],
        [new ControllerDescription("motion", ["x", "y"], Ms, 4000 * Ms, 200_000)],
        new TriggerBoxDescription("panda", 8, 4096, 65535, HasLiveInput: true) { HasGate = true },
        [
            new DetectorDescription("diode", DetectorKind.Captured, 0, long.MaxValue, 0, 0, 8, long.MaxValue, Essential: true),
            new DetectorDescription(
                "cam", DetectorKind.Triggered, 10_000, 10_000 * Ms, 200_000, 500_000, 64 * 48 * 2, 1_000_000, Essential: true),
        ],
        new ShutterDescription("shutter", 5 * Ms),
        "ring");

    public static BeamlineDescription With(this BeamlineDescription beamline, string axis, Func<AxisDescription, AxisDescription> change) =>
        beamline with { Axes = [.. beamline.Axes.Select(a => a.Name == axis ? change(a) : a)] };
}
