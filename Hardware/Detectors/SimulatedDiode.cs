using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.Detectors;

/// <summary>A diode behind a voltage-to-frequency converter: a counter that integrates a smooth intensity over the sample's
/// position.</summary>
/// <remarks>Counts wrap at 32 bits, as the real counter does. The integral is taken over cells that begin at knots of motion, so that it
/// depends on what moved and not on when it was read. <b>Units</b> full rate in counts per second.</remarks>
internal sealed class SimulatedDiode : ICountSignal
{
    /// <summary>Counts per second where the sample is brightest.</summary>
    public const double FullRate = 1e6;

    private const long CellNs = 1_000_000;
    private const int MeanSamples = 64;
    private static readonly double[] GaussNodes = [0.5 - Math.Sqrt(0.15), 0.5, 0.5 + Math.Sqrt(0.15)];
    private static readonly double[] GaussWeights = [5 / 18.0, 8 / 18.0, 5 / 18.0];

    private readonly ISimulationClock _world;
    private readonly IReadOnlyList<CubicTrack> _tracks;
    private readonly List<Cell> _cells = [new Cell(0, 0, 1)];

    /// <param name="tracks">Up to two axes that scan the sample.</param>
    public SimulatedDiode(ISimulationClock world, IReadOnlyList<CubicTrack> tracks)
    {
        (_world, _tracks) = (world, tracks);
        foreach (var track in tracks)
            track.Changed += Changed;
    }

    public event Action? CourseChanged;

    /// <summary>Relative flux from now on: 1 is the nominal ring current.</summary>
    public void SetFlux(double flux)
    {
        Advance(_world.NowNs);
        var now = _world.NowNs;
        _cells.Add(new Cell(now, Integral(now), flux));
        CourseChanged?.Invoke();
    }

    public int At(long timeNs) => unchecked((int)(long)Math.Floor(Integral(timeNs)));

    public double Mean(long fromNs, long toNs)
    {
        if (toNs <= fromNs)
            return At(fromNs);
        var sum = 0.0;
        for (var i = 0; i < MeanSamples; i++)
            sum += Integral(fromNs + (long)((toNs - fromNs) * ((i + 0.5) / MeanSamples)));
        return sum / MeanSamples;
    }

    public (int Least, int Greatest) Range(long fromNs, long toNs) => (At(fromNs), At(toNs));

    public long? NextReach(int threshold, bool ascending, long fromNs)
    {
        // The counter only rises.
        if (ascending ? At(fromNs) >= threshold : At(fromNs) <= threshold)
            return fromNs;
        if (!ascending)
            return null;
        var (low, high) = (fromNs, fromNs + CellNs);
        while (Integral(high) < threshold)
        {
            if (high - fromNs > 3600L * 1_000_000_000)
                return null;
            (low, high) = (high, high + (high - fromNs));
        }
        while (high - low > 1)
        {
            var middle = low + (high - low) / 2;
            (low, high) = Integral(middle) < threshold ? (middle, high) : (low, middle);
        }
        return high;
    }

    /// <summary>Intensity from 0.05 to 1: a grating in both directions under a slow slope.</summary>
    private double Intensity(long timeNs)
    {
        var x = _tracks.Count > 0 ? _tracks[0].PositionAt(timeNs) : 0;
        var y = _tracks.Count > 1 ? _tracks[1].PositionAt(timeNs) : 0;
        var grating = 0.5 + 0.5 * Math.Sin(2 * Math.PI * x / 1.7) * Math.Cos(2 * Math.PI * y / 2.3);
        return 0.05 + 0.95 * grating / (1 + 0.001 * (x * x + y * y));
    }

    private void Changed()
    {
        Advance(_world.NowNs);
        Forget(_world.NowNs - CubicTrack.HistoryNs);
        CourseChanged?.Invoke();
    }

    private double Integral(long timeNs)
    {
        Advance(Math.Min(timeNs, _world.NowNs));
        var index = _cells.FindLastIndex(c => c.FromNs <= timeNs);
        var cell = _cells[Math.Max(index, 0)];
        // Cells that are not kept: those that lie ahead.
        while (NextCell(cell) is { } next && next.FromNs <= timeNs)
            cell = next;
        return cell.Integral + Part(cell, timeNs);
    }

    /// <summary>Keeps cells up to a time that has passed.</summary>
    private void Advance(long timeNs)
    {
        while (_cells[^1].FromNs < timeNs && NextCell(_cells[^1]) is { } next && next.FromNs <= timeNs)
            _cells.Add(next);
    }

    private void Forget(long beforeNs)
    {
        var old = _cells.FindIndex(c => c.FromNs > beforeNs) - 1;
        if (old > _cells.Count / 2)
            _cells.RemoveRange(0, old);
    }

    /// <summary>The next cell: at the next knot of any axis, or after the longest cell while something moves; null at rest for
    /// good.</summary>
    private Cell? NextCell(Cell cell)
    {
        var next = long.MaxValue;
        foreach (var track in _tracks)
        {
            var piece = track.PieceAt(cell.FromNs);
            if (piece.To.TimeNs > cell.FromNs)
                next = Math.Min(next, piece.IsRest ? piece.To.TimeNs : Math.Min(piece.To.TimeNs, cell.FromNs + CellNs));
        }
        return next == long.MaxValue ? null : new Cell(next, cell.Integral + Part(cell, next), cell.Flux);
    }

    private double Part(Cell cell, long untilNs)
    {
        var length = untilNs - cell.FromNs;
        if (length <= 0)
            return 0;
        var sum = 0.0;
        for (var i = 0; i < GaussNodes.Length; i++)
            sum += GaussWeights[i] * Intensity(cell.FromNs + (long)(length * GaussNodes[i]));
        return FullRate * cell.Flux * sum * (length / 1e9);
    }

    /// <summary>A stretch of time; Integral: counts up to its beginning.</summary>
    private sealed record Cell(long FromNs, double Integral, double Flux);
}
