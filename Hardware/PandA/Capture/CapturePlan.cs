using Flyscan.Hardware.Capture;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.PandA.Capture;

/// <summary>What the box captures for a scan, and the datasets that it becomes.</summary>
internal sealed class CapturePlan
{
    /// <summary>Frames of a chunk: 128 KiB of a column, so that at a million frames a second the file's index does not become the work.
    /// </summary>
    public const int ChunkFrames = 16_384;

    /// <summary>What the server can do with a value over an exposure, in the order in which it lists them.</summary>
    public static readonly EquatableArray<string> KnownOptions = ["Value", "Diff", "Sum", "Min", "Max", "Mean", "StdDev"];

    private const string GateDuration = "PCAP.GATE_DURATION";
    private static readonly string[] Stamps = ["TS_START", "TS_END", "TS_TRIG", "GATE_DURATION"];
    private static readonly string[] StampKeys = ["timestamp_start", "timestamp_end", "timestamp_trigger", "gate_duration"];

    private readonly List<Column> _columns = [];
    private readonly List<(string Field, EquatableArray<string> Options)> _captures = [];

    /// <param name="frameCounter">A COUNTER block that numbers the frames; null: they are numbered as they come.</param>
    public CapturePlan(
        EquatableArray<PandAEncoder> encoders, IEnumerable<PandADetector> detectors, IEnumerable<PandAExposureOut>? counted = null,
        string? frameCounter = null)
    {
        foreach (var encoder in encoders)
            AddEncoder(encoder);
        foreach (var detector in detectors)
            AddDetector(detector);
        for (var i = 0; i < Stamps.Length; i++)
        {
            Capture($"PCAP.{Stamps[i]}", ["Value"]);
            _columns.Add(new(StampKeys[i], $"PCAP.{Stamps[i]}", "Value", "<i8", "ns", "timestamp", null));
        }
        if (frameCounter is null)
        {
            _columns.Add(new("sample_index", "", "", "<i8", "", "identity", null));
        }
        else
        {
            Capture($"{frameCounter}.OUT", ["Value"]);
            _columns.Add(new("sample_index", $"{frameCounter}.OUT", "Value", "<i4", "", "identity", null));
        }
        foreach (var exposures in counted ?? [])
        {
            Capture($"{exposures.Counter}.OUT", ["Value"]);
            _columns.Add(new(ScanDecider.CounterOf(exposures.Detector), $"{exposures.Counter}.OUT", "Value", "<f8", "", "identity", null));
        }
    }

    private CapturePlan()
    {
    }

    /// <summary>Takes no columns: for who only reads a header, or counts.</summary>
    public static CapturePlan Nothing { get; } = new();

    /// <summary>Fields to be captured, with the server's options in its own order.</summary>
    public IEnumerable<(string Field, string Options)> Captures => _captures
        .Select(c => (c.Field, string.Join(' ', KnownOptions.Where(c.Options.Contains))));

    /// <summary>What becomes a dataset each.</summary>
    public IReadOnlyList<Column> Columns => _columns;

    /// <summary>Options in use.</summary>
    public IEnumerable<string> Options => _captures.SelectMany(c => c.Options).Distinct();

    public EquatableArray<SegmentDataset> Datasets => _columns
        .Select(c => new SegmentDataset(c.Key, $"/entry/data/{c.Key}", c.NumpyType, [], Unit(c), c.Role, c.Axis, ChunkFrames))
        .ToEquatableArray();

    public EquatableArray<DatasetSpec> Specs => _columns
        .Select(c => new DatasetSpec($"/entry/data/{c.Key}", c.NumpyType, [], ChunkFrames, Unit(c), Describe(c), c.NumpyType == "<i8"))
        .ToEquatableArray();

    /// <summary>How samples of this header become columns; throws when a field is missing.</summary>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming the field: somebody changed what is captured.</remarks>
    public SampleReader[] Readers(PandADataHeader header, long tickNs) => [.. _columns.Select(c => Reader(c, header, tickNs))];

    private static string? Unit(Column column) => column.Unit.Length == 0 ? null : column.Unit;

    private static string Describe(Column column) => column.Field.Length == 0
        ? "number of the sample since the capture was armed"
        : column.Capture == "Value" ? $"{column.Field} at the trigger" : $"{column.Field} {column.Capture} over the exposure";

    private static SampleReader Reader(Column column, PandADataHeader header, long tickNs)
    {
        if (column.Field.Length == 0)
            return ColumnReaders.Index;
        var at = Find(header, column.Field, column.Capture, out var field);
        var wide = field.Type == PandAFieldType.Int64;
        if (column.Role == "timestamp")
            return wide ? ColumnReaders.Ticks64(at, tickNs) : ColumnReaders.Ticks32(at, tickNs);
        if (column.Capture == "Mean")
            return ColumnReaders.Mean(at, Find(header, GateDuration, "Value", out _), field.Scale, field.Offset);
        if (column.Capture == "StdDev")
            return ColumnReaders.StdDev(
                at, Find(header, column.Field, "Mean", out _), Find(header, GateDuration, "Value", out _), field.Scale);
        if (!field.HasScale)
            return ColumnReaders.Words(at);
        // A difference has no offset, although the server's own scaling would add it.
        var offset = column.Capture is "Diff" or "Sum" ? 0 : field.Offset;
        return wide ? ColumnReaders.Scaled64(at, field.Scale, offset) : ColumnReaders.Scaled32(at, field.Scale, offset);
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

    private void AddEncoder(PandAEncoder encoder)
    {
        var field = $"{encoder.Input}.VAL";
        Capture(field, encoder.Captures);
        // The mean over the exposure is where the frame was taken; others stand beside it.
        foreach (var option in encoder.Captures.OrderBy(o => o != "Mean"))
        {
            var key = option == "Mean" ? encoder.Axis : $"{encoder.Axis}_{Suffix(option)}";
            _columns.Add(new(key, field, option, "<f8", UnitOf(option, encoder.Unit), "axis", encoder.Axis));
        }
    }

    private void AddDetector(PandADetector detector)
    {
        var words = detector.Capture.StartsWith("PCAP.BITS", StringComparison.Ordinal);
        Capture(detector.Capture, detector.Options);
        for (var i = 0; i < detector.Options.Count; i++)
        {
            var option = detector.Options[i];
            // The first option is the detector's signal; others stand beside it under their own names.
            var key = i == 0 ? detector.Name : $"{detector.Name}_{Suffix(option)}";
            _columns.Add(new(key, detector.Capture, option, words ? "<u4" : "<f8", UnitOf(option, detector.Unit), "detector", null));
        }
    }

    /// <summary>A sum is over clock ticks.</summary>
    private static string UnitOf(string option, string unit) => option != "Sum" || unit.Length == 0 ? unit : $"{unit}*tick";

    private static string Suffix(string option) => option == "StdDev" ? "std" : option.ToLowerInvariant();

    /// <summary>One field may be asked for twice, by an axis and a detector: the server has one list of options for it.</summary>
    private void Capture(string field, EquatableArray<string> options)
    {
        var at = _captures.FindIndex(c => c.Field == field);
        if (at < 0)
            _captures.Add((field, options));
        else
            _captures[at] = (field, _captures[at].Options.Union(options).ToEquatableArray());
    }

    /// <summary>A value of a field, and the dataset that it becomes.</summary>
    internal sealed record Column(string Key, string Field, string Capture, string NumpyType, string Unit, string Role, string? Axis);
}
