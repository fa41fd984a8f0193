using System.Text;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;
using Flyscan.Hardware.Zebra.Protocol;

namespace Flyscan.Hardware.Zebra.Simulator;

/// <summary>A Zebra behind its serial protocol, event by event on the clock of a simulated world.</summary>
/// <remarks>Connections may be served from any thread; wiring is done on the world's thread, or before the world runs.
/// Modelled: position compare, AND, OR, GATE, DIV, PULSE, soft inputs, encoder counters, flash, the serial line's pace and the buffer of
/// samples. Not modelled: QUAD, the clocks of the bus, analogue encoder outputs.</remarks>
public sealed class ZebraSimulator
{
    private const long FlashNs = 1_000_000_000;
    private const int BufferWords = 500_000;
    private const long BitsPerByte = 10;

    private readonly ISimulationClock _clock;
    private readonly long _byteNs;
    private readonly ZebraRegisters _registers = new();
    private readonly ZebraBus _bus;
    private readonly ZebraEncoders _encoders;
    private readonly ZebraCompare _compare;
    private readonly List<IConnection> _clients = [];
    private readonly Queue<string> _buffer = new();
    private readonly List<(int Register, OutputBit Bit)> _outputs = [];
    private bool _sending;
    private bool _ending;

    /// <param name="baud">Pace at which samples leave; 0: at once.</param>
    public ZebraSimulator(ISimulationClock clock, int baud = 115_200)
    {
        (_clock, _byteNs) = (clock, baud == 0 ? 0 : BitsPerByte * 1_000_000_000 / baud);
        _bus = new ZebraBus(_registers, clock);
        _encoders = new ZebraEncoders(clock);
        _compare = new ZebraCompare(_registers, _bus, clock, _encoders);
        _compare.Armed += OnArmed;
        _compare.Captured += OnCaptured;
        _bus.Changed += (_, _) => DriveOutputs();
    }

    /// <summary>Fault: what is done to a sample's line on its way, by its number since the box began; null loses it.</summary>
    internal Func<long, string, string?>? Damage { get; set; }

    /// <summary>Samples sent or lost since the box began.</summary>
    internal long Sent { get; private set; }

    /// <summary>Connects encoder input <paramref name="n"/>, from 1 to 4.</summary>
    public void WireEncoder(int n, ICountSignal signal) => _encoders.Wire(n - 1, signal);

    /// <summary>Connects an input such as <c>IN1_TTL</c>.</summary>
    public void WireInput(string name, IBitSignal signal)
    {
        var index = ZebraRegister.Input(name) ?? throw new ArgumentException($"A Zebra has no input {name}.", nameof(name));
        signal.Changed += value => _bus.Set(index, value);
        _bus.Set(index, signal.Value);
    }

    /// <summary>What an output such as <c>OUT1_TTL</c> drives.</summary>
    public IBitSignal Output(string name)
    {
        var register = ZebraRegister.Output(name) ?? throw new ArgumentException($"A Zebra has no output {name}.", nameof(name));
        var bit = new OutputBit();
        _outputs.Add((register, bit));
        return bit;
    }

    /// <summary>Serves a client until it closes.</summary>
    public void Serve(IConnection connection) => _clock.Post(() =>
    {
        var protocol = new ZebraServerProtocol();
        _clients.Add(connection);
        connection.Start(
            bytes =>
            {
                var copy = bytes.ToArray();
                _clock.Post(() => Receive(connection, protocol, copy));
            },
            _ => _clock.Post(() =>
            {
                _clients.Remove(connection);
                connection.Dispose();
            }));
    });

    /// <summary>Fault: more samples came than the buffer holds.</summary>
    internal void Overflow() => _registers[ZebraRegister.SysStatErr] |= 1 << ZebraRegister.BufferOverflowBit;

    /// <summary>Fault: power fails and comes back.</summary>
    internal void Restart()
    {
        _compare.Disarm();
        _buffer.Clear();
        _registers.Load();
        _bus.Recompute();
        DriveOutputs();
    }

    private void Receive(IConnection connection, ZebraServerProtocol protocol, byte[] bytes)
    {
        protocol.Receive(bytes);
        while (protocol.TryTake(out var request))
        {
            var reply = Answer(request);
            if (request is ZebraRequest.Store or ZebraRequest.Load)
                _clock.At(_clock.NowNs + FlashNs, () => Send(connection, ZebraText.Of(request, reply)));
            else
                Send(connection, ZebraText.Of(request, reply));
        }
        if (protocol.Faulted)
            connection.Dispose();
    }

    private static void Send(IConnection connection, string line) => connection.Send(Encoding.ASCII.GetBytes(line + "\n"));

    private ZebraReply Answer(ZebraRequest request)
    {
        switch (request)
        {
            case ZebraRequest.Read read when ZebraRegister.Exists(read.Address):
                return new ZebraReply.Value(Read(read.Address));
            case ZebraRequest.Write write when ZebraRegister.Exists(write.Address) && !ZebraRegister.IsReadOnly(write.Address):
                Write(write.Address, write.Value);
                return new ZebraReply.Done();
            case ZebraRequest.Read read:
                return new ZebraReply.Refused($"E1R{read.Address:X2}");
            case ZebraRequest.Write write:
                return new ZebraReply.Refused($"E1W{write.Address:X2}");
            case ZebraRequest.Store:
                _registers.Store();
                return new ZebraReply.Done();
            case ZebraRequest.Load:
                _registers.Load();
                _bus.Recompute();
                DriveOutputs();
                return new ZebraReply.Done();
            default:
                return new ZebraReply.Refused("E0");
        }
    }

    private ushort Read(byte address)
    {
        if (address is >= ZebraRegister.SysStat1Lo and <= ZebraRegister.SysStat1Lo + 3)
        {
            var half = _bus.Half(upper: address >= ZebraRegister.SysStat1Lo + 2);
            return (ushort)(address % 2 == 0 ? half : half >> 16);
        }
        return ZebraRegister.IsCommand(address) ? (ushort)0 : _registers[address];
    }

    private void Write(byte address, ushort value)
    {
        switch (address)
        {
            case ZebraRegister.PcArm when value == 1 && _registers[ZebraRegister.PcArmSel] == 0:
                _compare.Arm();
                break;
            case ZebraRegister.PcDisarm when value == 1:
                _compare.Disarm();
                break;
            case ZebraRegister.SysReset when value == 1:
                _registers[ZebraRegister.SysStatErr] = 0;
                _buffer.Clear();
                break;
            case >= 0x80 and <= 0x87:
                _registers[address] = value;
                // LO first: the counter takes the pair when HI comes.
                if (address % 2 == 1)
                    _encoders.Load((address - 0x80) / 2, (int)_registers.Pair(address - 1));
                break;
            default:
                _registers[address] = value;
                _bus.Recompute();
                DriveOutputs();
                break;
        }
    }

    private void DriveOutputs()
    {
        foreach (var (register, bit) in _outputs)
            bit.Set(_bus[_registers[register] & 63]);
    }

    private void OnArmed(bool armed)
    {
        if (armed)
        {
            _ending = false;
            Broadcast("PR");
            return;
        }
        _ending = true;
        Pump();
    }

    private void OnCaptured(uint stamp, uint[] fields)
    {
        if (_buffer.Count >= BufferWords / (1 + fields.Length))
        {
            Overflow();
            return;
        }
        _buffer.Enqueue(ZebraText.Sample(stamp, fields));
        Pump();
    }

    /// <summary>Sends what is buffered at the line's pace, then the end.</summary>
    private void Pump()
    {
        if (_sending)
            return;
        if (_buffer.TryDequeue(out var line))
        {
            _sending = true;
            _clock.At(_clock.NowNs + (line.Length + 1) * _byteNs, () =>
            {
                _sending = false;
                if ((Damage is null ? line : Damage(Sent, line)) is { } sent)
                    Broadcast(sent);
                Sent++;
                Pump();
            });
        }
        else if (_ending)
        {
            _ending = false;
            Broadcast("PX");
        }
    }

    private void Broadcast(string line)
    {
        foreach (var client in _clients)
            Send(client, line);
    }

    private sealed class OutputBit : IBitSignal
    {
        public bool Value { get; private set; }

        public event Action<bool>? Changed;

        public void Set(bool value)
        {
            if (value == Value)
                return;
            Value = value;
            Changed?.Invoke(value);
        }
    }
}
