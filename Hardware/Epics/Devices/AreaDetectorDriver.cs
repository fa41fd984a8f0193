using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics;

/// <summary>Drives a detector of areaDetector: its driver's records and those of the HDF5 plugin that writes its frames.</summary>
/// <remarks>Set-points tell nothing of the hardware, so that each is read back through its <c>_RBV</c>. What is written to Acquire and
/// Capture is a plain write, and the readback is waited for: a put with completion behind one that still waits would wait for ever.
/// <b>Source</b> areaDetector with ADSimDetector and NDFileHDF5, as seen.</remarks>
internal sealed partial class AreaDetectorDriver : EpicsDevice, IRecorder
{
    private const long LookPeriodNs = 20_000_000;

    private readonly AreaDetectorSettings _settings;
    private readonly IWrittenFrames _written;
    private readonly Dictionary<string, IPvChannel> _camera;
    private readonly Dictionary<string, IPvChannel> _writer;
    private readonly SemaphoreSlim _turn = new(1);
    private readonly object _gate = new();
    private string _runFolder = "";
    private AreaDetectorLedger? _ledger;
    private long _plannedFrames;
    private long _wanted;
    private long? _expected;
    private long _toldMissed;

    public AreaDetectorDriver(string name, AreaDetectorSettings settings, DeviceEnvironment environment, IWrittenFrames written)
        : base(name, environment, settings.ReconnectWithinNs)
    {
        (_settings, _written) = (settings, written);
        var twins = settings.TriggerSettings.SelectMany(s => new[] { s.Key, $"{s.Key}_RBV" });
        IEnumerable<string> camera =
        [
            .. AreaDetectorState.CameraRecords, "Acquire", "ImageMode", "ImageMode_RBV", "NumImages", "NumImages_RBV", "AcquireTime",
            "AcquireTime_RBV", "AcquirePeriod", "AcquirePeriod_RBV", "ArrayCounter", "ArrayCallbacks", "ArrayCallbacks_RBV",
            "WaitForPlugins", "ArraySizeX_RBV", "ArraySizeY_RBV", "DataType_RBV", .. twins,
        ];
        string[] set =
        [
            "EnableCallbacks", "ChunkSizeAuto", "NumExtraDims", "LazyOpen", "SWMRMode", "XMLFileName", "CreateDirectory", "FilePath",
            "FileName", "FileTemplate", "AutoIncrement", "FileNumber", "FileWriteMode", "NumCapture",
        ];
        IEnumerable<string> writer =
        [
            .. AreaDetectorState.WriterRecords, .. set, .. set.Select(s => $"{s}_RBV"), "Capture", "FlushNow", "SWMRSupported_RBV",
        ];
        var armed = settings.ArmedPv is { } record ? new[] { record } : [];
        _camera = camera.Concat(armed).Distinct().ToDictionary(r => r, r => Open(settings.Camera + r));
        _writer = writer.Distinct().ToDictionary(r => r, r => Open(settings.Writer + r));
    }

    public event Action<long>? Recorded;

    public bool WritesHere => false;

    public bool HoldsSession(string session) => false;

    /// <summary>Connects, and makes sure that images are as the beamline file says: documents and files would be wrong otherwise.</summary>
    public override async Task<Outcome<Nothing>> ConnectAsync(CancellationToken cancel)
    {
        var connected = await base.ConnectAsync(cancel);
        if (connected.Problem is not null)
            return connected;
        var read = await ReadAllAsync(
            [_camera["ArraySizeX_RBV"], _camera["ArraySizeY_RBV"], _camera["DataType_RBV"], _writer["SWMRSupported_RBV"]], cancel);
        if (read is not Outcome<IReadOnlyList<PvReading>>.Completed { Value: [var x, var y, var type, var swmr] })
            return read.As<Nothing>();
        var (width, height) = (x.Value.AsNumber(), y.Value.AsNumber());
        if (width != _settings.Width || height != _settings.Height || type.Value.AsText() != _settings.TypeName)
            return new Outcome<Nothing>.Refused(string.Create(
                CultureInfo.InvariantCulture,
                $"{Name}: {_settings.Camera} gives images of {width} × {height} {type.Value.AsText()}, and the beamline file says ")
                + $"{_settings.Width} × {_settings.Height} {_settings.TypeName}; correct width, height and type, or the camera's region "
                + "and binning");
        if (swmr.Value.AsText() is "0" or "Not Supported")
            return new Outcome<Nothing>.Refused(
                $"{Name}: {_settings.Writer} was built without SWMR, and its file could not be read while it is written");
        return await UnknownChoiceAsync(cancel) is { } unknown ? new Outcome<Nothing>.Refused(unknown) : connected;
    }

    /// <summary>Stops exposing; the file stays open, so that what was recorded can be collected.</summary>
    public override Task<Outcome<Nothing>> MakeSafeAsync(CancellationToken cancel) =>
        BridgedAsync(() => StopAcquiringAsync(cancel), cancel);

    /// <summary>A text that a trigger record does not know would be refused only when it matters.</summary>
    private async Task<string?> UnknownChoiceAsync(CancellationToken cancel)
    {
        foreach (var (record, text) in _settings.TriggerSettings)
        {
            var read = await _camera[record].GetMetadataAsync(_settings.ReplyWithinNs, cancel);
            if (read is not Outcome<PvMetadata>.Completed { Value.Choices: var choices })
                return $"{Name}: {read.Problem}";
            if (choices.Count > 0 && !choices.Contains(text))
                return $"{Name}: {_settings.Camera}{record} has no choice '{text}'; it has {string.Join(", ", choices)}";
        }
        return null;
    }

    private async Task<Outcome<Nothing>> StopAcquiringAsync(CancellationToken cancel)
    {
        var read = await StateAsync(cancel);
        if (read is not Outcome<AreaDetectorState>.Completed { Value: var before })
            return read.As<Nothing>();
        if (before.IsResting)
            return Done(Nothing.Value);
        var written = _camera["Acquire"].Put(new PvValue.Integer(0));
        if (written.Problem is not null)
            return written;
        var stopped = await UntilAsync(s => s.IsResting, _settings.ArmWithinNs, cancel);
        return stopped is Outcome<AreaDetectorState>.TimedOut
            ? new Outcome<Nothing>.Failed(
                $"{Name}: {_settings.Camera}Acquire was set to 0, and {_settings.ArmWithinNs / 1e9:0.###} s later it is "
                + await PhaseAsync(cancel))
            : WithoutValue(stopped);
    }

    private async Task<string> PhaseAsync(CancellationToken cancel) =>
        await StateAsync(cancel) is Outcome<AreaDetectorState>.Completed { Value: var state }
            ? $"{(state.IsAcquiring ? "still acquiring" : "not acquiring")}, DetectorState {state.Phase} ({state.Message})"
            : "not to be read";

    private async Task<Outcome<AreaDetectorState>> StateAsync(CancellationToken cancel)
    {
        var records = AreaDetectorState.CameraRecords.Concat(_settings.ArmedPv is { } armed ? [armed] : [])
            .Select(r => (Record: r, Channel: _camera[r]))
            .Concat(AreaDetectorState.WriterRecords.Select(r => (Record: r, Channel: _writer[r])))
            .ToList();
        var read = await ReadAllAsync([.. records.Select(r => r.Channel)], cancel);
        if (read is not Outcome<IReadOnlyList<PvReading>>.Completed { Value: var readings })
            return read.As<AreaDetectorState>();
        var state = new AreaDetectorState(
            records.Zip(readings).ToDictionary(p => p.First.Record, p => p.Second, StringComparer.Ordinal), _settings.ArmedPv);
        return state.Invalid is { } invalid
            ? new Outcome<AreaDetectorState>.Failed(
                $"{Name}: {invalid} of {_settings.Camera} or {_settings.Writer} is invalid: has the IOC lost its detector?")
            : Done(state);
    }

    private async Task<Outcome<IReadOnlyList<PvReading>>> ReadAllAsync(IReadOnlyList<IPvChannel> channels, CancellationToken cancel)
    {
        var asked = new List<Task<Outcome<PvReading>>>();
        using (Batch())
            foreach (var channel in channels)
                asked.Add(channel.GetAsync(_settings.ReplyWithinNs, cancel, FormOf(channel)));
        var readings = new List<PvReading>();
        foreach (var (channel, asking) in channels.Zip(asked))
        {
            var outcome = await asking;
            if (outcome is not Outcome<PvReading>.Completed { Value: var reading })
                return outcome.As<IReadOnlyList<PvReading>>();
            readings.Add(Whole(channel, reading));
        }
        return Done<IReadOnlyList<PvReading>>(readings);
    }

    // States are told by text where the texts are the detector's own; those of two choices by index.
    private static PvAs FormOf(IPvChannel channel) =>
        channel.Name.EndsWith("DetectorState_RBV", StringComparison.Ordinal)
        || channel.Name.EndsWith("DataType_RBV", StringComparison.Ordinal)
        || channel.Name.EndsWith("WriteStatus", StringComparison.Ordinal)
            ? PvAs.Text
            : PvAs.Native;

    /// <summary>Looks until it is so; times out otherwise.</summary>
    private async Task<Outcome<AreaDetectorState>> UntilAsync(
        Func<AreaDetectorState, bool> isSo, long withinNs, CancellationToken cancel)
    {
        var deadlineNs = Clock.NowNs + withinNs;
        while (true)
        {
            var read = await StateAsync(cancel);
            if (read is not Outcome<AreaDetectorState>.Completed { Value: var state } || isSo(state))
                return read;
            if (Clock.NowNs >= deadlineNs)
                return new Outcome<AreaDetectorState>.TimedOut(Name, withinNs);
            await WaitUntilAsync(Clock.NowNs + LookPeriodNs, cancel);
            if (cancel.IsCancellationRequested)
                return new Outcome<AreaDetectorState>.Cancelled();
        }
    }

    /// <summary>One conversation with the detector at a time: a flush must not look at an arming that is half done. One that a loss of the
    /// connection cut off is begun again: an IOC that began anew is told by what it says then.</summary>
    private async Task<Outcome<T>> InTurnAsync<T>(Func<Task<Outcome<T>>> talk, CancellationToken cancel, bool isBridged = true)
    {
        await _turn.WaitAsync(CancellationToken.None);
        try
        {
            return isBridged ? await BridgedAsync(talk, cancel) : await talk();
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or TimeoutException)
        {
            return new Outcome<T>.Failed($"{Name}: {unreadable.Message}");
        }
        finally
        {
            _turn.Release();
        }
    }

    private static Outcome<Nothing> WithoutValue<T>(Outcome<T> outcome) =>
        outcome is Outcome<T>.Completed ? Done(Nothing.Value) : outcome.As<Nothing>();
}
