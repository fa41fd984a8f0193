using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>What a detector's frame numbers count.</summary>
internal enum AreaDetectorIdentity
{
    /// <summary>Frames that the driver received: a trigger that the camera missed shifts all numbers after it, so that frames count only
    /// once a take's triggers and frames are equal in number.</summary>
    Counted,

    /// <summary>Triggers that the camera saw, also those that made no frame: a hole in the numbers names them.</summary>
    Numbered,
}

/// <summary>What the beamline file says of an <c>epics-area-detector</c>.</summary>
/// <remarks>Camera, Writer: prefixes of the driver's and the HDF5 plugin's records. Type: NumPy type of a pixel. TriggerPort: where a
/// virtual IOC hears the triggers of a virtual beamline, 0 for none. <b>Units</b> nanoseconds.</remarks>
internal sealed record AreaDetectorSettings(
    string Camera, string Writer, string Driver, AreaDetectorTrigger Trigger, AreaDetectorIdentity Identity, DetectorDescription Detector,
    int Width, int Height, string Type)
{
    public const string KindName = "epics-area-detector";
    private const long Second = 1_000_000_000;
    private const long LeastReplyNs = Second / 100;

    /// <summary>The types of pixels: as the driver's DataType names them, and as NumPy does.</summary>
    public static readonly EquatableArray<KeyValuePair<string, string>> Types =
    [
        new("Int8", "|i1"), new("UInt8", "|u1"), new("Int16", "<i2"), new("UInt16", "<u2"), new("Int32", "<i4"), new("UInt32", "<u4"),
        new("Int64", "<i8"), new("UInt64", "<u8"), new("Float32", "<f4"), new("Float64", "<f8"),
    ];

    public required EquatableArray<KeyValuePair<string, string>> TriggerSettings { get; init; }

    /// <summary>Record that says that the camera waits for triggers; null where Acquire_RBV is all there is.</summary>
    public string? ArmedPv { get; init; }

    /// <summary>Waited after arming where nothing proves that the camera waits.</summary>
    public long ArmSettleNs { get; init; }

    public required AreaDetectorPaths Paths { get; init; }

    public long ReplyWithinNs { get; init; }

    public long ArmWithinNs { get; init; }

    /// <summary>How long the last frames of a take may take through driver, plugin and disk.</summary>
    public long DrainWithinNs { get; init; }

    public long ReconnectWithinNs { get; init; }

    public int TriggerPort { get; init; }

    public string TriggerHost { get; init; } = "";

    /// <summary>Bytes of one image.</summary>
    public int ImageBytes => (Type[^1] - '0') * Width * Height;

    /// <summary>The pixel's type as the driver names it.</summary>
    public string TypeName => Types.First(t => t.Value == Type).Key;

    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static AreaDetectorSettings Read(string name, ISettings settings)
    {
        settings.AllowOnly(
            "kind", "prefix", "camera", "writer", "driver", "trigger", "trigger-settings", "armed-pv", "arm-settle", "identity", "width",
            "height", "type", "dead-time", "min-exposure", "max-exposure", "min-period", "max-frames", "essential", "path-map",
            "reply-within", "arm-within", "drain-within", "reconnect-within", "simulated");
        var prefix = EpicsNames.Variable(settings, "prefix");
        var driver = OneOf(settings, "driver", AreaDetectorTriggers.Drivers);
        var trigger = TriggerOf(settings);
        var (width, height) = ((int)settings.Integer("width", 1, 65_536), (int)settings.Integer("height", 1, 65_536));
        var type = OneOf(settings, "type", Types.Select(t => t.Key), "UInt16");
        var numpy = Types.First(t => t.Key == type).Value;
        var own = settings.Has("simulated") ? settings.Section("simulated") : null;
        own?.AllowOnly("trigger-host", "trigger-port");
        return new AreaDetectorSettings(
            prefix + settings.Text("camera", "cam1:"), prefix + settings.Text("writer", "HDF1:"), driver, trigger,
            OneOf(settings, "identity", ["counted", "numbered"], "counted") == "numbered"
                ? AreaDetectorIdentity.Numbered
                : AreaDetectorIdentity.Counted,
            Describe(name, settings, (long)(numpy[^1] - '0') * width * height), width, height, numpy)
        {
            TriggerSettings = AreaDetectorTriggers.Read(settings, driver, trigger),
            ArmedPv = settings.Has("armed-pv") ? settings.Text("armed-pv") : AreaDetectorTriggers.ArmedOf(driver),
            ArmSettleNs = settings.DurationNs("arm-settle", 0, 60 * Second, 0),
            Paths = AreaDetectorPaths.Read(settings),
            ReplyWithinNs = settings.DurationNs("reply-within", LeastReplyNs, 60 * Second, 5 * Second),
            ArmWithinNs = settings.DurationNs("arm-within", LeastReplyNs, 600 * Second, 10 * Second),
            DrainWithinNs = settings.DurationNs("drain-within", LeastReplyNs, 600 * Second, 3 * Second),
            ReconnectWithinNs = settings.DurationNs("reconnect-within", 0, 3600 * Second, 30 * Second),
            TriggerHost = own?.Text("trigger-host", "127.0.0.1") ?? "",
            TriggerPort = own is null ? 0 : (int)own.Integer("trigger-port", 1, 65_535),
        };
    }

    private static DetectorDescription Describe(string name, ISettings settings, long imageBytes)
    {
        var minExposure = settings.DurationNs("min-exposure", 0, 3600 * Second, 0);
        return new DetectorDescription(
            name,
            DetectorKind.Triggered,
            minExposure,
            settings.DurationNs("max-exposure", minExposure, 3600 * Second, 3600 * Second),
            settings.DurationNs("dead-time", 0, 60 * Second),
            settings.DurationNs("min-period", 0, 60 * Second, 0),
            imageBytes + AreaDetectorFile.NumberBytes,
            settings.Integer("max-frames", 1, 1_000_000_000, 1_000_000),
            settings.Flag("essential", true));
    }

    private static AreaDetectorTrigger TriggerOf(ISettings settings) => OneOf(
        settings, "trigger", ["edge", "level", "internal"], "edge") switch
    {
        "edge" => AreaDetectorTrigger.Edge,
        "level" => AreaDetectorTrigger.Level,
        _ => throw settings.Error(
            "trigger", "a detector on its own clock exposes when it likes, and no frame would belong to a pulse of the trigger box; "
            + "take edge or level"),
    };

    private static string OneOf(ISettings settings, string key, IEnumerable<string> allowed, string? fallback = null)
    {
        var said = settings.Text(key, fallback);
        var known = allowed.ToList();
        return known.Contains(said) ? said : throw settings.Error(key, $"it is one of {string.Join(", ", known)}");
    }
}

/// <summary>How a folder is called here and where the IOC runs.</summary>
/// <remarks>Ours and Theirs without a separator at the end; both empty where the names are the same.</remarks>
internal sealed record AreaDetectorPaths(string Ours, string Theirs)
{
    public static readonly AreaDetectorPaths Same = new("", "");

    private char Separator => Theirs.Contains('\\') || (Theirs.Length > 1 && Theirs[1] == ':') ? '\\' : '/';

    public static AreaDetectorPaths Read(ISettings settings)
    {
        if (!settings.Has("path-map"))
            return Same;
        var map = settings.Section("path-map");
        map.AllowOnly("ours", "theirs");
        var ours = map.Text("ours");
        if (!Path.IsPathFullyQualified(ours))
            throw map.Error("ours", "give the whole path of a folder, as /data");
        var theirs = map.Text("theirs").TrimEnd('/', '\\');
        return theirs.Length > 0
            ? new AreaDetectorPaths(ours.TrimEnd('/'), theirs)
            : throw map.Error("theirs", "give the same folder's whole path where the IOC runs, as /mnt/data or Z:\\data");
    }

    /// <summary>A folder's name where the IOC runs, with a separator at the end; null where it is outside of what is mapped.</summary>
    public string? TheirsOf(string folder)
    {
        if (Ours.Length == 0 && Theirs.Length == 0)
            return folder.TrimEnd('/') + "/";
        if (folder != Ours && !folder.StartsWith(Ours + "/", StringComparison.Ordinal))
            return null;
        return Theirs + folder[Ours.Length..].TrimEnd('/').Replace('/', Separator) + Separator;
    }

    /// <summary>Whether two names mean one folder: separators at the end do not matter.</summary>
    public static bool AreSame(string one, string other) =>
        string.Equals(one.TrimEnd('/', '\\'), other.TrimEnd('/', '\\'), StringComparison.Ordinal);
}
