using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;

namespace Flyscan.Hardware.PandA.Ioc;

/// <summary>What the beamline file says of a PandA that is reached through its IOC.</summary>
/// <remarks>Prefix: of all records, without the colon behind it. SimulatedPorts: where a virtual IOC finds the box that it serves, and the
/// virtual beamline serves it; 0 where neither is simulated. <b>Units</b> StatusWithinNs: nanoseconds within which the IOC has told of a
/// change in the box; FlushPeriodNs: how often it writes samples to the file.</remarks>
internal sealed record PandAIocSettings(string Prefix, long StatusWithinNs, long FlushPeriodNs, PandASettings Box)
{
    public const string KindName = "epics-panda";

    private const long Second = 1_000_000_000;
    private const long Millisecond = 1_000_000;
    private const int LargestPort = 65535;

    public (int Control, int Data) SimulatedPorts { get; init; }

    /// <summary>A COUNTER block that numbers the frames in the file.</summary>
    public string FrameCounter { get; init; } = "COUNTER8";

    /// <summary>How the run's folder is called where the IOC runs.</summary>
    public AreaDetectorPaths Paths { get; init; } = AreaDetectorPaths.Same;

    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static PandAIocSettings Read(ISettings settings)
    {
        settings.AllowOnly([.. PandAFactory.BoxKeys, "pv", "status-within", "flush-period", "frame-counter", "path-map", "simulated"]);
        return new PandAIocSettings(
            PvTransports.BareName(EpicsNames.Record(settings, "pv")).TrimEnd(':'),
            settings.DurationNs("status-within", 10 * Millisecond, 10 * Second, 300 * Millisecond),
            settings.DurationNs("flush-period", 10 * Millisecond, 5 * Second, 100 * Millisecond),
            PandAFactory.ReadBox(settings))
        {
            FrameCounter = settings.Text("frame-counter", "COUNTER8"),
            Paths = AreaDetectorPaths.Read(settings),
            SimulatedPorts = settings.Has("simulated") ? Ports(settings.Section("simulated")) : default,
        };
    }

    private static (int Control, int Data) Ports(ISettings section)
    {
        section.AllowOnly("control-port", "data-port");
        return ((int)section.Integer("control-port", 1, LargestPort, 8888), (int)section.Integer("data-port", 1, LargestPort, 8889));
    }
}
