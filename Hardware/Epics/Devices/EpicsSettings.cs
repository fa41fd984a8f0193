using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Devices;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Epics;

/// <summary>What the beamline file says of an <c>epics-motor</c>.</summary>
/// <remarks>Tolerance: most that readback and demand may differ after a move, null for the record's RDBD. MoveVelocity: written before
/// each move and put back after it; null leaves the record's. <b>Units</b> axis units, per second; times in nanoseconds.</remarks>
internal sealed record EpicsMotorSettings(
    string Pv, AxisDescription Axis, double? Tolerance, double? MoveVelocity, long ReplyWithinNs, long ReconnectWithinNs)
{
    public const string KindName = "epics-motor";

    // Of a plan that is only a line: a run-up, a window, a run-down.
    private const int MostPoints = 10_000;
    private const long LongestSegmentNs = 3600 * Second;

    /// <summary>As a controller of its one axis; null for a motor that only steps.</summary>
    public ControllerDescription? Controller => Axis.Controller is null
        ? null
        : new ControllerDescription(Axis.Name, [Axis.Name], 1_000, LongestSegmentNs, MostPoints) { ConstantVelocityOnly = true };
    private const long Second = 1_000_000_000;

    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static EpicsMotorSettings Read(string name, ISettings settings)
    {
        settings.AllowOnly(
            "kind", "pv", "unit", "low", "high", "velocity", "acceleration", "settle", "tolerance", "move-velocity", "reply-within",
            "reconnect-within", "fly", "encoder");
        var axis = MotorAxis.Read(name, settings);
        if (settings.Flag("fly", false))
            axis = axis with { Controller = name };
        if (settings.Has("encoder"))
            axis = axis with { Encoder = MotorAxis.ReadEncoder(settings.Section("encoder")) };
        return new EpicsMotorSettings(
            EpicsNames.Record(settings, "pv"),
            axis,
            settings.Has("tolerance") ? settings.Number("tolerance", 0, 1e9) : null,
            settings.Has("move-velocity") ? settings.Number("move-velocity", 1e-9, 1e9) : null,
            settings.DurationNs("reply-within", Second / 100, 60 * Second, 5 * Second),
            settings.DurationNs("reconnect-within", 0, 3600 * Second, 30 * Second));
    }
}

/// <summary>What the beamline file says of an <c>epics-signal</c>.</summary>
/// <remarks>Simulated: what a virtual IOC begins with. IsPassive: the record is processed only when its value changes. <b>Units</b>
/// nanoseconds.</remarks>
internal sealed record EpicsSignalSettings(
    string Pv, string Unit, double Simulated, bool IsPassive, long StaleAfterNs, long ReplyWithinNs, long ReconnectWithinNs)
{
    public const string KindName = "epics-signal";
    private const long Second = 1_000_000_000;

    public static EpicsSignalSettings Read(ISettings settings)
    {
        settings.AllowOnly("kind", "pv", "unit", "simulated", "passive", "stale-after", "reply-within");
        return new EpicsSignalSettings(
            EpicsNames.Variable(settings, "pv"),
            settings.Text("unit", ""),
            settings.Number("simulated", -1e300, 1e300, 300),
            settings.Flag("passive", false),
            settings.DurationNs("stale-after", Second / 10, 86_400 * Second, 10 * Second),
            settings.DurationNs("reply-within", Second / 100, 60 * Second, 2 * Second),
            0);
    }
}

/// <summary>What the beamline file says of an <c>epics-shutter</c>.</summary>
/// <remarks><b>Units</b> LeadNs: nanoseconds that it takes to open or close.</remarks>
internal sealed record EpicsShutterSettings(
    string Pv, string ReadBackPv, string OpenText, string ClosedText, long LeadNs, long ReplyWithinNs, long ReconnectWithinNs)
{
    public const string KindName = "epics-shutter";
    private const long Second = 1_000_000_000;

    public static EpicsShutterSettings Read(ISettings settings)
    {
        settings.AllowOnly("kind", "pv", "readback-pv", "open", "closed", "lead", "reply-within", "reconnect-within");
        var pv = EpicsNames.Variable(settings, "pv");
        return new EpicsShutterSettings(
            pv,
            settings.Has("readback-pv") ? EpicsNames.Variable(settings, "readback-pv") : pv,
            settings.Text("open", "Open"),
            settings.Text("closed", "Closed"),
            settings.DurationNs("lead", 0, 60 * Second),
            settings.DurationNs("reply-within", Second / 100, 60 * Second, 5 * Second),
            settings.DurationNs("reconnect-within", 0, 3600 * Second, 30 * Second));
    }
}

/// <summary>Names of process variables in a beamline file.</summary>
internal static class EpicsNames
{
    private const int Longest = 60;

    /// <summary>A record's name, without a field.</summary>
    public static string Record(ISettings settings, string key)
    {
        var name = Variable(settings, key);
        return PvTransports.BareName(name).Contains('.') ? throw settings.Error(key, "give the record's name without a field, as in BL22I-MO-STAGE-01:Z") : name;
    }

    /// <summary>A name of 1 to 60 characters without blanks; before it may stand by which transport, as in <c>pva://NAME</c>.</summary>
    public static string Variable(ISettings settings, string key)
    {
        var name = settings.Text(key);
        return PvTransports.BareName(name).Length is > 0 and <= Longest && !name.Any(char.IsWhiteSpace)
            ? name
            : throw settings.Error(key, $"the name of a process variable has 1 to {Longest} characters, and no blanks");
    }
}
