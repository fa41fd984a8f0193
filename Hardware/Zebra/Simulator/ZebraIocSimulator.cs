using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Zebra.Ioc;
using Flyscan.Hardware.Zebra.Protocol;

namespace Flyscan.Hardware.Zebra.Simulator;

/// <summary>How fast a simulated IOC looks after its box, and how many samples it keeps.</summary>
/// <remarks><b>Units</b> nanoseconds. Defaults are those of the EPICS module.</remarks>
internal sealed record ZebraIocPace(long InterruptNs = 100_000_000, long PollNs = 250_000_000, int ArrayLength = 100_000)
{
    /// <summary>ERES and OFF of the motors of ENC1 to ENC4.</summary>
    public IReadOnlyList<(double Scale, double Offset)> Motors { get; init; } = [(1, 0), (1, 0), (1, 0), (1, 0)];
}

/// <summary>A Zebra's IOC: a client of the box's serial line, and the records that it serves of it. The box is whatever is at the other
/// end of the line.</summary>
/// <remarks>Not modelled: scaled set-points (only the <c>:SET</c> behind them), filters, configuration files, pulse generators, the frames
/// of areaDetector; records change together, where those of an IOC follow each other. <b>Source</b> EPICS module zebra.</remarks>
internal sealed class ZebraIocSimulator
{
    private const int PollsPerRound = 4;
    private const long UpdateNs = 1_000_000_000;

    /// <summary>A box in the same world answers or is gone; a world on a busy machine makes leaps of a second.</summary>
    private const long LongestReplyNs = 600_000_000_000;

    private static readonly byte[] Fast =
    [
        ZebraRegister.SysStat1Lo, ZebraRegister.SysStat1Hi, ZebraRegister.SysStat1Lo + 2, ZebraRegister.SysStat1Lo + 3,
        ZebraRegister.PcNumCap, ZebraRegister.PcNumCap + 1,
    ];

    private readonly CaServer _server;
    private readonly ServedSet _records;
    private readonly ZebraIocPace _pace;
    private readonly IConnection _line;
    private readonly ZebraClientProtocol _protocol = new(new ZebraLimits(ReplyWithinNs: LongestReplyNs));
    private readonly Queue<Action<ZebraReply>> _asked = new();
    private readonly Queue<ZebraClientProtocol.Output> _interrupts = new();
    private readonly ushort[] _words = new ushort[256];
    private readonly ZebraIocArrays _arrays;
    private readonly byte[] _slow;
    private IDisposable? _tick;
    private bool _acquires;
    private bool _isUp;
    private int _round;
    private int _next;

    /// <param name="line">The client's end of the box's serial line.</param>
    /// <param name="add">Serves a record.</param>
    public ZebraIocSimulator(CaServer server, string prefix, Action<ServedRecord> add, IConnection line, ZebraIocPace pace)
    {
        (_server, _line, _pace) = (server, line, pace);
        _records = new ServedSet($"{prefix}:", server, add);
        _slow = [.. ZebraRecords.All.Where(r => r.Value.Kind != ZebraRecordKind.Command).SelectMany(Halves).Except(Fast)];
        foreach (var (address, record) in ZebraRecords.All)
            Serve(address, record);
        _records.Choice("CONNECTED", ["Not Connected", "Connected"], 0);
        _records.Choice("INITIAL_POLL_DONE", ["No", "Yes"], 0);
        Number("PC_NUM_CAP");
        Number("PC_ARM_OUT");
        for (var n = 0; n < 4; n++)
        {
            _records.Add($"M{n + 1}:ERES", "calcout", Dbr.Double, new PvValue.Number(pace.Motors[n].Scale));
            _records.Add($"M{n + 1}:OFF", "calcout", Dbr.Double, new PvValue.Number(pace.Motors[n].Offset));
        }
        _arrays = new ZebraIocArrays(_records, pace, server);
        var update = Number("ARRAY_UPDATE").Record.Add("PROC", Dbr.Char, new PvValue.Integer(0));
        update.Written = (_, complete) =>
        {
            _arrays.Publish(_acquires);
            complete();
            return CaStatus.Normal;
        };
        line.Start(
            bytes =>
            {
                var copy = bytes.ToArray();
                server.Run(() => Receive(copy));
            },
            _ => server.Run(Down));
        // It has read everything once before anybody looks: a real one takes a minute.
        foreach (var address in _slow.Concat(Fast))
            Read(address, address == Fast[^1] ? Up : null);
    }

    private static IEnumerable<byte> Halves(KeyValuePair<byte, ZebraRecord> record) =>
        record.Value.Kind == ZebraRecordKind.Pair ? [record.Key, (byte)(record.Key + 1)] : [record.Key];

    private ServedPv Number(string record) => _records.Add(record, "ai", Dbr.Double, new PvValue.Number(0));

    private void Serve(byte address, ZebraRecord record)
    {
        if (record.Kind != ZebraRecordKind.Status)
        {
            var demand = _records.Add(record.Demand, "ao", Dbr.Double, new PvValue.Number(0), isWritable: true);
            demand.Written = (value, complete) =>
            {
                demand.Post(value, _server.StampNs);
                Write(address, record, unchecked((uint)(long)Math.Round(value.AsNumber())), complete);
                return CaStatus.Normal;
            };
        }
        if (record.Kind == ZebraRecordKind.Prescaler)
            _records.Choice($"{record.Name}:RBV", ["ms", "s", "10s"], 0).Record.Add("RVAL", Dbr.Long, new PvValue.Integer(0));
        else if (record.Kind != ZebraRecordKind.Command)
            Number(record.ReadBack);
    }

    private void Write(byte address, ZebraRecord record, uint value, Action complete)
    {
        if (record.Kind == ZebraRecordKind.Command)
        {
            Ask(new ZebraRequest.Write(address, (ushort)value), _ =>
            {
                if (address == ZebraRegister.SysReset)
                    Reset(acquires: false);
                complete();
            });
            return;
        }
        var word = new ZebraWord(address, value, record.Kind == ZebraRecordKind.Pair);
        foreach (var (register, half) in word.Writes)
            Ask(new ZebraRequest.Write(register, half), _ => { });
        foreach (var (register, _) in word.Writes.Reverse())
            Read(register, register == address ? complete : null);
    }

    private void Read(byte address, Action? done) => Ask(new ZebraRequest.Read(address), reply =>
    {
        if (reply is ZebraReply.Value value)
        {
            _words[address] = value.Word;
            Show(address);
        }
        done?.Invoke();
    });

    private void Show(byte address)
    {
        if (address == ZebraRegister.PcBitCap)
        {
            _arrays.BitCap = _words[address];
            _protocol.Expect(System.Numerics.BitOperations.PopCount(_words[address]));
        }
        var record = ZebraRecords.Of(address);
        switch (record.Kind)
        {
            case ZebraRecordKind.Pair:
                var low = ZebraRegister.IsLow(address) ? address : (byte)(address - 1);
                _records.Set(record.ReadBack, new PvValue.Number((int)((uint)_words[low + 1] << 16 | _words[low])));
                break;
            case ZebraRecordKind.Prescaler:
                var choice = _records[$"{record.Name}:RBV"];
                choice.Record.Fields["RVAL"].Post(new PvValue.Integer(_words[address]), _server.StampNs);
                if (Array.IndexOf([5, 5000, 50000], (int)_words[address]) is >= 0 and var index)
                    _records.Choose($"{record.Name}:RBV", index);
                break;
            default:
                _records.Set(record.ReadBack, new PvValue.Number(_words[address]));
                break;
        }
        if (address is ZebraRegister.PcNumCap or ZebraRegister.PcNumCap + 1)
            _records.Set("PC_NUM_CAP", new PvValue.Number((uint)_words[ZebraRegister.PcNumCap + 1] << 16 | _words[ZebraRegister.PcNumCap]));
        if (address == ZebraRegister.SysStat1Hi)
            _records.Set("PC_ARM_OUT", new PvValue.Number(_words[address] >> (ZebraRegister.BusArm - 16) & 1));
    }

    private void Up()
    {
        if (_isUp)
            return;
        _isUp = true;
        _records.Choose("CONNECTED", 1);
        _records.Choose("INITIAL_POLL_DONE", 1);
        Every(_pace.InterruptNs, TakeInterrupts);
        Every(UpdateNs, () => _arrays.Publish(_acquires));
        Poll();
    }

    private void Down()
    {
        _isUp = false;
        _records.Choose("CONNECTED", 0);
    }

    private void Every(long periodNs, Action what) => _server.At(_server.NowNs + periodNs, () =>
    {
        if (!_isUp)
            return;
        what();
        Every(periodNs, what);
    });

    /// <summary>All fast registers, then three slow ones, each a period after the other; only the fast ones while it acquires.</summary>
    private void Poll() => _server.At(_server.NowNs + _pace.PollNs * (_acquires ? PollsPerRound : 1), () =>
    {
        if (!_isUp)
            return;
        _round = (_round + 1) % PollsPerRound;
        if (_acquires || _round == 0)
        {
            foreach (var address in Fast)
                Read(address, address == Fast[^1] ? Poll : null);
            return;
        }
        _next = (_next + 1) % _slow.Length;
        Read(_slow[_next], Poll);
    });

    private void TakeInterrupts()
    {
        while (_interrupts.TryDequeue(out var output))
            switch (output)
            {
                case ZebraClientProtocol.Output.Armed:
                    (_words[ZebraRegister.PcNumCap], _words[ZebraRegister.PcNumCap + 1]) = (0, 0);
                    Show(ZebraRegister.PcNumCap);
                    Reset(acquires: true);
                    break;
                case ZebraClientProtocol.Output.Sample sample:
                    _arrays.Add(sample.Words);
                    break;
                case ZebraClientProtocol.Output.Damaged { Line: ['P', .. var rest] }:
                    _arrays.Add(Scanned(rest));
                    break;
                case ZebraClientProtocol.Output.Disarmed:
                    _acquires = false;
                    _arrays.Publish(_acquires, always: true);
                    break;
            }
    }

    /// <summary>Fields of eight digits as far as they go: an IOC does not look at a line's length.</summary>
    private uint[] Scanned(string digits)
    {
        var words = new uint[1 + System.Numerics.BitOperations.PopCount(_arrays.BitCap)];
        for (var i = 0; i < words.Length && digits.Length > 0; i++)
        {
            var field = digits[..Math.Min(8, digits.Length)];
            _ = uint.TryParse(field, System.Globalization.NumberStyles.HexNumber, null, out words[i]);
            digits = digits[field.Length..];
        }
        return words;
    }

    private void Reset(bool acquires)
    {
        _acquires = acquires;
        _arrays.Clear();
        _arrays.Publish(acquires, always: true);
    }

    private void Ask(ZebraRequest request, Action<ZebraReply> replied)
    {
        _asked.Enqueue(replied);
        _protocol.Send(request, _server.NowNs);
        Drain();
    }

    private void Receive(byte[] bytes)
    {
        _protocol.Receive(bytes, _server.NowNs);
        Drain();
    }

    private void Drain()
    {
        while (_protocol.TryTake(out var output))
            switch (output)
            {
                case ZebraClientProtocol.Output.Transmit transmit:
                    _line.Send(transmit.Bytes);
                    break;
                case ZebraClientProtocol.Output.Replied replied:
                    _asked.Dequeue()(replied.Reply);
                    break;
                case ZebraClientProtocol.Output.Fault:
                    Down();
                    break;
                default:
                    _interrupts.Enqueue(output);
                    break;
            }
        _tick?.Dispose();
        _tick = _protocol.NextDeadline is { } deadline
            ? _server.At(deadline, () =>
            {
                _protocol.Tick(_server.NowNs);
                Drain();
            })
            : null;
    }
}
