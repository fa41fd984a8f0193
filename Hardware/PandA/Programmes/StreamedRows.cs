using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Scanning.Runs;

namespace Flyscan.Hardware.PandA.Programmes;

/// <summary>A table that is longer than the box holds: its rows, made anew each time they are enumerated.</summary>
/// <remarks>HasPlaces: some pulses wait for a place behind the gate.</remarks>
internal sealed record StreamedRows(TakeMark Mark, long Count, bool HasPlaces, Func<IEnumerable<SequencerRow>> Each);

/// <summary>Cuts a streamed table into pieces; only the next one is held.</summary>
internal sealed class TablePieces(StreamedRows rows, SequencerLayout layout, string table, int pieceRows)
{
    private readonly IEnumerator<SequencerRow> _rows = rows.Each().GetEnumerator();
    private readonly List<SequencerRow> _piece = [];

    /// <summary>Rows given so far.</summary>
    public long Given { get; private set; }

    public long Rows => rows.Count;

    public bool AreGiven => Given == rows.Count;

    /// <summary>The next piece as a command; the last one says that it is.</summary>
    public PandACommand Next()
    {
        _piece.Clear();
        while (_piece.Count < pieceRows && _rows.MoveNext())
            _piece.Add(_rows.Current);
        Given += _piece.Count;
        return PandACommand.Words(table, layout.Encode(_piece), AreGiven ? PandATableWrite.StreamingLast : PandATableWrite.Streaming);
    }
}
