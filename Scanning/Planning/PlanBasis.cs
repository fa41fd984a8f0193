using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What the planner found out on the way, and the plan keeps.</summary>
internal sealed record PlanBasis(
    ScanRequest Request,
    BeamlineDescription Beamline,
    ScanPath Path,
    InnerBoundary Boundary,
    DurationSurvey Durations,
    TakeLimits Limits,
    InnerClasses Classes,
    List<DetectorDescription> Detectors)
{
    /// <summary>For detectors at rates of their own.</summary>
    public EquatableArray<FurtherOutput> Outputs { get; init; }

    /// <summary>The detector that begins the frames; null where the box does.</summary>
    public string? FramesBy { get; init; }
}
