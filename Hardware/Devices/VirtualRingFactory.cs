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

/// <summary>A simulated storage ring: its current decays slowly from what it was last set to. It keeps a record of its steps.</summary>
/// <remarks>Verbs: read → current, nanoseconds since 1970; read since notBefore → current, time, since when the record reaches, then time
/// and current of each step in it, once the clock has reached notBefore; current value, which dumps or refills the beam. Notification:
/// current value.</remarks>
internal sealed class SimulatedRing : ILineDevice
{
    // Of a ring without top-up.
    private const double LifetimeNs = 10 * 3600e9;
    private const int MostSteps = 1000;
    private const long LongestWaitNs = 1_000_000_000;

    private readonly ISimulationClock _world;
    private readonly long _epochNs;
    private readonly List<(long AtNs, double Current)> _steps;
    private long _recordSinceNs;

    /// <param name="epochNs">When the world began, nanoseconds since 1970.</param>
    public SimulatedRing(ISimulationClock world, string name, double current, long epochNs)
    {
        (_world, Name, _epochNs) = (world, name, epochNs);
        _steps = [(world.NowNs, current)];
        _recordSinceNs = world.NowNs;
    }

    public string Name { get; }

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
            case "read" when request.Arguments.Count == 0:
                reply.Ok(LineText.Number(Current), LineText.Number(_epochNs + _world.NowNs));
                break;
            case "read" when request.Arguments.Count == 2
                && LineText.TryLong(request.Arguments[0], out var sinceNs) && LineText.TryLong(request.Arguments[1], out var notBeforeNs):
                var waitNs = Math.Clamp(notBeforeNs - _epochNs - _world.NowNs, 0, LongestWaitNs);
                if (waitNs == 0)
                    Report(sinceNs - _epochNs, reply);
                else
                    _world.At(_world.NowNs + waitNs, () => Report(sinceNs - _epochNs, reply));
                break;
            case "current" when request.Arguments.Count == 1
                && LineText.TryDouble(request.Arguments[0], out var value) && value is >= 0 and <= 1e4:
                Set(value);
                reply.Ok();
                break;
            default:
                reply.Refused(
                    $"a {VirtualRingFactory.KindName} does not understand '{request.Verb} {string.Join(' ', request.Arguments)}'");
                break;
        }
    }

    private double Current => _steps[^1].Current * Math.Exp(-(_world.NowNs - _steps[^1].AtNs) / LifetimeNs);

    private void Set(double current)
    {
        _steps.Add((_world.NowNs, current));
        if (_steps.Count > MostSteps)
        {
            _steps.RemoveAt(0);
            _recordSinceNs = _steps[0].AtNs;
        }
        CurrentSet?.Invoke(current);
        Notified?.Invoke("current", [LineText.Number(current)]);
    }

    private void Report(long sinceNs, LineAnswer reply)
    {
        List<string> values =
        [
            LineText.Number(Current), LineText.Number(_epochNs + _world.NowNs),
            LineText.Number(_epochNs + Math.Max(sinceNs, _recordSinceNs)),
        ];
        foreach (var (atNs, current) in _steps.Where(s => s.AtNs >= sinceNs))
            values.AddRange([LineText.Number(_epochNs + atNs), LineText.Number(current)]);
        reply.Ok(values);
    }
}

/// <summary>Reads the ring current of the virtual beamline.</summary>
internal sealed class VirtualRingDriver(LineAddress address, DeviceEnvironment environment)
    : LineDriver(address, VirtualRingFactory.KindName, environment), IBeamMonitor, ISimulatedBeam
{
    public async Task<Outcome<BeamReading>> ReadAsync(CancellationToken cancel) => Read(
        await AskAsync("read", [], cancel),
        words => words.Count == 2 && LineText.TryDouble(words[0], out var current) && LineText.TryLong(words[1], out var atNs)
            ? new BeamReading(current, "mA", atNs)
            : null);

    public async Task<Outcome<BeamReading>> ReadAsync(long sinceNs, long notBeforeNs, CancellationToken cancel) => Read(
        await AskAsync("read", [LineText.Number(sinceNs), LineText.Number(notBeforeNs)], cancel), ReadRecord);

    private static BeamReading? ReadRecord(EquatableArray<string> words)
    {
        if (words.Count < 3 || words.Count % 2 == 0 || !LineText.TryDouble(words[0], out var current)
            || !LineText.TryLong(words[1], out var atNs) || !LineText.TryLong(words[2], out var sinceNs))
            return null;
        var steps = new List<BeamChange>();
        for (var i = 3; i < words.Count; i += 2)
        {
            if (!LineText.TryLong(words[i], out var stepNs) || !LineText.TryDouble(words[i + 1], out var value))
                return null;
            steps.Add(new BeamChange(stepNs, value));
        }
        return new BeamReading(current, "mA", atNs) { KnownSinceNs = sinceNs, History = steps.ToEquatableArray() };
    }

    /// <summary>Sets the current, as tests and drills do: 0 dumps the beam.</summary>
    public async Task<Outcome<Nothing>> SetCurrentAsync(double milliampere, CancellationToken cancel) =>
        WithoutValue(await AskAsync("current", [LineText.Number(milliampere)], cancel));

    /// <summary>Reading is all it does, so it is safe as it is.</summary>
    public override Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) =>
        Task.FromResult<Outcome<Nothing>>(new Outcome<Nothing>.Completed(Nothing.Value));
}
