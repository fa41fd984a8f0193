namespace Flyscan.Scanning.Specs;

/// <summary>The rows of a file of points, in memory. Equal where the files' digests are.</summary>
/// <remarks><b>Shapes</b> positions: [axes][rows]; durations and delays: [rows]. <b>Units</b> durations and delays: seconds.</remarks>
public sealed class PointTable : IEquatable<PointTable>
{
    private readonly double[][] _positions;
    private readonly double[]? _durations;
    private readonly double[]? _delays;

    /// <remarks><b>Errors</b> <see cref="SpecException"/> for columns that are empty or of unequal length, and for more than
    /// <see cref="SpecLimits.PointRows"/> rows.</remarks>
    public PointTable(IReadOnlyList<double[]> positions, double[]? durations, double[]? delays, string sha256)
    {
        (_positions, _durations, _delays, Sha256) = ([.. positions], durations, delays, sha256);
        Rows = _positions.Length == 0 ? 0 : _positions[0].Length;
        if (Rows is < 1 or > SpecLimits.PointRows)
            throw new SpecException($"has {Rows} rows, but must have between 1 and {SpecLimits.PointRows}");
        foreach (var column in (IEnumerable<double[]?>)[.. _positions, durations, delays])
        {
            if (column is not null && column.Length != Rows)
                throw new SpecException($"has columns of {Rows} and of {column.Length} rows, but all must be equally long");
        }
    }

    public int Rows { get; }

    public string Sha256 { get; }

    /// <summary>Positions of an axis.</summary>
    public ReadOnlySpan<double> Positions(int axis) => _positions[axis];

    /// <summary>Empty where the file gives none.</summary>
    public ReadOnlySpan<double> Durations => _durations;

    /// <summary>Empty where the file gives none.</summary>
    public ReadOnlySpan<double> Delays => _delays;

    public bool Equals(PointTable? other) => other is not null && other.Sha256 == Sha256;

    public override bool Equals(object? obj) => Equals(obj as PointTable);

    public override int GetHashCode() => Sha256.GetHashCode(StringComparison.Ordinal);
}
