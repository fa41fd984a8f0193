using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What one take costs.</summary>
/// <remarks>Start, Finish: where trajectory axes rest before and after. <b>Units</b> nanoseconds.</remarks>
internal sealed record TakeCost(
    long End, MotionTimes Times, long Windows, long FramesNs, long ExposureNs, double[] Start, double[] Finish)
{
    /// <summary>The proof that its table does not run dry; null where it is given whole.</summary>
    public RowFlow? Streamed { get; init; }
}

/// <summary>Cuts takes out of lines that are alike and adds up their costs, line by line instead of frame by frame.</summary>
internal sealed class LineWalk
{
    private readonly LineKinds _kinds;
    private readonly PlanContext _context;
    private readonly MotionSetup _setup;
    private readonly SynchronisedMove _move;
    private readonly PointCounter _points;
    private readonly SegmentSplitter _sink;
    private readonly int[] _still;
    private readonly double[] _entry;
    private readonly double[] _exit;
    private double[] _velocities = [];
    private double[] _start = [];
    private long _leadOutNs;
    private long _rows;
    private RowFlow? _flow;
    private long _windows;
    private long _framesNs;
    private long _exposureNs;
    private MotionTimes _times;

    /// <param name="check">Whether the ways between lines are checked against the limits.</param>
    public LineWalk(LineKinds kinds, PlanContext context, bool check)
    {
        (_kinds, _context, _setup) = (kinds, context, context.Boundary.Motion!);
        var axes = _setup.Axes.Length;
        _move = new SynchronisedMove(_setup.Limits, _setup.StepNs);
        _points = new PointCounter(axes);
        MotionSink all = check ? new BothSinks(_points, context.Check!) : _points;
        _sink = new SegmentSplitter(axes, _setup.Controller.MaxSegmentNs, all);
        (_entry, _exit) = (new double[axes], new double[axes]);
        var fast = context.Path.Axes.Count - context.Path.Dimensions[^1].Axes.Count;
        _still = [.. Enumerable.Range(0, axes).Where(i => _setup.Columns[i] < fast)];
    }

    /// <summary>The largest take that begins at the range's first frame; empty where not one frame fits; null where a line has no gap
    /// before it, so that lines are no units here.</summary>
    public TakeCost? Next(FrameRange wanted)
    {
        (_rows, _windows, _framesNs, _exposureNs, _times) = (0, 0, 0, 0, default);
        _flow = _context.Limits.Streaming is { } streaming ? new RowFlow(streaming.Flow) : null;
        var path = _context.Path;
        long linePoints = 0, done = wanted.First;
        while (done < wanted.End)
        {
            var first = done == wanted.First;
            if (!first && !path.GapBefore(done))
                return null;
            var (piece, end) = PieceAt(done, wanted.End);
            var joined = Join(piece, done, first);
            if (!Fits(piece, linePoints))
            {
                end = PartOf(new FrameRange(done, end), linePoints, first);
                if (end == done)
                    break;
                piece = LinePiece.Of(new FrameRange(done, end), _context, check: null);
                Add(piece, joined);
                done = end;
                break;
            }
            Add(piece, joined);
            linePoints += piece.Points;
            done = end;
        }
        return new TakeCost(
            done, done == wanted.First ? default : _times + RunDown(), _windows, _framesNs, _exposureNs, _start, [.. _exit])
        {
            Streamed = _rows > _context.Limits.Box.TableRows ? _flow : null,
        };
    }

    private (LinePiece Piece, long End) PieceAt(long first, long wantedEnd)
    {
        var line = first / _kinds.Length;
        var end = Math.Min((line + 1) * _kinds.Length, wantedEnd);
        var whole = first == line * _kinds.Length && end - first == _kinds.Length;
        return (whole ? _kinds.At(line) : LinePiece.Of(new FrameRange(first, end), _context, check: null), end);
    }

    /// <summary>The run-up into a piece, or the way to it from the last one.</summary>
    private MotionTimes Join(LinePiece piece, long frame, bool first)
    {
        piece.Entry.Positions.CopyTo(_entry, 0);
        foreach (var axis in _still)
            _entry[axis] = _context.Path.MidpointOf(_setup.Columns[axis], frame);
        if (first)
        {
            _move.RunUp(_entry, piece.Entry.Velocities, MotionSetup.QuietNs);
            _sink.Enter(LimitCheck.RunUpPhase, frame);
            _sink.Begin(_move.From);
            _start = _move.From.ToArray();
            _move.Emit(_sink);
            return new MotionTimes(_move.DurationNs + piece.Entry.LeadNs, 0, 0, 0);
        }
        _sink.Enter(LimitCheck.TurnPhase, frame);
        _sink.At(_exit, _velocities);
        var dwellNs = _setup.DwellNs(_context.Path.DelayOf(frame - 1), _context.Limits.Box.TickNs);
        var moveNs = dwellNs > 0
            ? _move.JumpWithRest(_exit, _velocities, (_entry, piece.Entry.Velocities), dwellNs, _sink)
            : _move.JumpStraight(_exit, _velocities, (_entry, piece.Entry.Velocities), _sink);
        var settleNs = piece.Entry.Moving ? 0 : _setup.SettleNs(_exit, _entry);
        if (settleNs > 0)
            _sink.To(settleNs, _entry, piece.Entry.Velocities, live: false);
        return new MotionTimes(0, _leadOutNs + moveNs + piece.Entry.LeadNs, settleNs, 0) { DwellNs = dwellNs };
    }

    private void Add(LinePiece piece, MotionTimes joined)
    {
        _times += joined + piece.Inside;
        _rows += piece.Rows;
        if (_flow is null || piece.Runs is null)
            _flow = null;
        else
            piece.Runs.AddTo(_flow);
        _windows += piece.Windows;
        _framesNs += piece.FramesNs;
        _exposureNs += piece.ExposureNs;
        piece.Exit.Positions.CopyTo(_exit, 0);
        foreach (var axis in _still)
            _exit[axis] = _entry[axis];
        (_velocities, _leadOutNs) = (piece.Exit.Velocities, piece.Exit.LeadNs);
    }

    private bool Fits(LinePiece piece, long linePoints) =>
        RowsFit(piece) && _points.Points + linePoints + piece.Points + _setup.BrakePoints <= _setup.MostPoints;

    private bool RowsFit(LinePiece piece)
    {
        var (limits, rows) = (_context.Limits, _rows + piece.Rows);
        if (rows <= limits.Box.TableRows || _flow is null || piece.Runs is not { } runs)
            return rows <= limits.Box.TableRows;
        var flow = _flow.Copy();
        runs.AddTo(flow);
        return limits.Hold(rows, 0, flow);
    }

    /// <summary>Where to cut a line that does not fit: between its windows, or inside the only one of a take.</summary>
    private long PartOf(FrameRange line, long linePoints, bool first)
    {
        var used = first ? default : new TakeUse(_rows, _points.Points + linePoints, _flow);
        return TakeMeasure.EndOf(line, _context.Path, _setup, _context.Limits, used);
    }

    private MotionTimes RunDown()
    {
        if (!Array.Exists(_velocities, v => v != 0))
            return new MotionTimes(0, 0, 0, _leadOutNs);
        _move.RunDown(_exit, _velocities);
        _sink.Enter(LimitCheck.RunDownPhase, null);
        _sink.At(_exit, _velocities);
        _move.Emit(_sink);
        _points.End.CopyTo(_exit, 0);
        return new MotionTimes(0, 0, 0, _leadOutNs + _move.DurationNs);
    }
}
