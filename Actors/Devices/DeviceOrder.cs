using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Actors.Devices;

/// <summary>An order of a scan supervisor to a device's actor. The answer is the <see cref="ScanCommand"/> that the effect
/// calls for.</summary>
/// <remarks>Orders of an older epoch than the device has seen are not carried out and not answered.</remarks>
public sealed record DeviceOrder(long Epoch, string Uid, RunParameters Run, ScanEffect Effect);

/// <summary>What devices must know of a run.</summary>
/// <remarks><b>Units</b> ExposureNs: nanoseconds.</remarks>
public sealed record RunParameters(string RunFolder, long ExposureNs, long PlannedFrames, EquatableArray<string> Detectors)
{
    /// <summary>How long devices obey a supervisor that says nothing.</summary>
    public DeviceLease Lease { get; init; } = DeviceLease.Default;
}

/// <summary>Tells the device's actor whom to tell when the device is lost.</summary>
public sealed record WatchDevice(string Uid);
