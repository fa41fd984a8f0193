using System.Globalization;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A PandA behind its real protocol: blocks run event by event on the clock of a simulated world.</summary>
/// <remarks>Connections may be served from any thread; wiring is done on the world's thread, or before the world runs.
/// All blocks of the <c>pandabox-no-fmc</c> application answer; those that only join boxes (OUTENC, LVDS, SFP) do nothing. One command is
/// answered at the beam time at which it is handled.</remarks>
public sealed class PandASimulator
{
    /// <summary>Nanoseconds per tick of the 125 MHz clock.</summary>
    public const long TickNs = 8;

    private readonly ISimulationClock _clock;
    private readonly PandASimulatorOptions _options;
    private readonly BoxEngine _engine;
    private readonly List<BoxBlockKind> _kinds;
    private readonly CaptureModel _capture;
    private readonly CommandInterpreter _commands;
    private readonly BoxFaults _faults;
    private readonly List<(DataSession Session, long SinceNs)> _data = [];
    private readonly List<(ControlSession Session, long SinceNs)> _control = [];
    private bool _isDown;

    public PandASimulator(ISimulationClock clock, PandASimulatorOptions options)
    {
        (_clock, _options) = (clock, options);
        _engine = new BoxEngine(clock);
        var log = new ChangeLog();
        var definition = BoxDefinition.Read();
        var buses = new BoxBuses(_engine);
        _kinds = BoxBuilder.Build(definition, buses, _engine, log);
        BoxModels.Make(_kinds, _engine);
        var capturables = definition.Captures.Select(name => (name, BoxBuilder.FindField<CapturableField>(_kinds, name))).ToList();
        _capture = new CaptureModel(Kind("PCAP").Instances[0], buses, capturables, _engine, options);
        var system = new SystemCommands(_kinds, buses, capturables, this, new BoxMetadata(definition, log), log);
        _commands = new CommandInterpreter(new BlockNames(_kinds), system, _engine);
        _faults = new BoxFaults(this, _kinds, clock);
        _capture.Delivered += PumpData;
        _capture.Sampled += _faults.OnSample;
    }

    /// <summary>Updates of blocks and changes of inputs carried out since it was made.</summary>
    public long Events => _engine.Count;

    internal CaptureModel Capture => _capture;

    internal IEnumerable<DataSession> DataSessions => _data.Select(d => d.Session);

    /// <summary>Connects encoder input INENC<paramref name="n"/>, from 1.</summary>
    public void WireEncoder(int n, ICountSignal signal)
    {
        var block = Kind("INENC").Instances[n - 1];
        Encoder(n).Wire(signal);
        block.Get<ReadField>("DCARD_TYPE").Source = () => "Encoder Control";
        block.Out("CONN").SetFromOutside(true);
    }

    /// <summary>Connects input TTLIN<paramref name="n"/>, from 1.</summary>
    public void WireTtlIn(int n, IBitSignal signal) => Kind("TTLIN").Instances[n - 1].Out("VAL").Wire(signal);

    /// <summary>What output TTLOUT<paramref name="n"/> drives, from 1.</summary>
    public IBitSignal TtlOut(int n) => new MuxSignal(Kind("TTLOUT").Instances[n - 1].Get<BitMuxField>("VAL"));

    /// <summary>Makes something go wrong. On the world's thread, or before the world runs.</summary>
    /// <remarks><b>Errors</b> <see cref="FormatException"/> for a HEALTH that is not there or has no such label.</remarks>
    public void Inject(PandAFault fault) => _faults.Add(fault);

    /// <summary>Serves one client of the control port until it closes.</summary>
    public void ServeControl(IConnection connection) => _clock.Post(() =>
    {
        if (_isDown)
        {
            connection.Dispose();
            return;
        }
        var session = new ControlSession(connection, _commands);
        _control.Add((session, _clock.NowNs));
        Start(connection, session.Receive, () =>
        {
            session.CloseTable();
            _control.RemoveAll(c => c.Session == session);
        });
    });

    /// <summary>Serves one client of the data port until it closes.</summary>
    public void ServeData(IConnection connection) => _clock.Post(() =>
    {
        if (_isDown)
        {
            connection.Dispose();
            return;
        }
        var session = new DataSession(connection, _capture, TimeText) { Budget = _faults.IsSlow ? 0 : null };
        _data.Add((session, _clock.NowNs));
        Start(connection, session.Receive, () => Gone(session));
    });

    internal LeafCount Encoder(int n) => (LeafCount)Kind("INENC").Instances[n - 1].Get<PosOutField>("VAL").Source;

    internal string? Arm() =>
        _data.Any(d => d.Session.IsActive) && !_capture.Busy ? "Data clients still taking data" : _capture.Arm();

    internal string Status()
    {
        var active = _data.Count(d => d.Session.IsActive);
        var state = _capture.Busy || active > 0 ? "Busy" : "Idle";
        return $"{state} {_data.Count(d => d.Session.IsReader)} {active}";
    }

    /// <summary>A connection has no address here: clients are told apart by their number.</summary>
    internal IEnumerable<string> Who() =>
        _control.Select((c, i) => $"{ShortTime(c.SinceNs)} config client:{i + 1} ")
            .Concat(_data.Select((d, i) => $"{ShortTime(d.SinceNs)} data client:{i + 1} "));

    /// <summary>The server stops as by SIGTERM, and starts again with the state that it saved.</summary>
    internal void Restart()
    {
        _isDown = true;
        _capture.End("Ok");
        _capture.Run?.Deliver();
        PumpData();
        _capture.Forget();
        foreach (var (session, _) in _data.ToArray())
            session.Connection.Dispose();
        foreach (var (session, _) in _control.ToArray())
            session.Connection.Dispose();
        foreach (var field in Fields())
            field.Reload();
        _clock.AfterWall(_options.RestartNs, () => _isDown = false);
    }

    internal void PumpData()
    {
        foreach (var (session, _) in _data.ToArray())
            session.Pump();
    }

    private BoxBlockKind Kind(string name) => _kinds.First(k => k.Name == name);

    private IEnumerable<BoxField> Fields() =>
        from kind in _kinds
        from instance in kind.Instances
        from field in kind.Definition.Fields
        select instance.Find(field.Name)!;

    private void Gone(DataSession session)
    {
        session.Close();
        if (_options.ClientPollNs > 0 && _capture.Busy)
            _clock.AfterWall(_options.ClientPollNs, () => _data.RemoveAll(d => d.Session == session));
        else
            _data.RemoveAll(d => d.Session == session);
    }

    private void Start(IConnection connection, ReceiveBytes receive, Action closed) => connection.Start(
        bytes =>
        {
            var copy = bytes.ToArray();
            _clock.Post(() => receive(copy));
        },
        _ => _clock.Post(() =>
        {
            closed();
            connection.Dispose();
        }));

    private string TimeText(long worldNs)
    {
        var ns = _options.EpochNs + worldNs;
        var time = DateTime.UnixEpoch.AddTicks(ns / 100);
        return time.ToString("yyyy-MM-ddTHH:mm:ss.fffffff", CultureInfo.InvariantCulture) + $"{ns % 100:00}Z";
    }

    private string ShortTime(long worldNs) => TimeText(worldNs)[..23] + "Z";

    private delegate void ReceiveBytes(ReadOnlySpan<byte> bytes);

    private sealed class MuxSignal : IBitSignal
    {
        private readonly BitMuxField _mux;

        public MuxSignal(BitMuxField mux)
        {
            _mux = mux;
            mux.Changed += value => Changed?.Invoke(value);
        }

        public bool Value => _mux.Value;

        public event Action<bool>? Changed;
    }
}
