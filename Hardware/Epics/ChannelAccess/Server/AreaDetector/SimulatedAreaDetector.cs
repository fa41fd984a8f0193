using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>What goes wrong with a simulated detector.</summary>
/// <remarks>Missing: triggers, by their number on the cable, that the camera does not see. Dropping: arrays that the plugin drops from now
/// on. Unwritable: the plugin falls to Done at its first frame and says nothing. PeriodFactor: the camera's own least period against what
/// is asked. NumbersTriggers: frame numbers count what the cable brings.</remarks>
internal sealed record AreaDetectorFaults
{
    public EquatableArray<long> Missing { get; init; }

    public int Dropping { get; init; }

    public bool Unwritable { get; init; }

    public double PeriodFactor { get; init; } = 1;

    public bool NumbersTriggers { get; init; }
}

/// <summary>A detector of areaDetector without hardware: the records of its driver, which exposes on what comes over a cable, and those of
/// the HDF5 plugin, which writes a real file.</summary>
/// <remarks>It sets the traps that real ones were seen to set. Under the server's lock. <b>Source</b> ADSimDetector and NDFileHDF5, as
/// seen.</remarks>
internal sealed class SimulatedAreaDetector
{
    private static readonly string[] Phases =
        ["Idle", "Acquire", "Readout", "Correct", "Saving", "Aborting", "Error", "Waiting", "Initializing", "Disconnected", "Aborted"];

    private const int IdlePhase = 0;
    private const int AcquirePhase = 1;
    private const int WaitingPhase = 7;
    private const int AbortedPhase = 10;

    private readonly CaServer _server;
    private readonly AreaDetectorSettings _settings;
    private readonly ServedSet _camera;
    private readonly SimulatedHdf5Plugin _plugin;
    private readonly List<Action> _completions = [];
    private readonly Queue<(long Number, long TimeNs)> _exposing = new();
    private long _busyUntilNs = long.MinValue;
    private long? _gateNs;
    private long _firstEdge = -1;
    private IDisposable? _clocked;

    public SimulatedAreaDetector(
        CaServer server, string name, AreaDetectorSettings settings, SimulatedDisk disk, Action<ServedRecord> add)
    {
        (_server, _settings) = (server, settings);
        _camera = new ServedSet(settings.Camera, server, add);
        AddIdentity();
        AddSetPoints();
        AddTriggering();
        _plugin = new SimulatedHdf5Plugin(server, name, settings, disk, add);
    }

    public AreaDetectorFaults Faults
    {
        get => _plugin.Faults;
        set => _plugin.Faults = value;
    }

    public ServedSet Camera => _camera;

    public ServedSet Writer => _plugin.Records;

    private bool IsAcquiring => _camera.Number("Acquire_RBV") != 0;

    /// <summary>What the cable brings: a pulse's beginning or end.</summary>
    /// <param name="edge">Number of the pulse since the cable's other end began; beam time; whether it rises.</param>
    public void Hear((long Number, long TimeNs, bool Rises) edge) => _server.Run(() =>
    {
        if (edge.Rises && Mode == AreaDetectorTrigger.Edge)
            Expose(edge.Number, edge.TimeNs, Nanoseconds("AcquireTime_RBV"));
        else if (edge.Rises && Mode == AreaDetectorTrigger.Level)
            _gateNs = edge.TimeNs;
        else if (!edge.Rises && Mode == AreaDetectorTrigger.Level && _gateNs is { } openedNs)
        {
            _gateNs = null;
            Expose(edge.Number, openedNs, edge.TimeNs - openedNs);
        }
    });

    /// <summary>The trigger mode that the records stand at: the one whose settings are all there.</summary>
    private AreaDetectorTrigger? Mode
    {
        get
        {
            if (_settings.TriggerSettings.All(s => _camera.Text($"{s.Key}_RBV") == s.Value))
                return _settings.Trigger;
            foreach (var mode in Enum.GetValues<AreaDetectorTrigger>())
                if (AreaDetectorTriggers.Of(_settings.Driver, mode) is { } preset
                    && preset.All(s => _camera.Has($"{s.Key}_RBV") && _camera.Text($"{s.Key}_RBV") == s.Value))
                    return mode;
            return null;
        }
    }

    private void AddIdentity()
    {
        _camera.Add("Manufacturer_RBV", "stringin", Dbr.String, new PvValue.Text("flyscan"));
        _camera.Add("Model_RBV", "stringin", Dbr.String, new PvValue.Text($"simulated {_settings.Driver}"));
        _camera.Add("ArraySizeX_RBV", "longin", Dbr.Long, new PvValue.Integer(_settings.Width));
        _camera.Add("ArraySizeY_RBV", "longin", Dbr.Long, new PvValue.Integer(_settings.Height));
        string[] types = [.. AreaDetectorSettings.Types.Select(t => t.Key)];
        _camera.Choice("DataType_RBV", types, Array.IndexOf(types, _settings.TypeName));
        _camera.Choice("DetectorState_RBV", Phases, IdlePhase);
        _camera.Characters("StatusMessage_RBV", "Waiting for acquisition");
        _camera.Add("NumImagesCounter_RBV", "longin", Dbr.Long, new PvValue.Integer(0));
        if (_settings.ArmedPv is { } armed)
            _camera.Choice(armed, ["Unarmed", "Armed"], 0);
    }

    private void AddSetPoints()
    {
        static ServedPv Seconds(ServedSet s, string record) => s.Add(record, "ao", Dbr.Double, new PvValue.Number(0.1));
        _camera.Pair("AcquireTime", Seconds);
        _camera.Pair(
            "AcquirePeriod", Seconds,
            asked => new PvValue.Number(Math.Max(asked.AsNumber(), _camera.Number("AcquireTime_RBV")) * Faults.PeriodFactor));
        _camera.Pair("NumImages", (s, record) => s.Add(record, "longout", Dbr.Long, new PvValue.Integer(1)));
        _camera.Pair("ImageMode", (s, record) => s.Choice(record, ["Single", "Multiple", "Continuous"], 2));
        _camera.Pair("ArrayCallbacks", (s, record) => s.Choice(record, ["Disable", "Enable"], 1));
        _camera.Choice("WaitForPlugins", ["No", "Yes"], 0, isWritable: true);
        // Nothing but a write resets it.
        _camera.Pair("ArrayCounter", (s, record) => s.Add(record, "longout", Dbr.Long, new PvValue.Integer(17)));
        _camera.Choice("Acquire", ["Done", "Acquire"], 0, isWritable: true).Written = (value, complete) =>
        {
            _camera.Set("Acquire", value);
            if (value.AsNumber() != 0)
                Begin(complete);
            else
                Abort(complete);
            return CaStatus.Normal;
        };
        _camera.Choice("Acquire_RBV", ["Done", "Acquire"], 0);
    }

    /// <summary>The driver's own choices: those of all its modes.</summary>
    private void AddTriggering()
    {
        var modes = Enum.GetValues<AreaDetectorTrigger>()
            .SelectMany(m => (AreaDetectorTriggers.Of(_settings.Driver, m) ?? []).AsEnumerable())
            .Concat(_settings.TriggerSettings);
        foreach (var record in modes.GroupBy(s => s.Key))
        {
            string[] choices = [.. record.Select(s => s.Value).Distinct()];
            if (choices.Length == 1)
                choices = ["Software", .. choices];
            _camera.Pair(record.Key, (s, r) => s.Choice(r, choices, 0));
        }
    }

    private void Begin(Action complete)
    {
        _completions.Add(complete);
        if (IsAcquiring)
            return;
        _camera.Set("NumImagesCounter_RBV", 0);
        _camera.Choose("Acquire_RBV", 1);
        _camera.Choose("DetectorState_RBV", Mode is AreaDetectorTrigger.Internal ? AcquirePhase : WaitingPhase);
        _camera.Set("StatusMessage_RBV", "Waiting for triggers");
        if (_settings.ArmedPv is { } armed)
            _camera.Choose(armed, 1);
        (_busyUntilNs, _gateNs, _firstEdge) = (long.MinValue, null, -1);
        if (Mode is AreaDetectorTrigger.Internal)
            Tick();
    }

    /// <summary>The detector's own clock.</summary>
    private void Tick() => _clocked = _server.At(_server.NowNs + Nanoseconds("AcquirePeriod_RBV"), () =>
    {
        if (!IsAcquiring || Mode is not AreaDetectorTrigger.Internal)
            return;
        Expose((long)_camera.Number("NumImagesCounter_RBV"), _server.NowNs, Nanoseconds("AcquireTime_RBV"));
        if (IsAcquiring)
            Tick();
    });

    /// <summary>Stopped before its end: what is written stays.</summary>
    private void Abort(Action complete)
    {
        if (IsAcquiring)
            End(AbortedPhase, "Acquisition aborted");
        complete();
    }

    private void End(int phase, string message)
    {
        _clocked?.Dispose();
        _exposing.Clear();
        _camera.Choose("Acquire", 0);
        _camera.Choose("Acquire_RBV", 0);
        _camera.Choose("DetectorState_RBV", phase);
        _camera.Set("StatusMessage_RBV", message);
        if (_settings.ArmedPv is { } armed)
            _camera.Choose(armed, 0);
        Action[] ended = [.. _completions];
        _completions.Clear();
        foreach (var complete in ended)
            complete();
    }

    private void Expose(long number, long timeNs, long exposureNs)
    {
        if (!IsAcquiring)
            return;
        if (_firstEdge < 0)
            _firstEdge = number;
        var images = (long)_camera.Number("NumImagesCounter_RBV") + _exposing.Count;
        var isEndless = _camera.Text("ImageMode_RBV") == "Continuous";
        var most = _camera.Text("ImageMode_RBV") == "Single" ? 1 : (long)_camera.Number("NumImages_RBV");
        // A pulse that comes while the last frame is exposed or read out makes none.
        if (timeNs < _busyUntilNs || Faults.Missing.Contains(number) || (!isEndless && images >= most))
            return;
        _busyUntilNs = timeNs + exposureNs + _settings.Detector.DeadTimeNs;
        _exposing.Enqueue((number, timeNs));
        // Timers may come in another order than they were set in; images never do.
        _server.At(_server.NowNs + (Mode == AreaDetectorTrigger.Edge ? exposureNs : 0), () =>
        {
            if (_exposing.TryDequeue(out var exposed))
                Give(exposed.Number, exposed.TimeNs, isEndless ? long.MaxValue : most);
        });
    }

    private void Give(long number, long timeNs, long most)
    {
        var counter = (long)_camera.Number("ArrayCounter_RBV") + 1;
        var images = (long)_camera.Number("NumImagesCounter_RBV") + 1;
        _camera.Set("ArrayCounter", counter);
        _camera.Set("ArrayCounter_RBV", counter);
        _camera.Set("NumImagesCounter_RBV", images);
        if (_camera.Number("ArrayCallbacks_RBV") != 0)
            _plugin.Take(new SimulatedArray(Faults.NumbersTriggers ? number - _firstEdge + 1 : counter, number, timeNs));
        if (images >= most)
            End(IdlePhase, "Acquisition done");
    }

    private long Nanoseconds(string record) => (long)Math.Round(_camera.Number(record) * 1e9);
}
