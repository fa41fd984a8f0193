using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Tests.Host.Composition;

/// <summary>A factory whose devices describe what their settings say, and do nothing.</summary>
internal sealed class FakeFactory(string kind) : IDeviceFactory
{
    public string Kind { get; } = kind;

    public DeviceDescription Describe(string name, ISettings settings)
    {
        settings.AllowOnly("axes", "soft", "encoders", "box", "captured", "triggered", "shutter", "beam");
        var encoders = settings.Has("encoders") ? settings.Texts("encoders") : [];
        var axes = settings.Has("axes") ? settings.Texts("axes") : [];
        var soft = settings.Has("soft") ? settings.Texts("soft") : [];
        return new DeviceDescription
        {
            Axes = axes.Select((axis, i) => Axis(axis, name, encoders.ElementAtOrDefault(i)))
                .Concat(soft.Select(axis => Axis(axis, null, null))).ToEquatableArray(),
            Controller = axes.Count > 0 ? new ControllerDescription(name, axes.ToEquatableArray(), 1, 2, 3) : null,
            Box = settings.Flag("box", false) ? new TriggerBoxDescription(name, 8, 4096, 65535, HasLiveInput: true) : null,
            Detectors = Detectors(settings, "captured", DetectorKind.Captured)
                .Concat(Detectors(settings, "triggered", DetectorKind.Triggered)).ToEquatableArray(),
            Shutter = settings.Flag("shutter", false) ? new ShutterDescription(name, 5) : null,
            IsBeamSignal = settings.Flag("beam", false),
        };
    }

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment) => new FakeDevice(name);

    private static AxisDescription Axis(string name, string? controller, string? encoder) => new(
        name, "mm", 0, 1, 1, 1, controller, encoder is null ? null : new EncoderDescription(encoder, 1, 0, 1), 0);

    private static IEnumerable<DetectorDescription> Detectors(ISettings settings, string key, DetectorKind kind) =>
        settings.Has(key) ? settings.Texts(key).Select(n => new DetectorDescription(n, kind, 1, 2, 3, 4, 5, 6, Essential: true)) : [];

    private sealed class FakeDevice(string name) : IDevice
    {
        public event Action<string>? Lost
        {
            add { }
            remove { }
        }

        public string Name { get; } = name;

        public Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel) => throw new NotSupportedException();

        public Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) => throw new NotSupportedException();

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
