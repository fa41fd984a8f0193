using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>Makes drivers for shutters that a bo record opens and closes.</summary>
public sealed class EpicsShutterFactory : IDeviceFactory
{
    public string Kind => EpicsShutterSettings.KindName;

    public DeviceDescription Describe(string name, ISettings settings) =>
        new() { Shutter = new ShutterDescription(name, EpicsShutterSettings.Read(settings).LeadNs) };

    public IDevice Create(string name, ISettings settings, DeviceEnvironment environment) =>
        new EpicsShutterDriver(name, EpicsShutterSettings.Read(settings), environment);
}

/// <summary>Drives a shutter by two records: one that is written, one that says where it is. Safe state: closed.</summary>
internal sealed class EpicsShutterDriver : EpicsDevice, IShutter
{
    private const long LookPeriodNs = 10_000_000;

    private readonly EpicsShutterSettings _settings;
    private readonly IPvChannel _demand;
    private readonly IPvChannel _readBack;

    public EpicsShutterDriver(string name, EpicsShutterSettings settings, DeviceEnvironment environment)
        : base(name, environment, settings.ReconnectWithinNs)
    {
        _settings = settings;
        (_demand, _readBack) = (Open(settings.Pv), Open(settings.ReadBackPv));
    }

    /// <summary>Connects, and makes sure that the record knows the texts: a wrong one would be refused only when it matters.</summary>
    public override async Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel)
    {
        var connected = await base.ConnectAsync(cancel);
        if (connected.Problem is not null)
            return connected;
        var read = await _demand.GetMetadataAsync(_settings.ReplyWithinNs, cancel);
        if (read is not Outcome<PvMetadata>.Completed { Value: var metadata })
            return read.As<Nothing>();
        var choices = metadata.Choices.ToList();
        var unknown = new[] { _settings.OpenText, _settings.ClosedText }.FirstOrDefault(t => choices.Count > 0 && !choices.Contains(t));
        return unknown is null
            ? connected
            : new Outcome<Nothing>.Refused($"{Name}: {_settings.Pv} has no choice '{unknown}'; it has {string.Join(", ", choices)}");
    }

    public Task<Outcome<ShutterPosition>> GetAsync(CancellationToken cancel) => BridgedAsync(() => ReadAsync(cancel), cancel);

    private async Task<Outcome<ShutterPosition>> ReadAsync(CancellationToken cancel)
    {
        var read = await _readBack.GetAsync(_settings.ReplyWithinNs, cancel, PvAs.Text);
        return read is Outcome<PvReading>.Completed { Value: var reading } ? Done(Position(reading)) : read.As<ShutterPosition>();
    }

    public async Task<Outcome<ShutterPosition>> SetAsync(bool open, CancellationToken cancel)
    {
        var set = await BridgedAsync(() => TellAsync(open, cancel), cancel);
        if (set is not Outcome<ShutterPosition>.Cancelled || !open)
            return set;
        // Safe means closed, so that a cancelled opening is taken back.
        var closed = await BridgedAsync(() => TellAsync(false, CancellationToken.None), CancellationToken.None);
        return closed.Problem is null
            ? new Outcome<ShutterPosition>.Cancelled()
            : new Outcome<ShutterPosition>.Failed($"{Name}: cancelled, but it could not be closed: {closed.Problem}");
    }

    public override async Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel)
    {
        var closed = await BridgedAsync(() => TellAsync(false, cancel), cancel);
        return closed.Problem is null ? Done(Nothing.Value) : closed.As<Nothing>();
    }

    private async Task<Outcome<ShutterPosition>> TellAsync(bool open, CancellationToken cancel)
    {
        var wanted = open ? _settings.OpenText : _settings.ClosedText;
        var deadlineNs = Clock.NowNs + _settings.LeadNs + _settings.ReplyWithinNs;
        var written = _demand.Put(new PvValue.Choice(0, wanted));
        if (written.Problem is not null)
            return written.As<ShutterPosition>();
        var position = open ? ShutterPosition.Open : ShutterPosition.Closed;
        while (true)
        {
            var now = await ReadAsync(cancel);
            if (now is not Outcome<ShutterPosition>.Completed { Value: var there } || there == position)
                return now;
            if (Clock.NowNs >= deadlineNs)
                return new Outcome<ShutterPosition>.Failed(
                    $"{Name}: {_settings.ReadBackPv} says {there} {(_settings.LeadNs + _settings.ReplyWithinNs) / 1e9:0.###} s after "
                    + $"{_settings.Pv} was set to {wanted}");
            await WaitUntilAsync(Clock.NowNs + LookPeriodNs, cancel);
            if (cancel.IsCancellationRequested)
                return new Outcome<ShutterPosition>.Cancelled();
        }
    }

    private ShutterPosition Position(PvReading reading) =>
        reading.Alarm.Severity == PvSeverity.Invalid ? ShutterPosition.Moving
        : reading.Value.AsText() == _settings.OpenText ? ShutterPosition.Open
        : reading.Value.AsText() == _settings.ClosedText ? ShutterPosition.Closed
        : ShutterPosition.Moving;
}
