using System.Globalization;
using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>A PandA behind its real protocol: blocks run event by event on the clock of a simulated world.</summary>
/// <remarks>Connections may be served from any thread; wiring is done on the world's thread, or before the world runs.
/// Modelled: TTLIN, TTLOUT, INENC, BITS, PULSE, SEQ (fixed tables), PCAP. One command is answered at the beam time at which it is
/// handled.</remarks>
public sealed class PandASimulator
{
    /// <summary>Nanoseconds per tick of the 125 MHz clock.</summary>
    public const long TickNs = 8;

    private readonly ISimulationClock _clock;
    private readonly PandASimulatorOptions _options;
    private readonly BoxBuses _buses = new();
    private readonly List<BoxBlockKind> _kinds;
    private readonly CaptureModel _capture;
    private readonly CommandInterpreter _commands;
    private readonly List<(DataSession Session, IConnection Connection, long SinceNs)> _data = [];
    private readonly List<(IConnection Connection, long SinceNs)> _control = [];

    public PandASimulator(ISimulationClock clock, PandASimulatorOptions options)
    {
        (_clock, _options) = (clock, options);
        _kinds = BoxBuilder.Build(_buses, clock);
        foreach (var block in Kind("SEQ").Instances)
            _ = new SequencerModel(block, clock);
        foreach (var block in Kind("PULSE").Instances)
            _ = new PulseModel(block, clock);
        WireOwn();
        var capturables = Capturables();
        _capture = new CaptureModel(Kind("PCAP").Instances[0], _buses, capturables, clock, options);
        _commands = new CommandInterpreter(_kinds, _buses, capturables, this);
        _capture.Delivered += PumpData;
    }

    internal CaptureModel Capture => _capture;

    /// <summary>Connects encoder input INENC<paramref name="n"/>, from 1.</summary>
    public void WireEncoder(int n, ICountSignal signal) => Kind("INENC").Instances[n - 1].Get<PosOutField>("VAL").Source.Wire(signal);

    /// <summary>Connects input TTLIN<paramref name="n"/>, from 1.</summary>
    public void WireTtlIn(int n, IBitSignal signal) => Kind("TTLIN").Instances[n - 1].Get<BitOutField>("VAL").Source.Wire(signal);

    /// <summary>What output TTLOUT<paramref name="n"/> drives, from 1.</summary>
    public IBitSignal TtlOut(int n) => new MuxSignal(Kind("TTLOUT").Instances[n - 1].Get<BitMuxField>("VAL"));

    /// <summary>Serves one client of the control port until it closes.</summary>
    public void ServeControl(IConnection connection) => _clock.Post(() =>
    {
        _control.Add((connection, _clock.NowNs));
        var session = new ControlSession(connection, _commands);
        Start(connection, session.Receive, () => _control.RemoveAll(c => c.Connection == connection));
    });

    /// <summary>Serves one client of the data port until it closes.</summary>
    public void ServeData(IConnection connection) => _clock.Post(() =>
    {
        var session = new DataSession(connection, _capture, TimeText);
        _data.Add((session, connection, _clock.NowNs));
        Start(connection, session.Receive, () => _data.RemoveAll(d => d.Connection == connection));
    });

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

    private BoxBlockKind Kind(string name) => _kinds.First(k => k.Name == name);

    private void WireOwn()
    {
        var bits = Kind("BITS").Instances[0];
        foreach (var letter in "ABCD")
        {
            var value = bits.Get<NumberField>($"{letter}");
            value.Written += () => bits.Get<BitOutField>($"OUT{letter}").Source.Set(value.Value != 0);
        }
        foreach (var encoder in Kind("INENC").Instances)
        {
            var setting = encoder.Get<WriteField>("SETP");
            setting.Written += () => encoder.Get<PosOutField>("VAL").Source.SetTo(setting.Value, _clock.NowNs);
            encoder.Get<ReadField>("DCARD_TYPE").Source = () => "Encoder Control";
            encoder.Get<BitOutField>("CONN").Source.Set(true);
        }
    }

    private List<(string Name, CapturableField Field)> Capturables()
    {
        var found = new List<(string, CapturableField)>();
        foreach (var block in Kind("INENC").Instances)
            found.Add(($"{block.BusName}.VAL", block.Get<CapturableField>("VAL")));
        foreach (var name in new[] { "TS_START", "TS_END", "TS_TRIG", "GATE_DURATION", "BITS0", "BITS1", "BITS2", "BITS3" })
            found.Add(($"PCAP.{name}", Kind("PCAP").Instances[0].Get<CapturableField>(name)));
        return found;
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

    private void PumpData()
    {
        foreach (var (session, _, _) in _data.ToArray())
            session.Pump();
    }

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

/// <summary>One client of the control port. All members run on the world's thread.</summary>
internal sealed class ControlSession(IConnection connection, CommandInterpreter commands)
{
    private readonly PandAControlServerProtocol _protocol = new(TableField.MostWords + 1);
    private readonly StringBuilder _replies = new();

    public void Receive(ReadOnlySpan<byte> bytes)
    {
        _protocol.Receive(bytes);
        while (_protocol.TryTake(out var request))
            _replies.Append(commands.Execute(request));
        if (_replies.Length > 0)
            connection.Send(Encoding.UTF8.GetBytes(_replies.ToString()));
        _replies.Clear();
        if (_protocol.Faulted)
            connection.Dispose();
    }
}
