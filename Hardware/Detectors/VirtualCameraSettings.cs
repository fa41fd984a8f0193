using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Detectors;

/// <summary>What the beamline file says of a <c>virtual-camera</c>.</summary>
internal sealed record VirtualCameraSettings(string Host, int Port, DetectorDescription Detector, int Width, int Height)
{
    private static readonly (string Name, FrameIdentity Value)[] Identities =
    [
        ("hardware-frame-number", FrameIdentity.HardwareFrameNumber), ("timestamp", FrameIdentity.Timestamp),
        ("exposure-out-counted", FrameIdentity.ExposureOutCounted), ("count-only", FrameIdentity.CountOnly),
    ];

    private const long Second = 1_000_000_000;

    /// <summary>Its stamps are the beam clock's, as the box's are: between them is a cable.</summary>
    private const long StampErrorNs = 10_000;

    /// <summary>Every so many triggers one makes no frame, as if the camera were busy; 0: none.</summary>
    public long MissEvery { get; init; }

    /// <summary>Bytes of one image.</summary>
    public int ImageBytes => 2 * Width * Height;

    /// <summary>Errors: <see cref="SettingsException"/> with path, value and limit.</summary>
    public static VirtualCameraSettings Read(string name, ISettings settings)
    {
        settings.AllowOnly(
            "kind", "host", "port", "width", "height", "dead-time", "min-exposure", "max-exposure", "min-period", "max-frames",
            "essential", "identity", "miss-every", "clock-error", "gate-latency");
        // Four pixels carry the frame's identity.
        var width = (int)settings.Integer("width", 4, 8192);
        var height = (int)settings.Integer("height", 1, 8192);
        var minExposure = settings.DurationNs("min-exposure", 0, 3600 * Second, 0);
        var detector = new DetectorDescription(
            name,
            DetectorKind.Triggered,
            minExposure,
            settings.DurationNs("max-exposure", minExposure, 3600 * Second, 3600 * Second),
            settings.DurationNs("dead-time", 0, 60 * Second, 0),
            settings.DurationNs("min-period", 0, 60 * Second, 0),
            2L * width * height + CameraFrames.ExtraBytes,
            settings.Integer("max-frames", 1, 1_000_000_000, 1_000_000),
            settings.Flag("essential", true))
        {
            Identity = ReadIdentity(settings),
            StampErrorNs = StampErrorNs,
            FreeRun = new FreeRunDescription(
                (int)settings.Integer("clock-error", 0, 10_000, 20), settings.DurationNs("gate-latency", 8, Second, 1000)),
        };
        return new VirtualCameraSettings(
            settings.Text("host", "127.0.0.1"), (int)settings.Integer("port", 0, 65535), detector, width, height)
        {
            MissEvery = settings.Integer("miss-every", 0, 1_000_000_000, 0),
        };
    }

    private static FrameIdentity ReadIdentity(ISettings settings)
    {
        var text = settings.Text("identity", Identities[0].Name);
        return Identities.Any(i => i.Name == text)
            ? Identities.First(i => i.Name == text).Value
            : throw settings.Error("identity", $"must be one of {string.Join(", ", Identities.Select(i => i.Name))}.");
    }
}
