using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Devices;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Epics;

/// <summary>One axis of a PMAC: a motor record whose motor is assigned to a letter of the coordinate system.</summary>
/// <remarks><b>Units</b> Tolerance: axis units, most that readback and demand may differ at rest.</remarks>
internal sealed record PmacAxisSettings(AxisDescription Axis, string Pv, double Tolerance);

/// <summary>Numbers that the controller's motion programs run at points of a profile.</summary>
/// <remarks>Window: raises the live output; Gap: lowers it; End: at the last point.</remarks>
internal sealed record PmacUserPrograms(int Window, int Gap, int End);

/// <summary>What the beamline file says of a <c>pmac</c>: a trajectory scan IOC.</summary>
/// <remarks>Slice: points of the first build and of each append. Ahead: points that may be loaded and not yet done. <b>Units</b>
/// nanoseconds; AppendWithinNs: longest that an append may take.</remarks>
internal sealed record PmacSettings(
    string Pv, int CoordinateSystem, ControllerDescription Controller, IReadOnlyList<PmacAxisSettings> Axes, PmacUserPrograms Programs)
{
    public const string KindName = "pmac";
    private const long Second = 1_000_000_000;

    public required int Slice { get; init; }

    public required int Ahead { get; init; }

    public required long AppendWithinNs { get; init; }

    public required long BuildWithinNs { get; init; }

    public required long ReplyWithinNs { get; init; }

    public required long ReconnectWithinNs { get; init; }

    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static PmacSettings Read(string name, ISettings settings)
    {
        settings.AllowOnly(
            "kind", "pv", "coordinate-system", "min-segment", "max-segment", "max-points", "slice", "ahead", "append-within",
            "build-within", "user-programs", "axes", "reply-within", "reconnect-within");
        var minSegment = settings.DurationNs("min-segment", 1_000, 60 * Second, 2_000_000);
        var section = settings.Section("axes");
        var axes = section.Keys.Select(axis => ReadAxis(name, axis, section.Section(axis))).ToList();
        if (axes.Count is 0 or > 9)
            throw settings.Error("axes", $"a coordinate system has 1 to 9 axes, here are {axes.Count}");
        var slice = (int)settings.Integer("slice", 2, 100_000, 4_000);
        var maxPoints = (int)settings.Integer("max-points", 2, 100_000_000, 1_000_000);
        var appendWithin = settings.DurationNs("append-within", Second / 100, 600 * Second, 2 * Second);
        // What is appended comes in time where the slice before it always lasts longer than an append.
        if (maxPoints > slice && slice * minSegment < appendWithin + PmacProfile.CountLatencyNs)
            throw settings.Error(
                settings.Has("append-within") ? "append-within" : "axes",
                FormattableString.Invariant($"{slice} points (slice) of {minSegment / 1e6:G6} ms (min-segment) last ")
                + FormattableString.Invariant($"{slice * minSegment / 1e9:G6} s, and an append and its count may take ")
                + FormattableString.Invariant($"{(appendWithin + PmacProfile.CountLatencyNs) / 1e9:G6} s: the controller could run dry. ")
                + "Raise slice or min-segment, lower append-within, or let max-points be slice, so that nothing is appended.");
        return new PmacSettings(
            EpicsNames.Record(settings, "pv"),
            (int)settings.Integer("coordinate-system", 1, 16),
            new ControllerDescription(
                name, [.. axes.Select(a => a.Axis.Name)], minSegment,
                settings.DurationNs("max-segment", minSegment, 4 * Second, 4 * Second),
                maxPoints),
            axes,
            ReadPrograms(settings))
        {
            Slice = slice,
            Ahead = (int)settings.Integer("ahead", slice, 1_000_000, Math.Max(slice, 8_000)),
            AppendWithinNs = appendWithin,
            BuildWithinNs = settings.DurationNs("build-within", Second / 100, 600 * Second, 20 * Second),
            ReplyWithinNs = settings.DurationNs("reply-within", Second / 100, 60 * Second, 5 * Second),
            ReconnectWithinNs = settings.DurationNs("reconnect-within", 0, 3600 * Second, 30 * Second),
        };
    }

    private static PmacUserPrograms ReadPrograms(ISettings settings)
    {
        if (!settings.Has("user-programs"))
            return new PmacUserPrograms(1, 2, 8);
        var programs = settings.Section("user-programs");
        programs.AllowOnly("window", "gap", "end");
        return new PmacUserPrograms(
            (int)programs.Integer("window", 0, 255, 1), (int)programs.Integer("gap", 0, 255, 2), (int)programs.Integer("end", 0, 255, 8));
    }

    private static PmacAxisSettings ReadAxis(string controller, string name, ISettings axis)
    {
        axis.AllowOnly("pv", "unit", "low", "high", "velocity", "acceleration", "jerk", "settle", "tolerance", "encoder");
        var description = MotorAxis.Read(name, axis) with
        {
            Controller = controller,
            Encoder = axis.Has("encoder") ? MotorAxis.ReadEncoder(axis.Section("encoder")) : null,
            MaxJerk = axis.Has("jerk") ? axis.Number("jerk", 1e-9, 1e15) : double.PositiveInfinity,
        };
        return new PmacAxisSettings(description, EpicsNames.Record(axis, "pv"), axis.Number("tolerance", 0, 1e9));
    }
}
