using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Devices;

/// <summary>Makes drivers for the shutter of the virtual beamline.</summary>
public sealed class VirtualShutterFactory : IDeviceFactory
{
    internal const string KindName = "virtual-shutter";

    public string Kind => KindName;

    public DeviceDescription Describe(string name, ISettings settings) =>
        new() { Shutter = new ShutterDescription(name, VirtualShutterSettings.Read(settings).LeadNs) };

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment)
    {
        var shutter = VirtualShutterSettings.Read(settings);
        return new VirtualShutterDriver(LineDriver.AddressOf(name, shutter.Host, shutter.Port, environment), shutter, environment);
    }
}

/// <summary>What the beamline file says of a <c>virtual-shutter</c>.</summary>
/// <remarks><b>Units</b> LeadNs: nanoseconds that it takes to open or close.</remarks>
internal sealed record VirtualShutterSettings(string Host, int Port, long LeadNs)
{
    public static VirtualShutterSettings Read(ISettings settings)
    {
        settings.AllowOnly("kind", "host", "port", "lead");
        return new VirtualShutterSettings(
            settings.Text("host", "127.0.0.1"),
            (int)settings.Integer("port", 0, 65535),
            settings.DurationNs("lead", 0, 60_000_000_000));
    }
}

/// <summary>A simulated shutter: on its way for its lead, then there. Closed at first.</summary>
/// <remarks>Verbs: get → position; set open|closed → position, when it is there.</remarks>
internal sealed class SimulatedShutter(ISimulationClock world, string name, long leadNs) : ILineDevice
{
    private readonly List<LineAnswer> _waiting = [];
    private ShutterPosition _position = ShutterPosition.Closed;
    private ShutterPosition _target = ShutterPosition.Closed;
    private IDisposable? _arrival;

    public string Name => name;

    public event Action<string, IReadOnlyList<string>>? Notified;

    public void Handle(LineRequest request, LineAnswer reply)
    {
        switch (request.Verb)
        {
            case "identify":
                reply.Ok(VirtualShutterFactory.KindName);
                break;
            case "get":
                reply.Ok(_position.ToString());
                break;
            case "set" when request.Arguments is ["open"]:
                Set(ShutterPosition.Open, reply);
                break;
            case "set" when request.Arguments is ["closed"]:
                Set(ShutterPosition.Closed, reply);
                break;
            default:
                reply.Refused(
                    $"a {VirtualShutterFactory.KindName} does not understand '{request.Verb} {string.Join(' ', request.Arguments)}'");
                break;
        }
    }

    private void Set(ShutterPosition target, LineAnswer reply)
    {
        if (target == _target)
        {
            if (_arrival is null)
                reply.Ok(_position.ToString());
            else
                _waiting.Add(reply);
            return;
        }
        foreach (var waiting in _waiting)
            waiting.Failed("it was told otherwise before it was there");
        _waiting.Clear();
        _waiting.Add(reply);
        _arrival?.Dispose();
        (_target, _position) = (target, ShutterPosition.Moving);
        Notified?.Invoke("position", [_position.ToString()]);
        _arrival = world.At(world.NowNs + leadNs, Arrive);
    }

    private void Arrive()
    {
        (_position, _arrival) = (_target, null);
        Notified?.Invoke("position", [_position.ToString()]);
        LineAnswer[] waiting = [.. _waiting];
        _waiting.Clear();
        foreach (var reply in waiting)
            reply.Ok(_position.ToString());
    }
}

/// <summary>Drives the shutter of the virtual beamline. Safe state: closed.</summary>
internal sealed class VirtualShutterDriver(LineAddress address, VirtualShutterSettings settings, DeviceEnvironment environment)
    : LineDriver(address, VirtualShutterFactory.KindName, environment), IShutter
{
    public async Task<Outcome<ShutterPosition>> GetAsync(CancellationToken cancel) => Position(await AskAsync("get", [], cancel));

    public async Task<Outcome<ShutterPosition>> SetAsync(bool open, CancellationToken cancel)
    {
        var reply = await Link.AskAsync("set", [open ? "open" : "closed"], Address.Allow(settings.LeadNs), cancel);
        if (reply is not Outcome<EquatableArray<string>>.Cancelled || !open)
            return Position(reply);
        // Safe means closed, so that a cancelled opening is taken back.
        var closed = await SetAsync(false, CancellationToken.None);
        return closed is Outcome<ShutterPosition>.Completed
            ? new Outcome<ShutterPosition>.Cancelled()
            : new Outcome<ShutterPosition>.Failed($"{Name}: cancelled, but it could not be closed: {closed.Problem}");
    }

    public override async Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel)
    {
        var closed = await SetAsync(false, cancel);
        return closed is Outcome<ShutterPosition>.Completed { Value: not ShutterPosition.Closed and var position }
            ? new Outcome<Nothing>.Failed($"{Name}: is {position} after it was told to close")
            : WithoutValue(closed);
    }

    private Outcome<ShutterPosition> Position(Outcome<EquatableArray<string>> reply) => ReadValue<ShutterPosition>(
        reply, words => words.Count == 1 && Enum.TryParse<ShutterPosition>(words[0], out var position) ? position : null);
}
