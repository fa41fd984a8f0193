using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>Stands still after each step of the fastest dimension of its spec; the next frame begins with a gap.</summary>
/// <remarks>
/// A step with faster dimensions inside it ends with their last frame; delays of several dimensions that end together add up.
/// <b>Units</b> seconds. <b>Shapes</b> [1] for all alike, or [frames of the fastest dimension].
/// </remarks>
public sealed record Delay(EquatableArray<double> Seconds, Spec Spec) : Spec;
