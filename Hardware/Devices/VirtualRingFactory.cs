using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Devices;

/// <summary>Makes drivers for the ring current of the virtual beamline.</summary>
public sealed class VirtualRingFactory : IDeviceFactory
{
    internal const string KindName = "virtual-ring";

    public string Kind => KindName;

    public DeviceDescription Describe(string name, ISettings settings)
    {
        VirtualRingSettings.Read(settings);
        return new DeviceDescription { IsBeamSignal = true };
    }

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var ring = VirtualRingSettings.Read(settings);
        return new VirtualRingDriver(LineDriver.AddressOf(name, ring.Host, ring.Port, environment), environment);
    }
}

/// <summary>What the beamline file says of a <c>virtual-ring</c>.</summary>
/// <remarks><b>Units</b> Current: milliampere.</remarks>
internal sealed record VirtualRingSettings(string Host, int Port, double Current)
{
    public static VirtualRingSettings Read(ISettings settings)
    {
        settings.AllowOnly("kind", "host", "port", "current");
        return new VirtualRingSettings(
            settings.Text("host", "127.0.0.1"), (int)settings.Integer("port", 0, 65535), settings.Number("current", 0, 10_000, 300));
    }
}

/// <summary>A simulated storage ring: its current decays slowly from what it was last set to.</summary>
/// <remarks>Verbs: read → current, nanoseconds since 1970; current value, which dumps or refills the beam. Notification: current
/// value.</remarks>
internal sealed class SimulatedRing(ISimulationClock world, string name, double current, TimeProvider time) : ILineDevice
{
    // Of a ring without top-up.
    private const double LifetimeNs = 10 * 3600e9;

    private double _current = current;
    private long _sinceNs;

    public string Name => name;

    public event Action<string, IReadOnlyList<string>>? Notified;

    /// <summary>Raised after the current was set, in milliampere.</summary>
    public event Action<double>? CurrentSet;

    public void Handle(LineRequest request, LineAnswer reply)
    {
        switch (request.Verb)
        {
            case "identify":
                reply.Ok(VirtualRingFactory.KindName);
                break;
            case "read":
                var unixNs = (time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
                reply.Ok(LineText.Number(_current * Math.Exp(-(world.NowNs - _sinceNs) / LifetimeNs)), LineText.Number(unixNs));
                break;
            case "current" when request.Arguments.Count == 1
                && LineText.TryDouble(request.Arguments[0], out var value) && value is >= 0 and <= 1e4:
                (_current, _sinceNs) = (value, world.NowNs);
                CurrentSet?.Invoke(value);
                Notified?.Invoke("current", [LineText.Number(value)]);
                reply.Ok();
                break;
            default:
                reply.Refused(
                    $"a {VirtualRingFactory.KindName} does not understand '{request.Verb} {string.Join(' ', request.Arguments)}'");
                break;
        }
    }
}

/// <summary>Reads the ring current of the virtual beamline.</summary>
internal sealed class VirtualRingDriver(LineAddress address, DeviceEnvironment environment)
    : LineDriver(address, VirtualRingFactory.KindName, environment), IBeamMonitor
{
    public async Task<Outcome<BeamReading>> ReadAsync(CancellationToken cancel) => Read(
        await AskAsync("read", [], cancel),
        words => words.Count == 2 && LineText.TryDouble(words[0], out var current) && LineText.TryLong(words[1], out var atNs)
            ? new BeamReading(current, "mA", atNs)
            : null);

    /// <summary>Sets the current, as tests and drills do: 0 dumps the beam.</summary>
    public async Task<Outcome<Nothing>> SetCurrentAsync(double milliampere, CancellationToken cancel) =>
        WithoutValue(await AskAsync("current", [LineText.Number(milliampere)], cancel));

    /// <summary>Reading is all it does, so it is safe as it is.</summary>
    public override Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) =>
        Task.FromResult<Outcome<Nothing>>(new Outcome<Nothing>.Completed(Nothing.Value));
}
