using System.Buffers.Binary;
using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Zebra.Protocol;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Zebra;

/// <summary>What the box captures with each pulse for a scan, and the datasets that it becomes.</summary>
/// <remarks>Beside what is asked for there are always the system bus's upper half, whose soft input tells whether the gate was open, and
/// the count of a divider, which numbers the pulses.</remarks>
internal sealed class ZebraCapture
{
    /// <summary>Samples that the box's memory holds, times the words of one.</summary>
    public const int BufferWords = 500_000;

    private const int ChunkFrames = 1024;
    private const int FirstDividerBit = 6;
    private const int UpperBusBit = 5;

    private readonly List<Column> _columns = [];
    private readonly List<int> _bits;
    private readonly int _gateMask;
    private readonly int _busAt;
    private readonly int _countAt;

    public ZebraCapture(ZebraSettings settings, IEnumerable<ZebraDetector> detectors)
    {
        var wanted = detectors.ToList();
        var counter = FirstDividerBit + settings.Blocks - 1;
        _bits = [.. settings.Encoders.Select(e => e.Channel - 1).Concat(wanted.Select(d => d.Bit)).Append(UpperBusBit).Append(counter)
            .Distinct().Order()];
        (_busAt, _countAt) = (At(UpperBusBit), At(counter));
        _gateMask = 1 << (ZebraRegister.BusSoftIn(settings.Blocks) - 32);
        foreach (var encoder in settings.Encoders)
        {
            var at = At(encoder.Channel - 1);
            Add(new(encoder.Axis, "<f8", encoder.Unit, "axis", encoder.Axis, $"ENC{encoder.Channel} when the exposure began"), (row, s) =>
                BinaryPrimitives.WriteDoubleLittleEndian(row, encoder.PositionAt((int)s.Words[at])));
        }
        foreach (var detector in wanted)
        {
            var at = At(detector.Bit);
            Add(new(detector.Name, "<f8", detector.Unit, "detector", null, $"{detector.Field} when the exposure began"), (row, s) =>
                BinaryPrimitives.WriteDoubleLittleEndian(row, detector.Bit < 4 ? (int)s.Words[at] : s.Words[at]));
        }
        Add(new("timestamp_start", "<i8", "ns", "timestamp", null, "time stamp of the pulse"), (row, s) =>
            BinaryPrimitives.WriteInt64LittleEndian(row, s.StartNs));
        Add(new("sample_index", "<i8", "", "identity", null, "number of the frame since staging, by the box's divider"), (row, s) =>
            BinaryPrimitives.WriteInt64LittleEndian(row, s.Trigger));
    }

    private delegate void Write(Span<byte> row, ZebraRow sample);

    /// <summary>What PC_BIT_CAP is set to.</summary>
    public ushort BitCap => (ushort)_bits.Aggregate(0, (mask, bit) => mask | 1 << bit);

    /// <summary>Fields beside the time stamp.</summary>
    public int Fields => _bits.Count;

    public int RowBytes => 8 * _columns.Count;

    /// <summary>Takes the columns out of rows.</summary>
    public SampleReader[] Readers => [.. _columns.Select((_, column) => Reader(column))];

    /// <summary>Samples that the box holds until they are sent.</summary>
    public int BufferSamples => BufferWords / (1 + Fields);

    public EquatableArray<SegmentDataset> Datasets => _columns
        .Select(c => new SegmentDataset(c.Key, $"/entry/data/{c.Key}", c.NumpyType, [], Unit(c), c.Role, c.Axis, ChunkFrames))
        .ToEquatableArray();

    public EquatableArray<DatasetSpec> Specs => _columns
        .Select(c => new DatasetSpec($"/entry/data/{c.Key}", c.NumpyType, [], ChunkFrames, Unit(c), c.Description)).ToEquatableArray();

    /// <summary>The divider's count in a sample, which numbers the pulses.</summary>
    public uint CountOf(uint[] words) => words[_countAt];

    /// <summary>Whether the gate let the pulse through to the detectors.</summary>
    public bool IsOpen(uint[] words) => (words[_busAt] & _gateMask) != 0;

    public int CountsOf(uint[] words, int channel) => (int)words[At(channel - 1)];

    /// <summary>One row, 8 bytes a column.</summary>
    public byte[] RowOf(ZebraRow sample)
    {
        var row = new byte[RowBytes];
        for (var i = 0; i < _columns.Count; i++)
            _columns[i].Write(row.AsSpan(8 * i, 8), sample);
        return row;
    }

    private static SampleReader Reader(int column) => (rows, stride, count, _, into) =>
    {
        for (var i = 0; i < count; i++)
            rows.Slice(i * stride + 8 * column, 8).CopyTo(into[(8 * i)..]);
    };

    private static string? Unit(Column column) => column.Unit.Length == 0 ? null : column.Unit;

    private int At(int bit) => 1 + _bits.IndexOf(bit);

    private void Add(Column column, Write write)
    {
        column.Write = write;
        _columns.Add(column);
    }

    private sealed record Column(string Key, string NumpyType, string Unit, string Role, string? Axis, string Description)
    {
        public Write Write { get; set; } = null!;
    }
}

/// <summary>A sample of a frame. Trigger: counted since staging. <b>Units</b> StartNs nanoseconds since the session's clock zero.</summary>
internal readonly record struct ZebraRow(uint[] Words, long StartNs, long Trigger);
