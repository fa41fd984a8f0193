namespace Flyscan.Hardware.Simulation;

/// <summary>Where one axis is over time: knots joined by cubics, at rest before the first and after the last.</summary>
/// <remarks>The past is kept for <see cref="HistoryNs"/>, so that means over exposures can be had.</remarks>
internal sealed class CubicTrack(double start)
{
    /// <summary>How much of the past is kept, in nanoseconds of beam time.</summary>
    public const long HistoryNs = 120_000_000_000;

    private readonly List<Knot> _knots = [new Knot(0, start, 0)];

    /// <summary>Raised after the future was replaced.</summary>
    public event Action? Changed;

    /// <summary>Time from which the axis rests, as things stand.</summary>
    public long RestsFromNs => _knots[^1].TimeNs;

    public double PositionAt(long timeNs) => PieceAt(timeNs).PositionAt(timeNs);

    public double VelocityAt(long timeNs) => IsAtRest(timeNs) ? 0 : PieceAt(timeNs).VelocityAt(timeNs);

    public bool IsAtRest(long timeNs) => timeNs >= _knots[^1].TimeNs || timeNs < _knots[0].TimeNs;

    /// <summary>The piece that holds this time; of no length where the axis rests.</summary>
    public CubicPiece PieceAt(long timeNs)
    {
        var last = IndexAt(timeNs);
        if (last < 0)
            return new CubicPiece(_knots[0] with { Velocity = 0 }, _knots[0] with { Velocity = 0 });
        return last == _knots.Count - 1 ? new CubicPiece(_knots[last], _knots[last]) : new CubicPiece(_knots[last], _knots[last + 1]);
    }

    /// <summary>Replaces everything after now by the given knots, which begin where the axis is.</summary>
    public void Continue(long nowNs, IEnumerable<Knot> knots)
    {
        var here = new Knot(nowNs, PositionAt(nowNs), VelocityAt(nowNs));
        var keep = IndexAt(nowNs) + 1;
        if (keep > 0 && _knots[keep - 1].TimeNs == nowNs)
            keep--;
        _knots.RemoveRange(keep, _knots.Count - keep);
        _knots.Add(here);
        foreach (var knot in knots)
            if (knot.TimeNs > _knots[^1].TimeNs)
                _knots.Add(knot);
        Forget(nowNs - HistoryNs);
        Changed?.Invoke();
    }

    /// <summary>The pieces that make up [fromNs, toNs], those of rest included.</summary>
    public IEnumerable<CubicPiece> Pieces(long fromNs, long toNs)
    {
        var at = fromNs;
        for (var index = IndexAt(fromNs); at < toNs; index++)
        {
            var end = index + 1 < _knots.Count ? Math.Min(_knots[index + 1].TimeNs, toNs) : toNs;
            yield return PieceOver(index, at, end);
            at = end;
        }
    }

    private CubicPiece PieceOver(int index, long fromNs, long toNs)
    {
        if (index < 0 || index == _knots.Count - 1)
        {
            var position = _knots[Math.Max(index, 0)].Position;
            return new CubicPiece(new Knot(fromNs, position, 0), new Knot(toNs, position, 0));
        }
        var whole = new CubicPiece(_knots[index], _knots[index + 1]);
        return whole.From.TimeNs == fromNs && whole.To.TimeNs == toNs ? whole : whole.Between(fromNs, toNs);
    }

    /// <summary>Index of the last knot at or before the time; -1 before the first.</summary>
    private int IndexAt(long timeNs)
    {
        var (low, high) = (-1, _knots.Count - 1);
        while (low < high)
        {
            var middle = low + (high - low + 1) / 2;
            if (_knots[middle].TimeNs <= timeNs)
                low = middle;
            else
                high = middle - 1;
        }
        return low;
    }

    private void Forget(long beforeNs)
    {
        var first = IndexAt(beforeNs);
        // In blocks, since removing at the front moves the rest.
        if (first > _knots.Count / 2)
            _knots.RemoveRange(0, first);
    }
}
