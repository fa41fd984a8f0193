using Flyscan.Scanning.Planning;
using Flyscan.Scanning.Units;

namespace Flyscan.Persistence.Documents;

/// <summary>What documents say of a run that its events do not: the plan's axes and shape, the request's names.</summary>
/// <remarks><b>Shapes</b> Shape: points per dimension, slow to fast, its product is Frames.
/// MasterPath: absolute path of the run's master file. FramesPerOuterPoint: frames of one inner scan.</remarks>
public sealed record RunDescription(
    string Uid,
    string PlanName,
    string MasterPath,
    long Frames,
    EquatableArray<long> Shape,
    EquatableArray<RunDimension> Dimensions,
    EquatableArray<string> Detectors,
    long FramesPerOuterPoint)
{
    public long? ScanNumber { get; init; }

    public string? Visit { get; init; }

    public string? Operator { get; init; }

    public string? Sample { get; init; }

    public DocumentMode Mode { get; init; } = DocumentMode.Committed;

    /// <summary>The user's metadata: a JSON object's text.</summary>
    public string? MetadataJson { get; init; }

    /// <summary>All axes, slow to fast.</summary>
    public IEnumerable<RunAxis> Axes => Dimensions.SelectMany(d => d.Axes);
}

/// <summary>One dimension of the scan; no axes where it only repeats.</summary>
public sealed record RunDimension(EquatableArray<RunAxis> Axes);

/// <summary>One axis of a run.</summary>
/// <remarks><b>Units</b> Low, High: extreme midpoints, in <paramref name="Unit"/>. IsOuter: software moves it between inner scans.
/// HasReadback: some recorder captures it with every frame.</remarks>
public sealed record RunAxis(string Name, string Unit, double Low, double High, bool IsOuter, bool HasReadback = true);
