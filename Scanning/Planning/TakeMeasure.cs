using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What bounds one take.</summary>
internal sealed record TakeLimits(TriggerBoxDescription Box, ExposureRule Exposure, ShutterMode? Shutter)
{
    /// <summary>How longer tables than the box's are streamed; null where they are not.</summary>
    public TableStreaming? Streaming { get; init; }

    /// <summary>Told where refill would be too slow; null where nobody asks.</summary>
    public Starvation? Starved { get; init; }

    /// <summary>Whether the box can run that many rows in one go, as one table or, so far, in pieces.</summary>
    public bool Hold(long rows, int kept, RowFlow? flow) => rows <= Box.TableRows - kept
        || (Streaming is { } streaming && flow is { Holds: true } && rows <= streaming.MostRows - kept);
}

/// <summary>Where, and how much, refill of a streamed table would come too late; the first.</summary>
internal sealed class Starvation
{
    public (long Frame, RowFlow Flow)? First { get; private set; }

    public void Note(long frame, RowFlow flow) => First ??= (frame, flow.Copy());
}

/// <summary>What frames before take already of the box's rows and the controller's points.</summary>
internal readonly record struct TakeUse(long Rows, long Points, RowFlow? Flow = null);

/// <summary>Finds how many frames fit into one take: rows of the box, points of the controller, a shutter of software.</summary>
/// <remarks>A take ends where a window does; inside one only when that window alone does not fit.</remarks>
internal sealed class TakeMeasure : IWalkObserver
{
    private readonly ScanPath _path;
    private readonly MotionSetup? _setup;
    private readonly TakeLimits _limits;
    private readonly TakeUse _used;
    private readonly PointCounter _points;
    private readonly RowFlow? _flow;
    private readonly TriggerBuilder _triggers;
    private TakeWalker? _walker;
    private long _first;
    private long _windowEnd;
    private long _fits;
    private long _windowFrames;
    private int _windows;
    private bool _stopped;

    private TakeMeasure(ScanPath path, MotionSetup? setup, TakeLimits limits, TakeUse used)
    {
        (_path, _setup, _limits, _used) = (path, setup, limits, used);
        _points = new PointCounter(setup?.Axes.Length ?? 0);
        _flow = used.Flow?.Copy() ?? (limits.Streaming is { } streaming ? new RowFlow(streaming.Flow) : null);
        _triggers = new TriggerBuilder(limits.Exposure, limits.Box.MaxRepeats, keep: false, _flow);
    }

    /// <summary>End of the largest take that begins at the range's first frame; the first frame itself when not even one fits.</summary>
    /// <remarks>Where a take has frames already (something is used), it ends between windows only.</remarks>
    public static long EndOf(FrameRange wanted, ScanPath path, MotionSetup? setup, TakeLimits limits, TakeUse used = default) =>
        new TakeMeasure(path, setup, limits, used).Measure(wanted);

    public bool WindowBegins(long frame)
    {
        _stopped = Differs(frame);
        if (_stopped)
            return false;
        (_windowEnd, _windowFrames) = (frame, frame - _windowEnd);
        _stopped = ++_windows >= _limits.Box.MaxWindows || _limits.Shutter is ShutterMode.PerWindow;
        return !_stopped;
    }

    public bool FramesDone(long end)
    {
        var fits = Fits();
        if (fits && _triggers.OnGroup)
            _fits = end;
        _stopped = !fits || (_limits.Shutter is ShutterMode.PerFrame && _triggers.OnGroup);
        if (_stopped && fits)
            _windowEnd = end;
        return !_stopped;
    }

    private long Measure(FrameRange wanted)
    {
        (_first, _windowEnd, _fits) = (wanted.First, wanted.First, wanted.First);
        _walker = new TakeWalker(_path, _setup, _limits.Box.TickNs, new WalkOutputs(_points, _triggers));
        _walker.Walk(wanted, this);
        if (!_stopped && !Differs(wanted.End))
            return wanted.End;
        if (_windowEnd > _first || _used.Rows > 0)
            return _windowEnd;
        return IsMixed ? _first : _fits;
    }

    private bool IsMixed => _limits.Box.EqualFramesOnly && _triggers.Mixed;

    /// <summary>The window that ends here has not as many frames as those before it, and the box would repeat those.</summary>
    private bool Differs(long end) => _limits.Box.EqualFramesOnly && _windows > 0 && end - _windowEnd != _windowFrames;

    /// <summary>As one table, or in pieces.</summary>
    private bool Hold(long rows, int kept)
    {
        if (rows <= _limits.Box.TableRows - kept || _flow is null)
            return rows <= _limits.Box.TableRows - kept;
        var flow = _flow.Copy();
        _triggers.AddPending(flow);
        if (!flow.Holds)
            _limits.Starved?.Note(_first + _triggers.Frames - 1, flow);
        return _limits.Hold(rows, kept, flow);
    }

    private bool Fits()
    {
        // Without motion, a delay before the take is a row of the box.
        var kept = _setup is null && _path.HasDelays ? 1 : 0;
        var rows = _used.Rows + _triggers.Rows;
        if (!Hold(rows, kept) || _triggers.Frames > _limits.Box.MaxFrames || IsMixed)
            return false;
        if (_setup is null)
            return true;
        // Still to come at any frame: the stretch under way, two nodes, the lead out and each axis's brake, each perhaps in parts.
        var pending = 2 * _walker!.PendingNs / _setup.Controller.MaxSegmentNs + _walker.PendingNodes + _setup.BrakePoints;
        return _used.Points + _points.Points + pending <= _setup.MostPoints;
    }
}
