using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>What makes a detector expose.</summary>
internal enum AreaDetectorTrigger
{
    /// <summary>Its own clock: no frame belongs to a pulse of a box.</summary>
    Internal,

    /// <summary>One pulse, one frame of the exposure that is set.</summary>
    Edge,

    /// <summary>It exposes as long as the pulse is high.</summary>
    Level,
}

/// <summary>How each driver of areaDetector is told what triggers it: records of the camera and the texts that they are set to.</summary>
/// <remarks>Enumerations differ from driver to driver in number and order, so that they are only ever set by text. <b>Source</b> the
/// drivers' databases, as the EPICS notes list them.</remarks>
internal static class AreaDetectorTriggers
{
    /// <summary>A driver without presets: the beamline file gives the records.</summary>
    public const string Other = "other";

    private static readonly SortedDictionary<string, Preset> Presets = new(StringComparer.Ordinal)
    {
        ["aravis"] = new(
            null,
            (AreaDetectorTrigger.Internal, [new("TriggerMode", "Off")]),
            (AreaDetectorTrigger.Edge, [new("TriggerMode", "On"), new("TriggerSource", "Line1")])),
        ["vimba"] = new(
            null,
            (AreaDetectorTrigger.Internal, [new("TriggerMode", "Off")]),
            (AreaDetectorTrigger.Edge, [new("TriggerMode", "On"), new("TriggerSource", "Line1"), new("ExposureMode", "Timed")]),
            (AreaDetectorTrigger.Level, [new("TriggerMode", "On"), new("TriggerSource", "Line1"), new("ExposureMode", "TriggerWidth")])),
        ["kinetix"] = new(
            null,
            (AreaDetectorTrigger.Internal, [new("TriggerMode", "Internal")]),
            (AreaDetectorTrigger.Edge, [new("TriggerMode", "Rising Edge")]),
            (AreaDetectorTrigger.Level, [new("TriggerMode", "Exp. Gate")])),
        ["pilatus"] = new(
            "Armed",
            (AreaDetectorTrigger.Internal, [new("TriggerMode", "Internal")]),
            (AreaDetectorTrigger.Edge, [new("TriggerMode", "Ext. Trigger")]),
            (AreaDetectorTrigger.Level, [new("TriggerMode", "Ext. Enable")])),
        ["simdetector"] = new(
            null,
            (AreaDetectorTrigger.Internal, [new("TriggerMode", "Internal")]),
            (AreaDetectorTrigger.Edge, [new("TriggerMode", "External")])),
        [Other] = new(null),
    };

    /// <summary>Names of the drivers that are known.</summary>
    public static IEnumerable<string> Drivers => Presets.Keys;

    /// <summary>Record of a driver that says that it waits for triggers; null where there is none.</summary>
    public static string? ArmedOf(string driver) => Presets[driver].Armed;

    /// <summary>Records and texts for a mode; null where the driver has no preset for it.</summary>
    public static EquatableArray<KeyValuePair<string, string>>? Of(string driver, AreaDetectorTrigger mode) =>
        Presets[driver].Modes.TryGetValue(mode, out var settings) ? settings : null;

    /// <summary>The preset with the file's own records over it.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> where neither says anything.</remarks>
    public static EquatableArray<KeyValuePair<string, string>> Read(ISettings settings, string driver, AreaDetectorTrigger mode)
    {
        var chosen = Of(driver, mode)?.ToList() ?? [];
        if (settings.Has("trigger-settings"))
        {
            var own = settings.Section("trigger-settings");
            foreach (var key in own.Keys)
            {
                chosen.RemoveAll(s => s.Key == key);
                chosen.Add(new(key, own.Text(key)));
            }
        }
        var modes = Presets[driver].Modes.Keys.Select(m => m.ToString().ToLowerInvariant());
        return chosen.Count > 0
            ? chosen.ToEquatableArray()
            : throw settings.Error(
                "trigger", $"the driver {driver} has presets for [{string.Join(", ", modes)}] only; say which records of the camera to "
                + "set, as trigger-settings { TriggerMode = \"On\", TriggerSource = \"Line1\" }");
    }

    private sealed record Preset
    {
        public Preset(string? armed, params (AreaDetectorTrigger Mode, KeyValuePair<string, string>[] Settings)[] modes)
        {
            Armed = armed;
            Modes = modes.ToDictionary(m => m.Mode, m => m.Settings.ToEquatableArray());
        }

        public string? Armed { get; }

        public Dictionary<AreaDetectorTrigger, EquatableArray<KeyValuePair<string, string>>> Modes { get; }
    }
}
