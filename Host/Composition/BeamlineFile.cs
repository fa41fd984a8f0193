using System.Text.RegularExpressions;
using Flyscan.Actors.Devices;
using Flyscan.Hardware.Contracts;
using Flyscan.Hocon;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Host.Composition;

/// <summary>Reads a beamline file: its devices, what the planner must know of them, and the simulation if it has one.</summary>
public static partial class BeamlineFile
{
    private const long Second = 1_000_000_000;
    private const long LeastFree = 256L << 20;

    /// <summary>Reads the file and checks it.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with file, line, path, value and what is allowed.</remarks>
    public static LoadedBeamline Load(string file, DeviceCatalogue catalogue) => Load(file, ConfigurationFiles.Load(file), catalogue);

    /// <summary>As <see cref="Load(string, DeviceCatalogue)"/>, from a configuration already read.</summary>
    public static LoadedBeamline Load(string file, HoconObject root, DeviceCatalogue catalogue)
    {
        var settings = new HoconSettings("", root).SectionOf("beamline");
        settings.AllowOnly("name", "simulation", "epics", "devices", "suspenders", "disk", "supervision");
        var name = settings.Text("name");
        CheckName(settings, "name", name);
        var simulation = settings.Has("simulation") ? ReadSimulation(settings.Section("simulation")) : null;
        var devices = ReadDevices(settings.SectionOf("devices"), catalogue);
        var description = DescriptionMerge.Of(name, devices, settings);
        return new LoadedBeamline(file, name, description, devices, simulation)
        {
            Settings = settings,
            Disk = settings.Has("disk") ? ReadDisk(settings.Section("disk")) : new DiskLimits(LeastFree, 2 * LeastFree),
            Supervision = settings.Has("supervision") ? ReadSupervision(settings.Section("supervision")) : new SupervisionSettings(),
            Epics = EpicsClient.Read(settings),
            Suspenders = settings.Has("suspenders") ? SuspenderSettings.Read(settings.Section("suspenders"), devices) : [],
            CapturedLimits = settings.Has("suspenders") ? SuspenderSettings.ReadCaptured(settings.Section("suspenders"), devices) : [],
        };
    }

    private static DiskLimits ReadDisk(ISettings settings)
    {
        const long Largest = 1L << 60;
        settings.AllowOnly("floor", "resume");
        var floor = settings.Bytes("floor", 0, Largest, LeastFree);
        return new DiskLimits(floor, settings.Bytes("resume", floor, 2 * Largest, 2 * floor));
    }

    private static SupervisionSettings ReadSupervision(ISettings settings)
    {
        settings.AllowOnly("lease", "lease-end", "stall-patience", "return-within");
        var usual = new SupervisionSettings();
        var end = settings.Text("lease-end", "finish-take");
        if (end is not ("finish-take" or "stop-now"))
            throw settings.Error("lease-end", "must be finish-take or stop-now.");
        return new SupervisionSettings
        {
            Lease = new DeviceLease(
                TimeSpan.FromTicks(settings.DurationNs("lease", Second, 3600 * Second, usual.Lease.Length.Ticks * 100) / 100),
                end == "stop-now" ? LeaseEnd.StopNow : LeaseEnd.FinishTake),
            StallPatienceNs = settings.DurationNs("stall-patience", 0, 3600 * Second, usual.StallPatienceNs),
            ReturnWithin = TimeSpan.FromTicks(
                settings.DurationNs("return-within", 0, 7 * 86_400 * Second, usual.ReturnWithin.Ticks * 100) / 100),
        };
    }

    private static SimulationSettings ReadSimulation(ISettings settings)
    {
        settings.AllowOnly("host", "port", "epics-port", "motor-port", "box-data-period", "idle-exit");
        return new SimulationSettings(
            settings.Text("host", "127.0.0.1"),
            (int)settings.Integer("port", 0, 65535, 0),
            settings.DurationNs("box-data-period", 0, 10 * Second, 0),
            settings.DurationNs("idle-exit", Second, 7 * 86_400 * Second, 600 * Second))
        {
            MotorPort = settings.Has("motor-port") ? (int)settings.Integer("motor-port", 1, 65535) : 0,
        };
    }

    private static List<LoadedDevice> ReadDevices(HoconSettings section, DeviceCatalogue catalogue)
    {
        var devices = new List<LoadedDevice>();
        foreach (var name in section.Keys)
        {
            CheckName(section, name, name);
            var settings = section.SectionOf(name, "kind");
            var factory = catalogue.Of(settings);
            devices.Add(new LoadedDevice(name, factory, settings, factory.Describe(name, settings)));
        }
        return devices;
    }

    private static void CheckName(ISettings settings, string key, string name)
    {
        if (!Name().IsMatch(name))
            throw settings.Error(key, $"the name {name} must be 1 to 40 letters, digits, '-' and '_', beginning with a letter: "
                + "it becomes part of file names.");
    }

    [GeneratedRegex("^[A-Za-z][A-Za-z0-9_-]{0,39}$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}

/// <summary>Makes one description of all devices', and refuses what does not fit together.</summary>
internal static class DescriptionMerge
{
    public static BeamlineDescription Of(string name, IReadOnlyList<LoadedDevice> devices, ISettings beamline)
    {
        var box = Single(devices, beamline, d => d.Description.Box is not null, "trigger box")
            ?? throw beamline.Error("devices", "a beamline needs exactly one trigger box, and none of its devices is one.");
        var shutter = Single(devices, beamline, d => d.Description.Shutter is not null, "shutter");
        var beam = devices.FirstOrDefault(d => d.Description.IsBeamSignal);
        CheckNames(devices);
        CheckEncoders(devices);
        foreach (var device in devices)
        {
            CheckController(device);
            CheckCaptured(device, box);
        }
        return new BeamlineDescription(
            name,
            devices.SelectMany(d => d.Description.Axes).ToEquatableArray(),
            devices.Select(d => d.Description.Controller).OfType<ControllerDescription>().ToEquatableArray(),
            box.Description.Box!,
            devices.SelectMany(d => d.Description.Detectors).ToEquatableArray(),
            shutter?.Description.Shutter,
            beam?.Name);
    }

    private static LoadedDevice? Single(
        IReadOnlyList<LoadedDevice> devices, ISettings beamline, Func<LoadedDevice, bool> isOne, string what)
    {
        var found = devices.Where(isOne).ToList();
        if (found.Count <= 1)
            return found.FirstOrDefault();
        throw beamline.Section("devices").Error(
            found[1].Name, $"a beamline has one {what}, and {found[0].Name} is one already; take one of them out.");
    }

    /// <summary>Axes and detectors become columns of one document, so that their names share one space.</summary>
    private static void CheckNames(IReadOnlyList<LoadedDevice> devices)
    {
        var owners = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var device in devices)
        {
            var named = device.Description.Axes.Select(a => (a.Name, What: "axis"))
                .Concat(device.Description.Detectors.Select(d => (d.Name, What: "detector")));
            foreach (var (name, what) in named)
            {
                if (!owners.TryAdd(name, $"{what} {name} of device {device.Name}"))
                    throw device.Settings.Error(
                        "kind", $"the {what} {name} has the name of the {owners[name]}; axes and detectors need names of their own.");
            }
        }
    }

    private static void CheckEncoders(IReadOnlyList<LoadedDevice> devices)
    {
        var users = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        foreach (var device in devices)
            foreach (var axis in device.Description.Axes)
                if (axis.Encoder is { } encoder && !users.TryAdd(encoder.Input, axis.Name))
                    throw device.Settings.Error("kind", $"axis {axis.Name} has its encoder on {encoder.Input}, "
                        + $"which axis {users[encoder.Input]} uses; an input has one encoder.");
    }

    private static void CheckController(LoadedDevice device)
    {
        var description = device.Description;
        var claimed = description.Axes.Where(a => a.Controller is not null).ToList();
        var stray = claimed.FirstOrDefault(a => a.Controller != description.Controller?.Name);
        if (stray is not null)
            throw new InvalidOperationException($"Device {device.Name} (kind {device.Kind}) describes axis {stray.Name} "
                + $"of controller {stray.Controller}, but not that controller.");
        if (description.Controller is { } controller && !controller.Axes.ToHashSet().SetEquals(claimed.Select(a => a.Name)))
            throw new InvalidOperationException($"Device {device.Name} (kind {device.Kind}) describes a controller of axes "
                + $"{controller.Axes}, but axes [{string.Join(", ", claimed.Select(a => a.Name))}].");
    }

    private static void CheckCaptured(LoadedDevice device, LoadedDevice box)
    {
        var captured = device.Description.Detectors.FirstOrDefault(d => d.Kind == DetectorKind.Captured);
        if (captured is not null && device != box)
            throw device.Settings.Error("kind", $"the detector {captured.Name} is captured by the trigger box, "
                + $"so that it belongs into the box's section ({box.Name}).");
    }
}
