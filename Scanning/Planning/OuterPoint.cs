using Flyscan.Scanning.Runs;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>Where the soft axes stand for one inner scan. Index counts inner scans from 0.</summary>
public sealed record OuterPoint(long Index, EquatableArray<AxisPosition> Positions);
