using System.Buffers.Binary;
using Flyscan.Hardware.PandA.Protocol;

namespace Flyscan.Hardware.PandA.Simulator;

/// <summary>What a column of a raw sample is for.</summary>
internal enum ColumnRole
{
    Plain,
    Mean,
    StdDev,

    /// <summary>Nobody asked for it, but a mean needs it: only raw data carry it.</summary>
    Hidden,
}

/// <summary>One column of a raw sample: where it stands, and of a mean or a deviation where its sum stands.</summary>
internal sealed record CaptureColumn(PandADataField Field, ColumnRole Role, int At, int SumAt, Func<CaptureGate, Int128> Read);

/// <summary>What one armed capture takes at each trigger, in the order of the data.</summary>
/// <remarks><b>Source</b> protocol reference, section 5: unscaled words, scaled words, 64-bit values, means, deviations; recorded
/// sessions 37 to 40.</remarks>
internal sealed class CaptureLayout
{
    private const double SecondsPerTick = PandASimulator.TickNs * 1e-9;

    private readonly List<CaptureColumn> _columns = [];
    private readonly int _shift;

    /// <param name="captured">All that can be captured, in the server's order.</param>
    /// <param name="bits">A word of the bit bus.</param>
    /// <param name="shift">Places by which sums and durations are shifted right.</param>
    public CaptureLayout(IEnumerable<(string Name, CapturableField Field)> captured, Func<int, uint> bits, int shift)
    {
        _shift = shift;
        var all = captured.Where(c => c.Field.Capture.Count > 0).ToList();
        var positions = all.Select(c => (c.Name, Field: c.Field as PosOutField)).Where(c => c.Field is not null).ToList();
        var averages = positions.Any(p => p.Field!.Capture.Any(c => c is "Mean" or "StdDev"));
        if (averages && all.All(c => c.Name != "PCAP.GATE_DURATION"))
            Add(Ticks("PCAP.GATE_DURATION", PandAFieldType.Int32), ColumnRole.Hidden, gate => gate.Ticks >> shift);
        foreach (var (name, field) in all)
            if (field is ExtOutField { Word: { } word })
                Add(new(name, PandAFieldType.UInt32, "Value", HasScale: false), ColumnRole.Plain, _ => bits(word));
        foreach (var (name, field) in all)
            AddWords(name, field);
        foreach (var (name, field) in all)
            AddLongs(name, field);
        foreach (var (name, field) in positions.Where(p => p.Field!.Capture.Contains("Mean") && !p.Field.Capture.Contains("StdDev")))
            Add(Position(name, field!, "Mean", PandAFieldType.Int64), ColumnRole.Mean, gate => gate.Of(field!.Source).Sum >> shift);
        foreach (var (name, field) in positions.Where(p => p.Field!.Capture.Contains("StdDev")))
            AddDeviation(name, field!);
        GateAt = _columns.FirstOrDefault(c => c.Field.Name == "PCAP.GATE_DURATION")?.At ?? -1;
    }

    public IReadOnlyList<CaptureColumn> Columns => _columns;

    public int SampleBytes { get; private set; }

    /// <summary>Where GATE_DURATION stands in a sample; -1 when nothing needs it.</summary>
    public int GateAt { get; }

    public void Write(CaptureGate gate, Span<byte> sample)
    {
        foreach (var column in _columns)
        {
            var value = column.Read(gate);
            var place = sample.Slice(column.At, column.Field.Bytes);
            BinaryPrimitives.WriteInt32LittleEndian(place, unchecked((int)value));
            for (var at = 4; at < place.Length; at += 4)
                BinaryPrimitives.WriteInt32LittleEndian(place[at..], unchecked((int)(value >> (8 * at))));
        }
    }

    private static PandADataField Position(string name, PosOutField field, string capture, PandAFieldType type) =>
        new(name, type, capture, field.Scale, field.Offset, field.Units ?? "(null)");

    private static PandADataField Ticks(string name, PandAFieldType type) => new(name, type, "Value", SecondsPerTick, 0, "s");

    private void Add(PandADataField field, ColumnRole role, Func<CaptureGate, Int128> read, int? sumAt = null)
    {
        _columns.Add(new(field, role, SampleBytes, sumAt ?? SampleBytes, read));
        SampleBytes += field.Bytes;
    }

    private void AddDeviation(string name, PosOutField field)
    {
        var sumAt = SampleBytes;
        var role = field.Capture.Contains("Mean") ? ColumnRole.Mean : ColumnRole.Hidden;
        Add(Position(name, field, "Mean", PandAFieldType.Int64), role, gate => gate.Of(field.Source).Sum >> _shift);
        var deviation = Position(name, field, "StdDev", PandAFieldType.Int96);
        Add(deviation, ColumnRole.StdDev, gate => gate.Of(field.Source).Squares >> _shift, sumAt);
    }

    private void AddWords(string name, CapturableField field)
    {
        if (field is ExtOutField { Kind: "GATE_DURATION" })
            Add(Ticks(name, PandAFieldType.Int32), ColumnRole.Plain, gate => gate.Ticks >> _shift);
        if (field is not PosOutField position)
            return;
        foreach (var capture in position.Capture)
            if (Word(position, capture) is { } read)
                Add(Position(name, position, capture, PandAFieldType.Int32), ColumnRole.Plain, read);
    }

    private static Func<CaptureGate, Int128>? Word(PosOutField field, string capture) => capture switch
    {
        "Value" => gate => gate.Of(field.Source).At(gate.TriggerTick),
        "Diff" => gate => gate.Of(field.Source).Diff,
        "Min" => gate => gate.Of(field.Source).Min,
        "Max" => gate => gate.Of(field.Source).Max,
        _ => null,
    };

    private void AddLongs(string name, CapturableField field)
    {
        if (field is PosOutField position && position.Capture.Contains("Sum"))
            Add(Position(name, position, "Sum", PandAFieldType.Int64), ColumnRole.Plain, gate => gate.Of(position.Source).Sum >> _shift);
        if (field is not ExtOutField { Word: null, Kind: not "GATE_DURATION" } stamp)
            return;
        Add(Ticks(name, PandAFieldType.Int64), ColumnRole.Plain, stamp.Kind switch
        {
            "TS_START" => gate => gate.StartTicks,
            "TS_END" => gate => gate.EndTicks,
            _ => gate => gate.TriggerTicks,
        });
    }
}
