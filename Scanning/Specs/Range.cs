namespace Flyscan.Scanning.Specs;

/// <summary>Frames in whole steps from Start towards Stop; the last may end before Stop.</summary>
/// <remarks>
/// Step is a distance: always positive, also when Stop is below Start. In JSON it may be left out and is then the whole
/// distance.
/// </remarks>
public sealed record Range(string Axis, double Start, double Stop, double Step) : Spec;
