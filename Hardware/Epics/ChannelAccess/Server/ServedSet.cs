using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>Records of one prefix, each with its value alone: what a database of set-points and readbacks looks like.</summary>
internal sealed class ServedSet(string prefix, CaServer server, Action<ServedRecord> add)
{
    private readonly Dictionary<string, ServedPv> _values = new(StringComparer.Ordinal);

    public ServedPv this[string record] => _values[record];

    public bool Has(string record) => _values.ContainsKey(record);

    public double Number(string record) => _values[record].Value.AsNumber();

    public string Text(string record) => _values[record].Value.AsText();

    /// <summary>A record that clients only read, unless they may write it too.</summary>
    public ServedPv Add(string record, string type, ushort native, PvValue value, int most = 1, bool isWritable = false)
    {
        var served = new ServedRecord(prefix + record, type);
        var pv = served.Add("VAL", native, value, most);
        pv.IsWritable = isWritable;
        pv.Post(value, server.StampNs);
        _values.Add(record, pv);
        add(served);
        return pv;
    }

    public ServedPv Choice(string record, IReadOnlyList<string> choices, int index, bool isWritable = false)
    {
        var pv = Add(
            record, choices.Count == 2 ? "bo" : "mbbo", Dbr.Enum, new PvValue.Choice(index, choices[index]), isWritable: isWritable);
        pv.Metadata = new PvMetadata(pv.Value, default) { Choices = choices.ToEquatableArray() };
        return pv;
    }

    public ServedPv Characters(string record, string text, bool isWritable = false) =>
        Add(record, "waveform", Dbr.Char, CharactersOf(text), 256, isWritable);

    /// <summary>A set-point and its readback, which follows what the device makes of it.</summary>
    public void Pair(string record, Func<ServedSet, string, ServedPv> make, Func<PvValue, PvValue>? takes = null)
    {
        var demand = make(this, record);
        var readBack = make(this, $"{record}_RBV");
        demand.IsWritable = true;
        readBack.IsWritable = false;
        demand.Written = (value, complete) =>
        {
            demand.Post(value, server.StampNs);
            readBack.Post(takes is null ? value : takes(value), server.StampNs);
            complete();
            return CaStatus.Normal;
        };
    }

    /// <summary>Changes a value, where it is another one.</summary>
    public void Set(string record, PvValue value)
    {
        if (!_values[record].Value.Equals(value))
            _values[record].Post(value, server.StampNs);
    }

    public void Set(string record, long value) => Set(record, new PvValue.Integer(value));

    public void Set(string record, string text) => Set(record, CharactersOf(text));

    /// <summary>Sets a choice by its index.</summary>
    public void Choose(string record, int index) => Set(record, new PvValue.Choice(index, _values[record].Metadata.Choices[index]));

    private static PvValue.Array<byte> CharactersOf(string text) => new([.. EpicsText.Bytes(text), 0]);
}
