using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Files;

/// <summary>What a master file tells about a scan, as far as it has come.</summary>
/// <remarks><b>Units</b> StartTime, EndTime: ISO 8601 with offset. RunFolder: where the file goes; segments' paths are relative to it.
/// MappingBudget: most mappings of one virtual dataset in the scan's shape.</remarks>
public sealed record MasterFileContent(string RunFolder, string Uid, string Title, ScanGrid Grid, string StartTime, string Status)
{
    /// <summary>The mapping budget where none is configured.</summary>
    public const int DefaultMappingBudget = 10_000;

    public EquatableArray<Segment> Segments { get; init; }

    public EquatableArray<Extent> Committed { get; init; }

    /// <summary>Frames as they were told before they were committed, in that order; empty where nobody wants that.</summary>
    public EquatableArray<RecordedRange> Recorded { get; init; }

    public DetectorRates Rates { get; init; } = DetectorRates.AllBase;

    public EquatableArray<SetpointAxis> Axes { get; init; }

    public EquatableArray<MetadataItem> Metadata { get; init; }

    public EquatableArray<SupersededRange> Superseded { get; init; }

    public string? EndTime { get; init; }

    public int MappingBudget { get; init; } = DefaultMappingBudget;
}

/// <summary>Where an axis was asked to be, along the dimension that it belongs to.</summary>
public sealed record SetpointAxis(string Axis, int Dimension, EquatableArray<double> Values, string? Unit);

public sealed record MetadataItem(string Name, string Value);

/// <summary>Frames that were told as recorded at one time, and where they stand.</summary>
public sealed record RecordedRange(FrameRange Frames, EquatableArray<Extent> Extents);

/// <summary>Frames that were recorded and then rewound over.</summary>
public sealed record SupersededRange(FrameRange Frames, string Cause);

/// <summary>What was written. Views: one per dataset of the scan.</summary>
public sealed record MasterFileSummary(string Path, EquatableArray<DatasetView> Views);

/// <summary>How a dataset is shown: as what, and with how many mappings (needed, also where the budget did not allow them).</summary>
public sealed record DatasetView(string Key, ViewKind Kind, long Mappings);

/// <summary>How a dataset is shown in the master file.</summary>
public enum ViewKind
{
    /// <summary>In the scan's shape, by reference.</summary>
    Mapped,

    /// <summary>In the scan's shape, as a copy: its mappings exceed the budget.</summary>
    Copied,

    /// <summary>In acquisition order with an index in the scan's shape: its mappings exceed the budget and it is too large.</summary>
    Indexed,
}
