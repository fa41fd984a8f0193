using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>Makes beam signals of process variables.</summary>
public sealed class EpicsSignalFactory : IDeviceFactory
{
    public string Kind => EpicsSignalSettings.KindName;

    public DeviceDescription Describe(string name, ISettings settings)
    {
        EpicsSignalSettings.Read(settings);
        return new DeviceDescription { IsBeamSignal = true };
    }

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment) =>
        new EpicsSignalDriver(name, EpicsSignalSettings.Read(settings), environment);
}

/// <summary>Reads a process variable as a beam signal, and keeps a record of its changes between reads.</summary>
/// <remarks>A signal that is away or invalid cannot be read, which a suspender takes for lost; it is not a lost device.</remarks>
internal sealed class EpicsSignalDriver : EpicsDevice, IBeamMonitor
{
    private const int MostChanges = 1000;
    private const long LongestWaitNs = 1_000_000_000;

    private readonly object _gate = new();
    private readonly EpicsSignalSettings _settings;
    private readonly IPvChannel _channel;
    private readonly ValueWatch _watch;
    private readonly TimeProvider _time;
    private readonly Queue<BeamChange> _changes = new();
    private long? _knownSinceNs;
    private long _droppedBefore;
    private string _unit;

    public EpicsSignalDriver(string name, EpicsSignalSettings settings, DeviceEnvironment environment)
        : base(name, environment, settings.ReconnectWithinNs)
    {
        (_settings, _time, _unit) = (settings, environment.Time, settings.Unit);
        _channel = Open(settings.Pv);
        _channel.Changed += _ => Forget();
        _watch = new ValueWatch(_channel, Keep);
    }

    public override async Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel)
    {
        var connected = await base.ConnectAsync(cancel);
        if (connected.Problem is not null || _unit.Length > 0)
            return connected;
        var metadata = await _channel.GetMetadataAsync(_settings.ReplyWithinNs, cancel);
        if (metadata is Outcome<PvMetadata>.Completed { Value: var known })
            _unit = known.Units;
        return metadata.Problem is null ? Done(Nothing.Value) : metadata.As<Nothing>();
    }

    public Task<Outcome<BeamReading>> ReadAsync(CancellationToken cancel) => ReadAsync(0, long.MinValue, cancel);

    public async Task<Outcome<BeamReading>> ReadAsync(long sinceNs, long notBeforeNs, CancellationToken cancel)
    {
        var read = await OnceAsync(sinceNs, cancel);
        if (read is not Outcome<BeamReading>.Completed { Value: var reading } || reading.AtNs >= notBeforeNs)
            return read;
        await WaitUntilAsync(Clock.NowNs + Math.Min(notBeforeNs - reading.AtNs, LongestWaitNs), cancel);
        return await OnceAsync(sinceNs, cancel);
    }

    /// <summary>Reading is all it does, so it is safe as it is.</summary>
    public override Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) => Task.FromResult(Done(Nothing.Value));

    private async Task<Outcome<BeamReading>> OnceAsync(long sinceNs, CancellationToken cancel)
    {
        var askedNs = WallNs;
        var read = await _channel.GetAsync(_settings.ReplyWithinNs, cancel);
        if (read is not Outcome<PvReading>.Completed { Value: var now })
            return read.As<BeamReading>();
        if (now.Alarm.Severity == PvSeverity.Invalid || now.StampNs is not { } stampNs)
            return new Outcome<BeamReading>.Failed($"{Name}: {_settings.Pv} is invalid ({now.Alarm.StatusName})");
        if (!_settings.IsPassive && askedNs - stampNs > _settings.StaleAfterNs)
            return new Outcome<BeamReading>.Failed(
                $"{Name}: {_settings.Pv} was last processed {(askedNs - stampNs) / 1e9:0.#} s ago; if it is processed only when it "
                + "changes, say passive = true");
        // A passive record's value holds until its next change, which the subscription would have told.
        var atNs = _settings.IsPassive ? Math.Max(askedNs, stampNs) : stampNs;
        var dropped = _watch.Dropped;
        lock (_gate)
        {
            // A change that nobody saw makes the record worthless.
            if (dropped != _droppedBefore)
            {
                _changes.Clear();
                (_knownSinceNs, _droppedBefore) = (null, dropped);
            }
            var history = _changes.Where(c => c.AtNs >= sinceNs).ToEquatableArray();
            return Done(new BeamReading(now.Value.AsNumber(), _unit, atNs) { KnownSinceNs = _knownSinceNs, History = history });
        }
    }

    private long WallNs => (_time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;

    private void Keep(PvReading reading)
    {
        lock (_gate)
        {
            // The first reading of a subscription tells of no change, but from it on none is missed.
            _knownSinceNs ??= _settings.IsPassive ? WallNs : reading.StampNs;
            if (reading.StampNs is { } atNs)
                _changes.Enqueue(new BeamChange(atNs, reading.Value.AsNumber()));
            if (_changes.Count > MostChanges)
                _knownSinceNs = _changes.Dequeue().AtNs;
        }
    }

    private void Forget()
    {
        lock (_gate)
        {
            _changes.Clear();
            _knownSinceNs = null;
        }
    }
}
