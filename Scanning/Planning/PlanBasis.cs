using Flyscan.Scanning.Paths;

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
    List<DetectorDescription> Detectors);
