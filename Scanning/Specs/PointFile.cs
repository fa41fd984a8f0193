using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Specs;

/// <summary>One dimension whose frames stand in a file, a row each.</summary>
/// <remarks>
/// Columns: the file's names of the axes, in the same order. Flown frames meet half way between their midpoints.
/// Sha256: of the file; where it is given, another content is refused. The spec makes a path only with its
/// <see cref="Table"/>, which <see cref="SpecFiles.Resolve"/> gives it.
/// </remarks>
public sealed record PointFile(string File, EquatableArray<string> Axes, EquatableArray<string> Columns) : Spec
{
    /// <summary>Column of seconds per frame.</summary>
    public string? DurationColumn { get; init; }

    /// <summary>Column of seconds to stand still after each frame.</summary>
    public string? DelayColumn { get; init; }

    /// <summary>Group of an HDF5 file that holds the columns as datasets.</summary>
    public string? Group { get; init; }

    public string? Sha256 { get; init; }

    /// <summary>What the file holds; null until it is read.</summary>
    public PointTable? Table { get; init; }
}
