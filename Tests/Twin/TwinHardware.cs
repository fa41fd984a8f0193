using System.Text;
using Flyscan.Engine.Simulation;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Motion;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Simulation.Line;
using Flyscan.Hardware.Transport;
using Flyscan.Host.Composition;

namespace Flyscan.Twin;

/// <summary>The beamline as a node of its own: the real simulators of its devices, on the run's clock, behind ports in memory.</summary>
internal sealed class TwinHardware
{
    public const int ControlPort = 8888;
    public const int DataPort = 8889;

    private readonly SimulationRun _run;
    private readonly LoadedBeamline _beamline;
    private readonly TwinDisk _disk;
    private readonly long _skewNs;
    private readonly long _ringAheadNs;
    private readonly SortedDictionary<string, int> _ports = new(StringComparer.Ordinal);
    private int _worlds;
    private FrameThief? _thief;
    private BitSignal _glitch = new();

    /// <param name="skewNs">By how much the box's clock is ahead of the true time.</param>
    /// <param name="ringAheadNs">By how much the ring's clock is ahead of the box's.</param>
    public TwinHardware(SimulationRun run, LoadedBeamline beamline, TwinDisk disk, long skewNs, long ringAheadNs)
    {
        (_run, _beamline, _disk, _skewNs, _ringAheadNs) = (run, beamline, disk, skewNs, ringAheadNs);
        var wire = run.NewLane();
        var latency = 20_000 + run.GeneratorFor("latency").Below(200_000);
        Network = new MemoryNetwork(action => wire.At(run.NowNs + latency, action));
        foreach (var device in beamline.Devices)
            _ports[device.Name] = 10_000 + _ports.Count;
        _ports["control"] = ControlPort;
        _ports["data"] = DataPort;
        Node = run.AddNode("beamline", new NodeOptions { Config = null, MayCrash = false, Boot = Boot });
    }

    public MemoryNetwork Network { get; }

    public SimulatedNode Node { get; }

    public Truth Truth { get; } = new();

    /// <summary>The devices of the present life.</summary>
    public VirtualDevices Devices { get; private set; } = null!;

    /// <summary>Whether triggers are being kept from the camera.</summary>
    public bool IsStealing => _thief is { IsStealing: true };

    public bool IsShutterOpen { get; private set; }

    public bool IsShutterClosed { get; private set; }

    public PandASimulator Box => Devices.Boxes[0].Box;

    public SimulatedController Motion => Devices.Controllers[0];

    /// <summary>Raised when motion begins to run a programme.</summary>
    public event Action? MotionRuns;

    /// <summary>Where each device is served.</summary>
    public EndpointOverrides Endpoints => new(
    [
        .. _beamline.Devices.Select(d => KeyValuePair.Create($"{d.Name}.port", $"twin:{_ports[d.Name]}")),
        KeyValuePair.Create("panda.control-port", $"twin:{ControlPort}"),
        KeyValuePair.Create("panda.data-port", $"twin:{DataPort}"),
    ]);

    /// <summary>By how much the box's clock is ahead of the control system's.</summary>
    public long SkewNs => _skewNs;

    public void Cut(string port) => Network.Cut(_ports[port]);

    public void Hold(string port) => Network.Hold(_ports[port]);

    public void Release(string port) => Network.Release(_ports[port]);

    public void Steal(int frames)
    {
        if (Node.IsUp)
            _thief?.Steal(frames);
    }

    /// <summary>A pulse on the camera's cable that the box did not make.</summary>
    public void Glitch()
    {
        if (!Node.IsUp)
            return;
        var accepted = Devices.Cameras[0].Session is { IsAccepting: true };
        _glitch.Set(true);
        _glitch.Set(false);
        IsUsedUp = accepted && Devices.Cameras[0].Session is not { IsAccepting: true };
    }

    /// <summary>Such a pulse took the last frame that the camera was armed for.</summary>
    public bool IsUsedUp { get; private set; }

    public void SetBeam(double milliampere)
    {
        if (!Node.IsUp)
            return;
        var request = new LineRequest(0, "ring", "current", [LineText.Number(milliampere)], null);
        Devices.Rings[0].Ring.Handle(request, new LineAnswer((_, _) => { }));
        Truth.BeamIs(_run.NowNs, milliampere >= 100);
    }

    /// <summary>What is not in its safe state; empty where all is.</summary>
    public IEnumerable<string> Unsafe(bool hasShutter)
    {
        if (Motion.Phase == Scanning.Runs.MotionPhase.Running)
            yield return "motion runs";
        for (var output = 1; output <= 3; output++)
        {
            if (Box.TtlOut(output).Value)
                yield return $"trigger output {output} is high";
        }
        foreach (var camera in Devices.Cameras.Where(c => c.Session is { IsAccepting: true }))
            yield return $"camera {camera.Settings.Detector.Name} accepts triggers";
        if (hasShutter && !IsShutterClosed)
            yield return "the shutter is not closed";
    }

    /// <summary>What the box is set to, a line each, asked over its own protocol.</summary>
    public string BoxSettings()
    {
        string[] fields =
        [
            "SEQ1.PRESCALE.RAW", "SEQ1.REPEATS", "SEQ1.BITA", "SEQ1.BITB", "SEQ1.BITC", "TTLOUT1.VAL", "PCAP.GATE", "PCAP.TRIG",
            "PCAP.TRIG_EDGE", "PCAP.ENABLE", "INENC1.VAL.SCALE", "INENC1.VAL.UNITS", "INENC1.VAL.CAPTURE", "INENC3.VAL.CAPTURE",
            "PCAP.TS_START.CAPTURE", "TTLOUT2.VAL", "TTLOUT3.VAL", "PULSE1.ENABLE", "PULSE1.TRIG", "PULSE2.ENABLE", "PULSE2.PULSES",
            "DIV1.ENABLE", "DIV1.INP", "COUNTER1.TRIG", "COUNTER1.ENABLE", "COUNTER1.OUT_MODE", "COUNTER1.OUT.CAPTURE",
        ];
        var text = new StringBuilder();
        Network.Silent = false;
        var (client, server) = Network.Pair();
        Box.ServeControl(server);
        client.Start(bytes => text.Append(Encoding.UTF8.GetString(bytes.Span)), _ => { });
        client.Send(Encoding.UTF8.GetBytes(string.Concat(fields.Select(f => f + "?\n"))));
        _run.RunFor(20_000_000);
        client.Dispose();
        var answers = text.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries);
        return answers.Length == fields.Length
            ? string.Join('\n', fields.Zip(answers, (field, answer) => $"{field} {answer}"))
            : throw new InvalidOperationException($"the box answers {fields.Length} questions with: {text}");
    }

    private void Boot(SimulatedNode node)
    {
        var clock = new WorldClock(node.NewLane());
        var world = $"w{++_worlds}";
        var options = new VirtualBeamlineOptions
        {
            Stores = _disk,
            Time = new SkewedTime(node.Time, new ClockError { AheadNs = _skewNs }, 0),
            RingClockAheadNs = _ringAheadNs,
            Seed = _run.Options.Seed,
            WorldName = world,
        };
        var devices = new VirtualDevices(clock, _beamline.Settings.Section("devices"), 0, options, world);
        (Devices, IsShutterOpen, IsShutterClosed) = (devices, false, true);
        WatchShutter(devices);
        // A beam that was dumped before is back after a power failure.
        Truth.BeamIs(_run.NowNs, true);
        Truth.Watch(world, clock, devices, () => IsShutterOpen);
        _thief = new FrameThief(devices.Cameras[0]);
        _glitch = new BitSignal();
        devices.Cameras[0].TriggerOn(_glitch);
        var thief = _thief;
        devices.Boxes[0].Box.TtlOut(1).Changed += value =>
        {
            if (value)
                thief.Triggered();
        };
        var motion = devices.Controllers[0];
        motion.PhaseChanged += () =>
        {
            if (motion.Phase == Scanning.Runs.MotionPhase.Running)
                MotionRuns?.Invoke();
        };
        Serve(clock, world, devices);
        node.OnCrash(() =>
        {
            Network.Refusing = true;
            Network.Cut();
            foreach (var camera in devices.Cameras)
                _disk.Kill(camera.Settings.Detector.Name);
        });
        Network.Refusing = false;
    }

    private void WatchShutter(VirtualDevices devices)
    {
        devices.Line.First(d => d.Name == "shutter").Notified += (_, values) =>
            (IsShutterOpen, IsShutterClosed) = (values[0] == "Open", values[0] == "Closed");
    }

    private void Serve(WorldClock clock, string world, VirtualDevices devices)
    {
        var server = new LineServer(clock, world, devices.Line, new LineLimits());
        foreach (var device in devices.Line)
            Network.Listen(_ports[device.Name], connection => server.Serve(connection));
        var box = devices.Boxes[0].Box;
        Network.Listen(ControlPort, box.ServeControl);
        Network.Listen(DataPort, box.ServeData);
    }
}
