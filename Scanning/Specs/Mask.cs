namespace Flyscan.Scanning.Specs;

/// <summary>The frames of its spec whose midpoints lie in a region; dimensions that the region spans become one.</summary>
/// <remarks><b>Source</b> scanspec 0.x, where it is the operator <c>&amp;</c>.</remarks>
public sealed record Mask(Spec Spec, Region Region, bool CheckPathChanges = true) : Spec;
