using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>Gives each frame of the fastest dimension of its spec a duration of its own.</summary>
/// <remarks>A reversed pass has them backwards, with their frames.
/// <b>Units</b> seconds. <b>Shapes</b> [frames of the fastest dimension].</remarks>
public sealed record Durations(EquatableArray<double> Seconds, Spec Spec) : Spec;
