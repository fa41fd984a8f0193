using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>Gives frames a duration by where one axis is in their middle: linear between the positions given, level outside.</summary>
/// <remarks><b>Units</b> Positions: the axis's, ascending; Seconds: seconds. <b>Shapes</b> both [n].</remarks>
public sealed record DurationByPosition(string Axis, EquatableArray<double> Positions, EquatableArray<double> Seconds, Spec Spec) : Spec;
