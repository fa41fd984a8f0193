using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>What bounds one take.</summary>
internal sealed record TakeLimits(TriggerBoxDescription Box, ExposureRule Exposure, ShutterMode? Shutter);

/// <summary>What frames before take already of the box's rows and the controller's points.</summary>
internal readonly record struct TakeUse(long Rows, long Points);

/// <summary>Finds how many frames fit into one take: rows of the box, points of the controller, a shutter of software.</summary>
/// <remarks>A take ends where a window does; inside one only when that window alone does not fit.</remarks>
internal sealed class TakeMeasure(ScanPath path, MotionSetup? setup, TakeLimits limits, TakeUse used) : IWalkObserver
{
    private readonly PointCounter _points = new(setup?.Axes.Length ?? 0);
    private readonly TriggerBuilder _triggers = new(limits.Exposure, limits.Box.MaxRepeats, keep: false);
    private TakeWalker? _walker;
    private long _first;
    private long _windowEnd;
    private long _fits;
    private long _windowFrames;
    private int _windows;
    private bool _stopped;

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
        _stopped = ++_windows >= limits.Box.MaxWindows || limits.Shutter is ShutterMode.PerWindow;
        return !_stopped;
    }

    public bool FramesDone(long end)
    {
        var fits = Fits();
        if (fits && _triggers.OnGroup)
            _fits = end;
        _stopped = !fits || (limits.Shutter is ShutterMode.PerFrame && _triggers.OnGroup);
        if (_stopped && fits)
            _windowEnd = end;
        return !_stopped;
    }

    private long Measure(FrameRange wanted)
    {
        (_first, _windowEnd, _fits) = (wanted.First, wanted.First, wanted.First);
        _walker = new TakeWalker(path, setup, limits.Box.TickNs, new WalkOutputs(_points, _triggers));
        _walker.Walk(wanted, this);
        if (!_stopped && !Differs(wanted.End))
            return wanted.End;
        if (_windowEnd > _first || used.Rows > 0)
            return _windowEnd;
        return IsMixed ? _first : _fits;
    }

    private bool IsMixed => limits.Box.EqualFramesOnly && _triggers.Mixed;

    /// <summary>The window that ends here has not as many frames as those before it, and the box would repeat those.</summary>
    private bool Differs(long end) => limits.Box.EqualFramesOnly && _windows > 0 && end - _windowEnd != _windowFrames;

    private bool Fits()
    {
        // Without motion, a delay before the take is a row of the box.
        var kept = setup is null && path.HasDelays ? 1 : 0;
        if (used.Rows + _triggers.Rows > limits.Box.TableRows - kept || _triggers.Frames > limits.Box.MaxFrames || IsMixed)
            return false;
        if (setup is null)
            return true;
        // Still to come at any frame: the stretch under way, two nodes, the lead out and each axis's brake, each perhaps in parts.
        var pending = 2 * _walker!.PendingNs / setup.Controller.MaxSegmentNs + setup.BrakePoints;
        return used.Points + _points.Points + pending <= setup.MostPoints;
    }
}
