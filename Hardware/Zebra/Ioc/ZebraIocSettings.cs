using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;

namespace Flyscan.Hardware.Zebra.Ioc;

/// <summary>What the beamline file says of a Zebra that is reached through its IOC.</summary>
/// <remarks>Prefix: of all records, without the colon behind it. ArrayLength: samples that the IOC keeps of a take. <b>Units</b>
/// StatusWithinNs: nanoseconds within which the IOC has read the bus and the count of pulses again.</remarks>
internal sealed record ZebraIocSettings(string Prefix, int ArrayLength, long StatusWithinNs, ZebraSettings Box)
{
    public const string KindName = "epics-zebra";

    private const long Second = 1_000_000_000;
    private const int LeastLength = 100;
    private const int LargestLength = 10_000_000;
    private const int FirstDivider = 6;

    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static ZebraIocSettings Read(ISettings settings)
    {
        settings.AllowOnly([.. ZebraFactory.BoxKeys, "pv", "array-length", "status-within"]);
        var box = ZebraFactory.ReadBox(settings, 3 * Second);
        foreach (var detector in box.Detectors)
            if (detector.Bit >= FirstDivider + box.Blocks)
                throw settings.Section("detectors").Section(detector.Name).Error(
                    "capture", $"through an IOC dividers up to DIV{box.Blocks}, that of blocks, can be captured: later ones come later");
        return new ZebraIocSettings(
            PvTransports.BareName(EpicsNames.Record(settings, "pv")).TrimEnd(':'),
            (int)settings.Integer("array-length", LeastLength, LargestLength, 100_000),
            settings.DurationNs("status-within", 0, 60 * Second, 3 * Second / 2),
            box);
    }
}
