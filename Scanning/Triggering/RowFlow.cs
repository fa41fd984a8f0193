namespace Flyscan.Scanning.Triggering;

/// <summary>Takes the rows of a table in the order in which the box runs them.</summary>
internal interface IRowSink
{
    /// <param name="rows">How many alike.</param>
    /// <param name="nsEach">The least time that each lasts, nanoseconds.</param>
    void Add(long rows, long nsEach);
}

/// <summary>Rows as runs of alike ones, to be added again and again.</summary>
internal sealed class RowRuns : IRowSink
{
    // Beyond these a line's rows are not kept: its programme is then not streamed.
    private const int Most = 65536;

    private readonly List<(long Rows, long NsEach)> _runs = [];

    /// <summary>False where there were too many.</summary>
    public bool IsWhole { get; private set; } = true;

    public void Add(long rows, long nsEach)
    {
        if (_runs.Count > 0 && _runs[^1].NsEach == nsEach)
            _runs[^1] = (_runs[^1].Rows + rows, nsEach);
        else if (IsWhole = _runs.Count < Most)
            _runs.Add((rows, nsEach));
    }

    public void AddTo(IRowSink sink)
    {
        foreach (var (rows, nsEach) in _runs)
            sink.Add(rows, nsEach);
    }
}

/// <summary>Proves that a table given in pieces never runs dry: when each piece is used up, the next one is in the box.</summary>
/// <remarks>
/// Pieces 0 to q-1 are there before the start. When piece i has been used up there is room for piece i+q: it is sent after the one
/// before it, which takes the latency and then its rows at the box's rate. It must be there before piece i+q-1 has been used up. Time
/// that axes take between windows is not counted, so that the box never runs faster than this.
/// <b>Units</b> nanoseconds.
/// </remarks>
internal sealed class RowFlow : IRowSink
{
    private const long Always = long.MinValue / 4;

    private readonly long _pieceRows;
    private readonly long[] _ready;
    private long _lastReady = Always;
    private long _nowNs;
    private long _beganNs;
    private long _piece;
    private long _inPiece;

    public RowFlow(TableFlow rates)
    {
        (_pieceRows, RefillNs) = (rates.PieceRows, rates.RefillNs);
        _ready = new long[rates.PiecesQueued];
        Array.Fill(_ready, Always);
    }

    private RowFlow(RowFlow other)
    {
        (_pieceRows, RefillNs, _ready) = (other._pieceRows, other.RefillNs, [.. other._ready]);
        (_lastReady, _nowNs, _beganNs, _piece, _inPiece) = (other._lastReady, other._nowNs, other._beganNs, other._piece, other._inPiece);
        (Rows, MarginNs, FastestPieceNs) = (other.Rows, other.MarginNs, other.FastestPieceNs);
    }

    public long Rows { get; private set; }

    /// <summary>What one piece takes to be sent, latency and all.</summary>
    public long RefillNs { get; }

    /// <summary>The least time that a piece was there before it was needed; negative where one came too late.</summary>
    public long MarginNs { get; private set; } = long.MaxValue;

    /// <summary>The least time in which a whole piece was used up.</summary>
    public long FastestPieceNs { get; private set; } = long.MaxValue;

    /// <summary>No piece comes too late.</summary>
    public bool Holds => MarginNs >= 0;

    /// <summary>How long the box runs at least when nobody sends it anything any more.</summary>
    public long AutonomyNs => FastestPieceNs == long.MaxValue ? _nowNs : FastestPieceNs * (_ready.Length - 1);

    public RowFlow Copy() => new(this);

    public void Add(long rows, long nsEach)
    {
        Rows += rows;
        while (rows > 0)
        {
            if (_inPiece == 0 && _ready[_piece % _ready.Length] is var ready && ready != Always)
                MarginNs = Math.Min(MarginNs, _nowNs - ready);
            var now = Math.Min(rows, _pieceRows - _inPiece);
            _nowNs += now * nsEach;
            _inPiece += now;
            rows -= now;
            if (_inPiece == _pieceRows)
                PieceEnds();
        }
    }

    private void PieceEnds()
    {
        FastestPieceNs = Math.Min(FastestPieceNs, _nowNs - _beganNs);
        _lastReady = Math.Max(_nowNs, _lastReady) + RefillNs;
        _ready[_piece++ % _ready.Length] = _lastReady;
        (_beganNs, _inPiece) = (_nowNs, 0);
    }
}

/// <summary>Pieces of a streamed table, and how long each takes to be sent.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
internal readonly record struct TableFlow(long PieceRows, int PiecesQueued, long RefillNs);
