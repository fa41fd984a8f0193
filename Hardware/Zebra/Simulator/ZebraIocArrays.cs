using Flyscan.Hardware.Epics;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Epics.ChannelAccess.Server;
using Flyscan.Hardware.Zebra.Ioc;

namespace Flyscan.Hardware.Zebra.Simulator;

/// <summary>The arrays of samples that an IOC keeps, and the records that show them when they are published.</summary>
internal sealed class ZebraIocArrays
{
    private const int Encoders = 4;

    private readonly ServedSet _records;
    private readonly ZebraIocPace _pace;
    private readonly CaServer _server;
    private readonly List<double> _times = [];
    private readonly List<double>[] _fields = [.. ZebraRecords.Arrays.Select(_ => new List<double>())];
    private int _published = -1;
    private uint _lastStamp;
    private long _turns;

    public ZebraIocArrays(ServedSet records, ZebraIocPace pace, CaServer server)
    {
        (_records, _pace, _server) = (records, pace, server);
        foreach (var record in ZebraRecords.Arrays.Prepend(ZebraRecords.Times))
            records.Add(record, "waveform", Dbr.Double, new PvValue.Array<double>([]), pace.ArrayLength);
        records.Add("PC_NUM_DOWN", "ai", Dbr.Double, new PvValue.Number(0));
        records.Add("ARRAY_ACQ", "ai", Dbr.Double, new PvValue.Number(0));
    }

    /// <summary>Which fields a sample has.</summary>
    public ushort BitCap { get; set; }

    public void Clear()
    {
        _times.Clear();
        foreach (var field in _fields)
            field.Clear();
        (_lastStamp, _turns) = (0, 0);
    }

    /// <summary>Takes a sample where there is room; fields that are not captured are 0.</summary>
    public void Add(uint[] words)
    {
        if (_times.Count >= _pace.ArrayLength)
            return;
        if (words[0] < _lastStamp)
            _turns++;
        _lastStamp = words[0];
        _times.Add(((_turns << 32) + words[0]) * ZebraRecords.TimeCount);
        for (int bit = 0, at = 1; bit < _fields.Length; bit++)
        {
            var value = 0.0;
            if ((BitCap >> bit & 1) != 0)
                value = bit < Encoders ? (int)words[at++] * _pace.Motors[bit].Scale + _pace.Motors[bit].Offset : words[at++];
            _fields[bit].Add(value);
        }
    }

    /// <summary>Shows what has come since it was last shown.</summary>
    public void Publish(bool acquires, bool always = false)
    {
        if (_published == _times.Count && !always)
            return;
        _published = _times.Count;
        // One place more than samples, for the sake of plots.
        Show(ZebraRecords.Times, _times.Count < _pace.ArrayLength ? _times.Append(_times.LastOrDefault()) : _times);
        for (var bit = 0; bit < Encoders; bit++)
            Show(ZebraRecords.Arrays[bit], _fields[bit]);
        _records.Set("PC_NUM_DOWN", new PvValue.Number(_published));
        _records.Set("ARRAY_ACQ", new PvValue.Number(acquires ? 1 : 0));
        for (var bit = Encoders; bit < _fields.Length; bit++)
            Show(ZebraRecords.Arrays[bit], _fields[bit]);
    }

    private void Show(string record, IEnumerable<double> values) =>
        _records[record].Post(new PvValue.Array<double>([.. values]), _server.StampNs);
}
