using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Host.Composition;

namespace Flyscan.Host.Cli;

/// <summary>Looks whether a beamline file can be used: by itself, and with the devices that it names.</summary>
internal static class BeamlineChecks
{
    private const int MostNamed = 5;

    /// <summary>What the file alone tells; the beamline where it can be read.</summary>
    public static (IReadOnlyList<DoctorCheck> Checks, LoadedBeamline? Beamline) Offline(string file)
    {
        LoadedBeamline beamline;
        try
        {
            beamline = RunPreparation.LoadBeamline(file);
        }
        catch (Exception mistake) when (mistake is SettingsException or RefusedException)
        {
            const string Advice = "correct the file; docs/reference/beamline-file.md has every key";
            return ([new("beamline file", false, true, mistake.Message, Advice)], null);
        }
        var axes = beamline.Description.Axes;
        var detail = string.Create(
            CultureInfo.InvariantCulture,
            $"{beamline.Name}: {beamline.Devices.Count} devices; axes {string.Join(", ", axes.Select(a => a.Name))}; detectors ")
            + string.Join(", ", beamline.Description.Detectors.Select(d => d.Name));
        List<DoctorCheck> checks = [new("beamline file", true, true, detail, null)];
        if (beamline.Devices.Any(d => d.Kind.StartsWith("epics-", StringComparison.Ordinal)))
            checks.Add(SearchList(beamline));
        foreach (var device in beamline.Devices.Where(d => d.Settings.Has("path-map")))
            checks.Add(PathMap(device));
        return (checks, beamline);
    }

    /// <summary>One check a device: reached, identified, within its limits, all its records there.</summary>
    public static async Task<IReadOnlyList<DoctorCheck>> OnlineAsync(LoadedBeamline beamline, string dataFolder) =>
        [.. (await DeviceSurvey.RunAsync(beamline, dataFolder)).Select(Of)];

    internal static DoctorCheck Of(SurveyedDevice device)
    {
        var absent = device.Facts.Where(f => f.Value is null).ToList();
        var name = $"device {device.Name}";
        if (absent.Count > 0 && device.Problem is not null)
            return new DoctorCheck(
                name, false, true,
                $"{absent.Count} of {device.Facts.Count} records not found: {Named(absent.Select(f => f.Name))}",
                "check the names in the file, epics.addresses, and that the IOC runs; flyscan pv info NAME looks for one");
        if (device.Problem is not null)
            return new DoctorCheck(name, false, true, device.Problem, "see docs/how-to/connect-a-real-beamline.md");
        var alarms = device.Alarms.ToList();
        var says = string.Join(", ", device.Facts.Take(2).Select(f => $"{f.Name} {f.Value}"));
        return alarms.Count == 0
            ? new DoctorCheck(name, true, true, $"{device.Kind}: {says}", null)
            : new DoctorCheck(
                name, false, false, $"{device.Kind}: {says}; in alarm: {Named(alarms.Select(f => $"{f.Name} ({f.Alarm})"))}",
                "flyscan devices shows all of them");
    }

    private static DoctorCheck SearchList(LoadedBeamline beamline)
    {
        var (ca, pva) = (beamline.Epics.ChannelAccess, beamline.Epics.PvAccess);
        var list = ca.Addresses.Concat(ca.NameServers).Concat(pva.Addresses).Concat(pva.NameServers).Distinct().ToList();
        if (ca.AutoAddresses || pva.AutoAddresses)
            list.Add("every network's broadcast address");
        return list.Count > 0
            ? new DoctorCheck("EPICS search list", true, false, string.Join(" ", list), null)
            : new DoctorCheck(
                "EPICS search list", false, false, "empty: only IOCs of this machine are found",
                "set epics.addresses in the file, or EPICS_CA_ADDR_LIST");
    }

    private static DoctorCheck PathMap(LoadedDevice device)
    {
        var ours = device.Settings.Section("path-map").Text("ours");
        return Directory.Exists(ours)
            ? new DoctorCheck($"folder of {device.Name}", true, true, $"{ours} is there", null)
            : new DoctorCheck(
                $"folder of {device.Name}", false, true, $"{ours} is not there", "mount it, or correct path-map.ours");
    }

    private static string Named(IEnumerable<string> names)
    {
        var all = names.ToList();
        return string.Join(", ", all.Take(MostNamed)) + (all.Count > MostNamed ? ", …" : "");
    }
}
