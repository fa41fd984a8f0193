using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Detectors;
using Flyscan.Hardware.Epics.PvAccess.Server;
using Flyscan.Hardware.PandA.Ioc;
using Flyscan.Hardware.PandA.Simulator;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Transport;
using Flyscan.Hardware.Zebra.Ioc;
using Flyscan.Hardware.Zebra.Simulator;
using Flyscan.Scanning.Planning;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>An input/output controller without hardware: the records that a beamline file's EPICS devices need, over Channel
/// Access and pvAccess.</summary>
public sealed class VirtualIoc : IDisposable
{
    /// <summary>What a virtual beamline calls the address at which it serves its records.</summary>
    public const string Endpoint = "epics.server";

    /// <summary>The same, of pvAccess: where its searches are awaited.</summary>
    public const string PvaEndpoint = "epics.pva-server";

    private const long Second = 1_000_000_000;
    private const long SignalPeriodNs = Second / 10;
    private const double LifetimeNs = 10 * 3600e9;
    private const double MotorTolerance = 1e-4;
    private static readonly TimeSpan AnswerLimit = TimeSpan.FromSeconds(10);

    private readonly CaServer _server;
    private readonly PvaServer _pva;
    private readonly SimulatedDisk _disk;
    private readonly List<string> _records = [];
    private readonly List<(AxisDescription Axis, CubicTrack Track)> _axes = [];
    private readonly List<TriggerInput> _inputs = [];
    private readonly List<SimulatedAreaDetector> _detectors = [];
    private readonly List<ISettings> _zebras = [];
    private readonly List<PandAIocSimulator> _pandas = [];
    private readonly List<MotorCable> _cables = [];
    private readonly TimeProvider _time;

    /// <param name="clock">Of motion and polls.</param>
    /// <param name="time">Of time stamps.</param>
    /// <param name="stores">Opens the files of detectors.</param>
    public VirtualIoc(IClock clock, TimeProvider time, IFrameStoreFactory stores)
    {
        (_server, _disk, _time) = (new CaServer(clock, time), new SimulatedDisk(stores, Directory.Exists), time);
        _pva = new PvaServer(_server);
    }

    /// <summary>TCP and UDP port of Channel Access.</summary>
    public int Port => _server.Port;

    /// <summary>TCP port of pvAccess, and UDP port of its searches.</summary>
    public (int Port, int SearchPort) PvaPorts => (_pva.Port, _pva.SearchPort);

    /// <summary>Names of the records that are served.</summary>
    public IReadOnlyList<string> Records => _records;

    /// <summary>Where the motors of motor records stand: port of a virtual beamline, 0 where they are this IOC's own.</summary>
    public int MotorPort { get; init; }

    /// <summary>Where the ports of boxes are that this IOC is a client of: the virtual beamline's host.</summary>
    public string BoxHost { get; init; } = "127.0.0.1";

    /// <summary>There is something to serve, or will be when its box has told of itself.</summary>
    public bool Serves => _records.Count > 0 || _pandas.Count > 0;

    internal CaServer Server => _server;

    internal PvaServer Pva => _pva;

    /// <summary>Axes that records move, and how they move.</summary>
    internal IReadOnlyList<(AxisDescription Axis, CubicTrack Track)> Axes => _axes;

    /// <summary>Live output of the first controller among the devices; null where none has one.</summary>
    internal IBitSignal? Live { get; private set; }

    /// <summary>Adds what a device of the beamline file expects of its IOC; false for a device that is not of EPICS.</summary>
    /// <remarks><b>Errors</b> <see cref="SettingsException"/> with path, value and limit.</remarks>
    public bool Add(string name, ISettings settings)
    {
        switch (settings.Text("kind"))
        {
            case EpicsMotorSettings.KindName:
                var motor = AddMotor(EpicsMotorSettings.Read(name, settings));
                if (MotorPort > 0)
                    _cables.Add(new MotorCable(name, motor, _server, _time));
                return true;
            case PmacSettings.KindName:
                AddPmac(PmacSettings.Read(name, settings));
                return true;
            case EpicsSignalSettings.KindName:
                var signal = EpicsSignalSettings.Read(settings);
                AddSignal(signal.Pv, signal.Simulated, signal.Unit);
                return true;
            case EpicsShutterSettings.KindName:
                AddShutter(EpicsShutterSettings.Read(settings));
                return true;
            case AreaDetectorSettings.KindName:
                _detectors.Add(AddDetector(name, AreaDetectorSettings.Read(name, settings), _disk));
                return true;
            case ZebraIocSettings.KindName:
                ZebraIocSettings.Read(settings);
                _zebras.Add(settings);
                return true;
            case PandAIocSettings.KindName:
                AddPandA(PandAIocSettings.Read(settings), settings);
                return true;
            default:
                return false;
        }
    }

    /// <summary>Finds the motors where they are, before anybody can read them, if the virtual beamline runs in which they stand.</summary>
    /// <remarks><b>Errors</b> <see cref="TimeoutException"/> where something else answers at the port.</remarks>
    public Task FindMotorsAsync(string host) =>
        Task.WhenAll(_cables.Select(c => c.PlugIn(host, MotorPort))).WaitAsync(AnswerLimit, _time);

    /// <summary>Begins to serve, and to hear the triggers of detectors. Port 0 takes a free one.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming address and port.</remarks>
    public void Listen(string address, int port, IDatagramPorts datagrams)
    {
        Complete();
        _server.Listen(IPAddress.Parse(address), port, datagrams);
        foreach (var input in _inputs)
            input.Listen(address);
    }

    /// <summary>Tells clients from now on that it is there; where: <see cref="CaBeaconAddresses"/>.</summary>
    public void Announce(IReadOnlyList<IPEndPoint> beacons) => _server.Announce(beacons);

    /// <summary>Makes the boxes, now that everything is there that they are wired to.</summary>
    internal void Complete()
    {
        foreach (var settings in _zebras)
            WireZebra(settings);
        _zebras.Clear();
    }

    /// <summary>Begins to serve over pvAccess as well. Ports 0 take free ones.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming address and port.</remarks>
    public void ListenPva(string address, int port, int searchPort, IDatagramPorts datagrams) =>
        _pva.Listen(IPAddress.Parse(address), port, searchPort, datagrams);

    /// <summary>Ends what the IOCs of boxes write, and closes their files.</summary>
    public Task CloseFilesAsync() => Task.WhenAll(_pandas.Select(panda =>
    {
        var closed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        panda.CloseFiles(() => closed.TrySetResult());
        return closed.Task;
    }));

    public void Dispose()
    {
        foreach (var panda in _pandas)
            panda.Dispose();
        foreach (var input in _inputs)
            input.Dispose();
        foreach (var cable in _cables)
            cable.Dispose();
        _pva.Dispose();
        _server.Dispose();
    }

    internal MotorRecord AddMotor(EpicsMotorSettings motor)
    {
        var record = new MotorRecord(_server, new MotorRecordSettings(
            PvTransports.BareName(motor.Pv), motor.Axis.Unit, motor.Axis.Low, motor.Axis.High, motor.Axis.MaxVelocity,
            motor.Axis.MaxVelocity / motor.Axis.MaxAcceleration, MotorTolerance)
        {
            Start = Math.Clamp(0, motor.Axis.Low, motor.Axis.High),
            MaxVelocity = motor.Controller is null ? double.PositiveInfinity : motor.Axis.MaxVelocity,
        });
        Add(record.Record);
        _axes.Add((motor.Axis, record.Track));
        return record;
    }

    /// <summary>A trajectory scan IOC, its axes on the letters of one coordinate system in their order.</summary>
    internal PmacSimulator AddPmac(PmacSettings pmac)
    {
        var served = new PmacSimulatorSettings(PvTransports.BareName(pmac.Pv), pmac.CoordinateSystem, pmac.Programs);
        var simulator = new PmacSimulator(_server, served, Add);
        // From X on, as people do.
        const string Usual = "XYZUVWABC";
        for (var i = 0; i < pmac.Axes.Count; i++)
        {
            var (axis, letter) = (pmac.Axes[i], Usual[i]);
            var motor = AddMotor(new EpicsMotorSettings(axis.Pv, axis.Axis, axis.Tolerance, null, 0, 0));
            simulator.Assign(letter, motor);
            var pv = PvTransports.BareName(axis.Pv);
            AddText($"{pv}:CsPort_RBV", $"CS{pmac.CoordinateSystem}");
            AddText($"{pv}:CsAxis_RBV", $"{letter}");
            AddText($"{pv}:CsRaw_RBV", "Yes");
        }
        Live ??= simulator.Live;
        return simulator;
    }

    /// <summary>A Zebra's IOC, at the other end of the box's serial line.</summary>
    /// <param name="post">Runs an action where the box runs.</param>
    internal void AddZebra(ZebraIocSettings zebra, ZebraSimulator box, Action<Action> post)
    {
        var (line, end) = new MemoryNetwork(post).Pair();
        box.Serve(end);
        _ = new ZebraIocSimulator(_server, zebra.Prefix, Add, line, new ZebraIocPace(ArrayLength: zebra.ArrayLength));
    }

    /// <summary>A PandA's IOC, a client of the box's ports. Its records come when it has reached the box.</summary>
    /// <param name="around">Makes the surroundings of one whose records these servers serve.</param>
    internal void AddPandA(PandAIocSettings panda, Func<PandAIocSurroundings, PandAIocSurroundings> around) =>
        _pandas.Add(new PandAIocSimulator(around(new PandAIocSurroundings(panda.Prefix, _server, _pva, _disk.Stores))));

    /// <summary>A box elsewhere, in the virtual beamline.</summary>
    private void AddPandA(PandAIocSettings panda, ISettings settings)
    {
        var (control, data) = panda.SimulatedPorts;
        if (control == 0)
            throw settings.Error("kind", "whose IOC is simulated needs to say where its box is: simulated { control-port, data-port }");
        AddPandA(panda, a => a with { Host = BoxHost, ControlPort = control, DataPort = data });
    }

    /// <summary>A box of this process, on the encoders of its motors, in front of its detectors.</summary>
    private void WireZebra(ISettings settings)
    {
        var world = new ServedWorld(_server);
        var box = VirtualZebra.Make(settings, new ZebraSurroundings(
            world, _axes.Select(a => (a.Axis, a.Track, 0L)), Live, _detectors.Select(d => (Action<IBitSignal>)(o => Trigger(d, o, world))),
            () => new SimulatedDiode(world, [.. _axes.Take(2).Select(a => a.Track)])));
        AddZebra(ZebraIocSettings.Read(settings), box, world.Post);
    }

    private static void Trigger(SimulatedAreaDetector detector, IBitSignal output, ISimulationClock world)
    {
        var pulses = 0L;
        output.Changed += level => detector.Hear((level ? pulses++ : pulses - 1, world.NowNs, level));
    }

    private void AddText(string name, string text)
    {
        var record = new ServedRecord(name, "stringin");
        var pv = record.Add("VAL", Dbr.String, new PvValue.Text(text));
        pv.IsWritable = false;
        pv.Post(pv.Value, _server.StampNs);
        Add(record);
    }

    internal SimulatedAreaDetector AddDetector(string name, AreaDetectorSettings settings, SimulatedDisk disk)
    {
        var detector = new SimulatedAreaDetector(_server, name, settings, disk, Add);
        if (settings.TriggerPort > 0)
            _inputs.Add(new TriggerInput(settings.TriggerPort, detector.Hear));
        return detector;
    }

    /// <summary>An ai record that is processed ten times a second and decays slowly from what it was last written.</summary>
    internal ServedRecord AddSignal(string pv, double start, string unit)
    {
        var (name, field) = Split(pv);
        var record = new ServedRecord(name, "ai");
        var value = record.Add(field, Dbr.Double, new PvValue.Number(start));
        value.Metadata = new PvMetadata(value.Value, default) { Units = unit, Precision = 3 };
        value.Post(value.Value, _server.StampNs);
        var (from, sinceNs) = (start, _server.NowNs);
        value.Written = (written, complete) =>
        {
            (from, sinceNs) = (written.AsNumber(), _server.NowNs);
            value.Post(written, _server.StampNs);
            complete();
            return CaStatus.Normal;
        };
        Process();
        Add(record);
        return record;

        void Process() => _server.At(_server.NowNs + SignalPeriodNs, () =>
        {
            value.Post(new PvValue.Number(from * Math.Exp(-(_server.NowNs - sinceNs) / LifetimeNs)), _server.StampNs);
            Process();
        });
    }

    internal void AddShutter(EpicsShutterSettings shutter)
    {
        var (demand, demandField) = Split(shutter.Pv);
        var (readBack, readBackField) = Split(shutter.ReadBackPv);
        var bo = Binary(demand, "bo", demandField, shutter.OpenText, shutter.ClosedText);
        var bi = Binary(readBack, "bi", readBackField, shutter.OpenText, shutter.ClosedText);
        bi.IsWritable = false;
        IDisposable? arrival = null;
        bo.Written = (value, complete) =>
        {
            bo.Post(value, _server.StampNs);
            arrival?.Dispose();
            arrival = _server.At(_server.NowNs + shutter.LeadNs, () =>
            {
                bi.Post(value, _server.StampNs);
                complete();
            });
            return CaStatus.Normal;
        };
    }

    private ServedPv Binary(string name, string type, string field, string open, string closed)
    {
        var record = new ServedRecord(name, type);
        var pv = record.Add(field, Dbr.Enum, new PvValue.Choice(0, closed));
        pv.Metadata = new PvMetadata(pv.Value, default) { Choices = [closed, open] };
        pv.Post(pv.Value, _server.StampNs);
        Add(record);
        return pv;
    }

    private void Add(ServedRecord record)
    {
        _server.Add(record);
        _records.Add(record.Name);
    }

    private static (string Name, string Field) Split(string given)
    {
        var pv = PvTransports.BareName(given);
        return pv.Split('.', 2) is [var name, { Length: > 0 } field] ? (name, field) : (pv.TrimEnd('.'), "VAL");
    }
}
