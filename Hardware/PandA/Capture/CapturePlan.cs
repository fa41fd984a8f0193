using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Capture;

/// <summary>What the box captures for a scan, and the datasets that it becomes.</summary>
internal sealed class CapturePlan
{
    private const int ChunkFrames = 1024;
    private static readonly string[] Stamps = ["TS_START", "TS_END", "TS_TRIG", "GATE_DURATION"];
    private static readonly string[] StampKeys = ["timestamp_start", "timestamp_end", "timestamp_trigger", "gate_duration"];

    private readonly List<Column> _columns = [];
    private readonly List<(string Field, string Options)> _captures = [];

    public CapturePlan(EquatableArray<PandAEncoder> encoders, IEnumerable<PandADetector> detectors)
    {
        foreach (var encoder in encoders)
        {
            _captures.Add(($"{encoder.Input}.VAL", "Min Max Mean"));
            Add(encoder.Axis, $"{encoder.Input}.VAL", "Mean", encoder.Unit, "axis", encoder.Axis);
            Add($"{encoder.Axis}_min", $"{encoder.Input}.VAL", "Min", encoder.Unit, "axis", encoder.Axis);
            Add($"{encoder.Axis}_max", $"{encoder.Input}.VAL", "Max", encoder.Unit, "axis", encoder.Axis);
        }
        foreach (var detector in detectors)
            AddDetector(detector);
        for (var i = 0; i < Stamps.Length; i++)
        {
            _captures.Add(($"PCAP.{Stamps[i]}", "Value"));
            _columns.Add(new(StampKeys[i], $"PCAP.{Stamps[i]}", "Value", "<i8", "ns", "timestamp", null));
        }
        _columns.Add(new("sample_index", "", "", "<i8", "", "identity", null));
    }

    /// <summary>Fields to be captured, with the server's options in its own order.</summary>
    public IReadOnlyList<(string Field, string Options)> Captures => _captures;

    public EquatableArray<SegmentDataset> Datasets => _columns
        .Select(c => new SegmentDataset(c.Key, $"/entry/data/{c.Key}", c.NumpyType, [], Unit(c), c.Role, c.Axis, ChunkFrames))
        .ToEquatableArray();

    public EquatableArray<DatasetSpec> Specs => _columns
        .Select(c => new DatasetSpec($"/entry/data/{c.Key}", c.NumpyType, [], ChunkFrames, Unit(c), Describe(c))).ToEquatableArray();

    public int[] ColumnBytes => [.. _columns.Select(c => c.NumpyType[^1] - '0')];

    /// <summary>How samples of this header become columns; throws when a field is missing.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming the field: somebody changed what is captured.</remarks>
    public SampleReader[] Readers(PandADataHeader header, long tickNs) => [.. _columns.Select(c => Reader(c, header, tickNs))];

    /// <summary>Reads one column of many samples.</summary>
    /// <remarks><b>Shapes</b> samples: count × sample bytes; into: count × column bytes.</remarks>
    public delegate void SampleReader(ReadOnlySpan<byte> samples, int stride, int count, long firstIndex, Span<byte> into);

    private static string? Unit(Column column) => column.Unit.Length == 0 ? null : column.Unit;

    private static string Describe(Column column) => column.Field.Length == 0
        ? "number of the sample since the capture was armed"
        : $"{column.Field} {column.Capture}";

    private static SampleReader Reader(Column column, PandADataHeader header, long tickNs)
    {
        if (column.Field.Length == 0)
            return ReadIndex;
        var at = Find(header, column.Field, column.Capture, out var field);
        if (column.Role == "timestamp")
            return Ticks(at, field.Type, tickNs);
        if (column.Capture == "Mean")
            return Mean(at, Find(header, "PCAP.GATE_DURATION", "Value", out _), field);
        if (!field.HasScale)
            return Words(at);
        // A difference has no offset, although the server's own scaling would add it.
        return Scaled(at, field, column.Capture is "Diff" or "Sum" ? 0 : field.Offset);
    }

    private static int Find(PandADataHeader header, string name, string capture, out PandADataField field)
    {
        var at = 0;
        foreach (var candidate in header.Fields)
        {
            field = candidate;
            if (candidate.Name == name && candidate.Capture == capture)
                return at;
            at += candidate.Bytes;
        }
        throw new IOException($"the capture has no {name} {capture}: somebody changed what the box captures");
    }

    private static void ReadIndex(ReadOnlySpan<byte> samples, int stride, int count, long firstIndex, Span<byte> into)
    {
        var values = MemoryMarshal.Cast<byte, long>(into);
        for (var i = 0; i < count; i++)
            values[i] = firstIndex + i;
    }

    private static SampleReader Ticks(int at, PandAFieldType type, long tickNs) => (samples, stride, count, _, into) =>
    {
        var values = MemoryMarshal.Cast<byte, long>(into);
        for (var i = 0; i < count; i++)
        {
            var sample = samples[(i * stride + at)..];
            // A gate duration is unsigned on the wire, whatever the header says; a stamp of -1 means that the gate never rose.
            var ticks = type == PandAFieldType.Int64
                ? BinaryPrimitives.ReadInt64LittleEndian(sample)
                : BinaryPrimitives.ReadUInt32LittleEndian(sample);
            values[i] = ticks < 0 ? -1 : ticks * tickNs;
        }
    };

    private static SampleReader Mean(int at, int gateAt, PandADataField field) => (samples, stride, count, _, into) =>
    {
        var values = MemoryMarshal.Cast<byte, double>(into);
        for (var i = 0; i < count; i++)
        {
            var sum = BinaryPrimitives.ReadInt64LittleEndian(samples[(i * stride + at)..]);
            var gate = BinaryPrimitives.ReadUInt32LittleEndian(samples[(i * stride + gateAt)..]);
            values[i] = gate == 0 ? double.NaN : (double)sum / gate * field.Scale + field.Offset;
        }
    };

    private static SampleReader Words(int at) => (samples, stride, count, _, into) =>
    {
        for (var i = 0; i < count; i++)
            samples.Slice(i * stride + at, 4).CopyTo(into[(i * 4)..]);
    };

    private static SampleReader Scaled(int at, PandADataField field, double offset) => (samples, stride, count, _, into) =>
    {
        var values = MemoryMarshal.Cast<byte, double>(into);
        for (var i = 0; i < count; i++)
        {
            var sample = samples[(i * stride + at)..];
            var raw = field.Type == PandAFieldType.Int64
                ? BinaryPrimitives.ReadInt64LittleEndian(sample)
                : BinaryPrimitives.ReadInt32LittleEndian(sample);
            values[i] = raw * field.Scale + offset;
        }
    };

    private void Add(string key, string field, string capture, string unit, string role, string? axis) =>
        _columns.Add(new(key, field, capture, "<f8", unit, role, axis));

    private void AddDetector(PandADetector detector)
    {
        var words = detector.Capture.StartsWith("PCAP.BITS", StringComparison.Ordinal);
        _captures.Add((detector.Capture, string.Join(' ', detector.Options)));
        for (var i = 0; i < detector.Options.Count; i++)
        {
            var option = detector.Options[i];
            // The first option is the detector's signal; others stand beside it under their own names.
            var key = i == 0 ? detector.Name : $"{detector.Name}_{option.ToLowerInvariant()}";
            _columns.Add(new(key, detector.Capture, option, words ? "<u4" : "<f8", detector.Unit, "detector", null));
        }
    }

    private sealed record Column(string Key, string Field, string Capture, string NumpyType, string Unit, string Role, string? Axis);
}
