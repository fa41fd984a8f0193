using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Detectors;
using Flyscan.Hardware.Devices;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Motion;
using Flyscan.Hardware.PandA.Ioc;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra;
using Flyscan.Hardware.Zebra.Ioc;
using Flyscan.Hardware.Zebra.Simulator;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Simulation;

/// <summary>The devices of one simulated world, made from a beamline file's and wired to each other.</summary>
internal sealed class VirtualDevices
{
    private const string BoxKind = "panda";

    private readonly ISimulationClock _world;
    private readonly VirtualBeamlineOptions _options;
    private readonly long _boxDataPeriodNs;
    private readonly long _epochNs;
    private readonly CameraSurroundings _around;

    /// <summary>Furnishes a world that has not begun.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> where a setting is wrong or names what is not there.</remarks>
    /// <param name="boxDataPeriodNs">How often the box hands samples over.</param>
    public VirtualDevices(
        ISimulationClock world, ISettings devices, long boxDataPeriodNs, VirtualBeamlineOptions options, string worldName)
    {
        (_world, _options, _boxDataPeriodNs) = (world, options, boxDataPeriodNs);
        _epochNs = (options.Time.GetUtcNow() - DateTimeOffset.UnixEpoch).Ticks * 100;
        Ioc = new VirtualIoc(new WorldClock(world), options.Time, options.Stores);
        Motors = new MotorPort(world, options.Time);
        _around = new CameraSurroundings(world, options.Stores, options.Time, worldName, options.TimeScale < 1)
        {
            EpochNs = _epochNs,
        };
        foreach (var name in devices.Keys)
            Add(name, devices.Section(name));
        foreach (var name in devices.Keys)
            if (devices.Section(name) is var settings && settings.Text("kind") == BoxKind)
                Boxes.Add((name, settings, NewBox(settings)));
            else if (settings.Text("kind") == PandAIocSettings.KindName)
                AddIocBox(settings);
            else if (settings.Text("kind") == ZebraFactory.KindName)
                Zebras.Add((name, settings, NewZebra(settings)));
            else if (settings.Text("kind") == ZebraIocSettings.KindName && options.ServesRecords)
                Ioc.AddZebra(ZebraIocSettings.Read(settings), NewZebra(settings), world.Post);
    }

    /// <summary>Devices behind the line protocol.</summary>
    public List<ILineDevice> Line { get; } = [];

    public List<SimulatedCamera> Cameras { get; } = [];

    /// <summary>Trigger cables to detectors that another process simulates.</summary>
    public List<TriggerCable> Cables { get; } = [];

    /// <summary>What exposes on a pulse, by name.</summary>
    private IEnumerable<(string Name, Action<IBitSignal> TriggerOn)> Triggered =>
        Cameras.Select(c => (c.Settings.Detector.Name, (Action<IBitSignal>)c.TriggerOn))
            .Concat(Cables.Select(c => (c.Detector, (Action<IBitSignal>)c.TriggerOn)));

    public List<SimulatedController> Controllers { get; } = [];

    public List<ISoftAxis> SoftAxes { get; } = [];

    public List<(SimulatedRing Ring, double Nominal)> Rings { get; } = [];

    public List<(string Name, ISettings Settings, PandASimulator Box)> Boxes { get; } = [];

    /// <summary>Boxes for IOCs, and the ports at which those look for them.</summary>
    public List<((int Control, int Data) Ports, PandASimulator Box)> IocBoxes { get; } = [];

    public List<(string Name, ISettings Settings, ZebraSimulator Box)> Zebras { get; } = [];

    /// <summary>The records of devices of EPICS, on the beam clock.</summary>
    public VirtualIoc Ioc { get; }

    /// <summary>Motors that IOCs elsewhere move.</summary>
    public MotorPort Motors { get; }

    private IEnumerable<(AxisDescription Axis, CubicTrack Track, long LagNs)> Axes => Controllers.SelectMany(c => c.Axes)
        .Select(a => (a.Settings.Axis, a.Track, a.Settings.FollowingErrorNs)).Concat(Ioc.Axes.Select(a => (a.Axis, a.Track, 0L)))
        .Concat(Motors.Axes.Select(a => (a.Axis, a.Track, 0L)));

    private IBitSignal? Live => Controllers.Count > 0 ? Controllers[0].Live : Ioc.Live;

    private void Add(string name, ISettings settings)
    {
        switch (settings.Text("kind"))
        {
            case VirtualMotionFactory.KindName:
                Controllers.Add(new SimulatedController(_world, VirtualMotionSettings.Read(name, settings), _options.Seed));
                Line.Add(new MotionLineDevice(_world, Controllers[^1]));
                break;
            case VirtualMotorFactory.KindName:
                var motor = new SimulatedMotor(VirtualMotorSettings.Read(name, settings).Axis, _options.Seed);
                SoftAxes.Add(motor);
                Line.Add(new SettableLineDevice(_world, motor, VirtualMotorFactory.KindName));
                break;
            case VirtualTemperatureFactory.KindName:
                var temperature = new SimulatedTemperature(VirtualTemperatureSettings.Read(name, settings));
                SoftAxes.Add(temperature);
                Line.Add(new SettableLineDevice(_world, temperature, VirtualTemperatureFactory.KindName));
                break;
            case VirtualCameraFactory.KindName:
                Cameras.Add(new SimulatedCamera(VirtualCameraSettings.Read(name, settings), _around));
                Line.Add(new CameraLineDevice(Cameras[^1]));
                break;
            case AreaDetectorSettings.KindName when _options.ServesRecords:
                throw settings.Error(
                    "kind", "a detector's file is written by an IOC of its own, flyscan virtual-ioc: take simulation.epics-port out");
            case AreaDetectorSettings.KindName when AreaDetectorSettings.Read(name, settings) is { TriggerPort: > 0 } detector:
                Cables.Add(new TriggerCable(name, detector.TriggerHost, detector.TriggerPort, _world, _options.Time));
                break;
            case EpicsMotorSettings.KindName when _options.HasMotorPort:
                Motors.Add(EpicsMotorSettings.Read(name, settings).Axis);
                break;
            case VirtualShutterFactory.KindName:
                Line.Add(new SimulatedShutter(_world, name, VirtualShutterSettings.Read(settings).LeadNs));
                break;
            case VirtualRingFactory.KindName:
                var nominal = VirtualRingSettings.Read(settings).Current;
                var ring = new SimulatedRing(_world, name, nominal, _epochNs + _options.RingClockAheadNs);
                Rings.Add((ring, nominal));
                Line.Add(ring);
                break;
            case ZebraIocSettings.KindName or PandAIocSettings.KindName:
                // Its IOC stands beside a box of this world, which is made when everything that is wired to it is there.
                break;
            default:
                if (_options.ServesRecords)
                    Ioc.Add(name, settings);
                break;
        }
    }

    /// <summary>A box whose IOC is in this world, or comes to the box's ports from elsewhere.</summary>
    private void AddIocBox(ISettings settings)
    {
        var panda = PandAIocSettings.Read(settings);
        var box = NewBox(settings);
        if (panda.SimulatedPorts.Control > 0)
            IocBoxes.Add((panda.SimulatedPorts, box));
        if (!_options.ServesRecords)
        {
            if (panda.SimulatedPorts.Control == 0)
                throw settings.Error(
                    "kind",
                    "whose IOC is not in this world (simulation.epics-port) needs ports for it: simulated { control-port, data-port }");
            if (_options.TimeScale != 1)
                throw settings.Error(
                    "kind", string.Create(
                        System.Globalization.CultureInfo.InvariantCulture,
                        $"whose IOC is not in this world needs real time, and this would run at time scale {_options.TimeScale}; take 1"));
            return;
        }
        const int Control = 1, Data = 2;
        var network = new MemoryNetwork(_world.Post);
        network.Listen(Control, box.ServeControl);
        network.Listen(Data, box.ServeData);
        Ioc.AddPandA(panda, a => a with { Connector = network, ControlPort = Control, DataPort = Data, Post = _world.Post });
    }

    private PandASimulator NewBox(ISettings settings)
    {
        var box = new PandASimulator(_world, new PandASimulatorOptions { DataPeriodNs = _boxDataPeriodNs, EpochNs = _epochNs });
        List<string> used = [];
        foreach (var (axis, track, lagNs) in Axes)
        {
            if (axis.Encoder is not { } encoder)
                continue;
            used.Add($"{encoder.Input}.VAL");
            var counts = new TrackEncoder(track, encoder, lagNs);
            box.WireEncoder(Number(settings, "kind", encoder.Input, "INENC", 4), counts);
        }
        if (settings.Has("live-input") && Live is { } live)
            box.WireTtlIn(Number(settings, "live-input", settings.Text("live-input"), "TTLIN", 6), live);
        WireCameras(settings, box);
        if (settings.Has("detectors"))
            AddDiodes(settings.Section("detectors"), used, box);
        return box;
    }

    /// <summary>A camera with an output of its own sees that one, all others the common one.</summary>
    private void WireCameras(ISettings settings, PandASimulator box)
    {
        var own = settings.Has("outputs") ? settings.Section("outputs") : null;
        foreach (var (name, triggerOn) in Triggered)
        {
            var (at, key) = own is not null && own.Has(name) ? (own.Section(name), "output") : (settings, "trigger-output");
            if (at.Has(key))
                triggerOn(box.TtlOut(Number(at, key, at.Text(key), "TTLOUT", 10)));
        }
        // Both are the camera's exposure output.
        foreach (var (section, key) in new[] { ("frames-by", "pulse"), ("exposure-out", "input") })
        {
            foreach (var camera in settings.Has(section) ? Cameras : [])
                if (settings.Section(section) is var wired && wired.Has(camera.Settings.Detector.Name))
                {
                    var wire = wired.Section(camera.Settings.Detector.Name);
                    box.WireTtlIn(Number(wire, key, wire.Text(key), "TTLIN", 6), camera.Pulse);
                }
        }
    }

    private ZebraSimulator NewZebra(ISettings settings) =>
        VirtualZebra.Make(settings, new ZebraSurroundings(_world, Axes, Live, Triggered.Select(t => t.TriggerOn), Diode));

    private SimulatedDiode Diode()
    {
        var diode = new SimulatedDiode(_world, [.. Axes.Take(2).Select(a => a.Track)]);
        foreach (var (ring, nominal) in Rings)
            ring.CurrentSet += current => diode.SetFlux(nominal > 0 ? current / nominal : 0);
        return diode;
    }

    private void AddDiodes(ISettings detectors, List<string> used, PandASimulator box)
    {
        foreach (var name in detectors.Keys)
        {
            var detector = detectors.Section(name);
            var capture = detector.Text("capture");
            if (used.Contains(capture) || !capture.StartsWith("INENC"))
                continue;
            used.Add(capture);
            box.WireEncoder(Number(detector, "capture", capture, "INENC", 4), Diode());
        }
    }

    /// <summary>The number of a block instance in a name such as <c>TTLIN1.VAL</c>.</summary>
    internal static int Number(ISettings settings, string key, string name, string block, int most)
    {
        var digits = name.Split('.')[0];
        if (digits.StartsWith(block) && int.TryParse(digits[block.Length..], out var number) && number >= 1 && number <= most)
            return number;
        throw settings.Error(key, $"'{name}' is not one of the box's {block} inputs or outputs, {block}1 to {block}{most}");
    }
}
