namespace Flyscan.Scanning.Specs;

/// <summary>Gives every frame of its spec the same duration; without a spec, one frame without an axis.</summary>
/// <remarks><b>Units</b> DurationSeconds: seconds, as in the JSON field <c>constant_duration</c>.</remarks>
public sealed record ConstantDuration(double DurationSeconds, Spec? Spec = null) : Spec;
