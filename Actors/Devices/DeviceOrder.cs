using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Devices;

/// <summary>An order of a scan supervisor to a device's actor. The answer is the <see cref="ScanCommand"/> that the effect
/// calls for.</summary>
/// <remarks>Orders of an older epoch than the device has seen are not carried out and not answered, nor are those of its epoch whose
/// number it has seen already: a message that comes twice acts once.</remarks>
/// <param name="Number">Counts the orders of an epoch, over all devices.</param>
public sealed record DeviceOrder(long Epoch, long Number, string Uid, RunParameters Run, ScanEffect Effect)
{
    /// <summary>Whether it comes after the last one that was carried out.</summary>
    public bool IsAfter((long Epoch, long Number) last) => (Epoch, Number).CompareTo(last) > 0;
}

/// <summary>What devices must know of a run.</summary>
/// <remarks><b>Units</b> ExposureNs: nanoseconds; PlannedFrames: frames of the scan.</remarks>
public sealed record RunParameters(string RunFolder, long ExposureNs, long PlannedFrames, EquatableArray<string> Detectors)
{
    /// <summary>The detector that begins frames by itself, and how long after one another; null where the box begins them.</summary>
    public (string Detector, long PeriodNs)? FramesBy { get; init; }

    /// <summary>How long devices obey a supervisor that says nothing.</summary>
    public DeviceLease Lease { get; init; } = DeviceLease.Default;

    /// <summary>Of recorders with rates of their own.</summary>
    public EquatableArray<FurtherOutput> Outputs { get; init; }

    /// <summary>From when to when any detector is exposed.</summary>
    public ExposureTimes Exposures => Outputs.Count == 0
        ? new ExposureTimes(ExposureNs)
        : new ExposureTimes(
            ExposureNs, new DetectorRates(Outputs.Select(o => new RatedDetector(o.Detector, o.Rate)).ToEquatableArray()).Group,
            Outputs[0].PeriodNs * Outputs[0].Rate.Multiple / Outputs[0].Rate.Divide);

    public long ExposureOf(string recorder) => OutputOf(recorder)?.ExposureNs ?? ExposureNs;

    /// <summary>Frames that a recorder takes in the scan.</summary>
    public long FramesOf(string recorder) => OutputOf(recorder)?.Rate.Of(PlannedFrames) ?? PlannedFrames;

    private FurtherOutput? OutputOf(string recorder) => Outputs.FirstOrDefault(o => o.Detector == recorder);
}

/// <summary>Tells the device's actor whom to tell when the device is lost.</summary>
public sealed record WatchDevice(string Uid);

/// <summary>Asks the device's actor to connect a device that was lost; it answers <see cref="DeviceReady"/>.</summary>
public sealed record ConnectDevice;

/// <summary>The device is connected, or could not be: then whoever gives it an order is told that it is lost.</summary>
public sealed record DeviceReady;
