using System.Buffers.Binary;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What one armed capture takes at each trigger, in the order of the data.</summary>
/// <remarks><b>Source</b> protocol reference, section 5: unscaled words, scaled words, 64-bit values, means.</remarks>
internal sealed class CaptureLayout
{
    private const double SecondsPerTick = PandASimulator.TickNs * 1e-9;

    private readonly List<(PandADataField Field, Func<CaptureGate, long> Read)> _columns = [];

    public CaptureLayout(IEnumerable<(string Name, CapturableField Field)> captured, Func<int, uint> bits)
    {
        var all = captured.Where(c => c.Field.Capture.Count > 0).ToList();
        foreach (var (name, field) in all.Where(c => c.Field is ExtOutField { Kind: "bits" }))
        {
            var word = name[^1] - '0';
            Add(new(name, PandAFieldType.UInt32, "Value", HasScale: false), _ => bits(word));
        }
        foreach (var (name, field) in all)
            AddWords(name, field);
        foreach (var (name, field) in all)
            AddLongs(name, field);
        foreach (var (name, field) in all)
            if (field is PosOutField mean && mean.Capture.Contains("Mean"))
                Add(Position(name, mean, "Mean", PandAFieldType.Int64), gate => gate.Of(mean.Source).Sum);
        AddHiddenGate();
        Fields = _columns.Select(c => c.Field).ToEquatableArray();
        SampleBytes = Fields.Sum(f => f.Bytes);
    }

    public EquatableArray<PandADataField> Fields { get; }

    public int SampleBytes { get; }

    /// <summary>GATE_DURATION stands first though nobody asked for it.</summary>
    public bool HiddenGate { get; private set; }

    /// <summary>Where GATE_DURATION stands in a sample; -1 when nothing needs it.</summary>
    public int GateAt
    {
        get
        {
            var at = 0;
            foreach (var column in Fields)
            {
                if (column.Name == "PCAP.GATE_DURATION")
                    return at;
                at += column.Bytes;
            }
            return -1;
        }
    }

    public byte[] Sample(CaptureGate gate)
    {
        var sample = new byte[SampleBytes];
        var at = 0;
        foreach (var (field, read) in _columns)
        {
            var value = read(gate);
            if (field.Bytes == 4)
                BinaryPrimitives.WriteInt32LittleEndian(sample.AsSpan(at), unchecked((int)value));
            else
                BinaryPrimitives.WriteInt64LittleEndian(sample.AsSpan(at), value);
            at += field.Bytes;
        }
        return sample;
    }

    private static PandADataField Position(string name, PosOutField field, string capture, PandAFieldType type) =>
        new(name, type, capture, field.Scale, field.Offset, field.Units ?? "(null)");

    private static PandADataField Ticks(string name, PandAFieldType type) => new(name, type, "Value", SecondsPerTick, 0, "s");

    private void Add(PandADataField field, Func<CaptureGate, long> read) => _columns.Add((field, read));

    private void AddWords(string name, CapturableField field)
    {
        if (field is ExtOutField { Kind: "GATE_DURATION" })
            Add(Ticks(name, PandAFieldType.Int32), gate => gate.Ticks);
        if (field is not PosOutField position)
            return;
        foreach (var capture in position.Capture)
            if (Word(position, capture) is { } read)
                Add(Position(name, position, capture, PandAFieldType.Int32), read);
    }

    private static Func<CaptureGate, long>? Word(PosOutField field, string capture) => capture switch
    {
        "Value" => gate => field.Source.At(gate.TriggerNs),
        "Diff" => gate => gate.Of(field.Source).Diff,
        "Min" => gate => gate.Of(field.Source).Min,
        "Max" => gate => gate.Of(field.Source).Max,
        _ => null,
    };

    private void AddLongs(string name, CapturableField field)
    {
        if (field is PosOutField position && position.Capture.Contains("Sum"))
            Add(Position(name, position, "Sum", PandAFieldType.Int64), gate => gate.Of(position.Source).Sum);
        if (field is not ExtOutField { Kind: not "bits" and not "GATE_DURATION" } stamp)
            return;
        Add(Ticks(name, PandAFieldType.Int64), stamp.Kind switch
        {
            "TS_START" => gate => gate.StartTicks,
            "TS_END" => gate => gate.EndTicks,
            _ => gate => gate.TriggerTicks,
        });
    }

    private void AddHiddenGate()
    {
        var needed = _columns.Any(c => c.Field.Capture == "Mean") && _columns.All(c => c.Field.Name != "PCAP.GATE_DURATION");
        if (!needed)
            return;
        HiddenGate = true;
        _columns.Insert(0, (Ticks("PCAP.GATE_DURATION", PandAFieldType.Int32), gate => gate.Ticks));
    }
}
