using Flyscan.Persistence.Catalogue;
using Flyscan.Persistence.Documents;
using Flyscan.Persistence.Files;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Records;

/// <summary>What a run's records say beside its events, all of it from request, plan and beamline.</summary>
/// <remarks><b>Units</b> PlannedDeadTimeNs: nanoseconds by cause, of what happens inside flights.</remarks>
public sealed record RunRecordsInput(
    RunFolder Folder,
    RunDescription Description,
    ScanGrid Grid,
    string Title,
    EquatableArray<SetpointAxis> Axes,
    EquatableArray<MetadataItem> Metadata,
    EquatableArray<KeyValuePair<string, long>> PlannedDeadTimeNs)
{
    /// <summary>What the trigger box's registers hold other than asked for, a text for each.</summary>
    public EquatableArray<string> BoxRounding { get; init; } = [];
}
