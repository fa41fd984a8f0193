using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>Where software puts the soft axes before an inner scan.</summary>
/// <param name="Index">Which inner scan, from 0, in scan order.</param>
public sealed record OuterPoint(long Index, EquatableArray<AxisPosition> Positions);
