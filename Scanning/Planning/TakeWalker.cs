using Flyscan.Scanning.Paths;
using Flyscan.Scanning.Trajectories;
using Flyscan.Scanning.Triggering;
using Flyscan.Scanning.Units;

namespace Flyscan.Scanning.Planning;

/// <summary>May end a walk before its range does.</summary>
internal interface IWalkObserver
{
    /// <summary>A window that is not the first begins at this frame; false ends the walk before it.</summary>
    bool WindowBegins(long frame);

    /// <summary>All frames before this one have been given; false ends the walk.</summary>
    bool FramesDone(long end);
}

/// <summary>Where a walk gives what it finds.</summary>
/// <param name="Motion">Takes the motion, segments already within the controller's longest.</param>
internal sealed record WalkOutputs(MotionSink Motion, TriggerBuilder Triggers);

/// <summary>Where a walk's time goes besides its frames.</summary>
/// <remarks><b>Units</b> nanoseconds.</remarks>
internal readonly record struct MotionTimes(long RunUpNs, long TurnAroundNs, long SettleNs, long RunDownNs)
{
    /// <summary>Delays after frames.</summary>
    public long DwellNs { get; init; }

    public static MotionTimes operator +(MotionTimes a, MotionTimes b) =>
        new(a.RunUpNs + b.RunUpNs, a.TurnAroundNs + b.TurnAroundNs, a.SettleNs + b.SettleNs, a.RunDownNs + b.RunDownNs)
        {
            DwellNs = a.DwellNs + b.DwellNs,
        };

    public long TotalNs => RunUpNs + TurnAroundNs + SettleNs + RunDownNs + DwellNs;
}

/// <summary>Goes once through the frames of a take and gives its motion and its triggers, in memory that does not grow with it.</summary>
internal sealed class TakeWalker
{
    private const int BlockFrames = 1024;

    private readonly ScanPath _path;
    private readonly MotionSetup? _setup;
    private readonly long _tickNs;
    private readonly MotionSink _sink;
    private readonly TriggerBuilder _triggers;
    private readonly SynchronisedMove? _move;
    private readonly WindowMotion? _window;
    private readonly double[] _entry;
    private readonly FrameBlock? _ahead;
    private long _last;
    private int _compareAxis;
    private int _compareSign;
    private bool _open;
    private long _leadOutNs;
    private double _lastSeconds = double.NaN;
    private long _lastNs;
    private long _runUpNs;
    private long _turnAroundNs;
    private long _settleNs;
    private long _runDownNs;
    private long _dwellNs;
    private long _delayNs;
    private long _windowNs;

    /// <param name="setup">Null where no trajectory axis takes part.</param>
    public TakeWalker(ScanPath path, MotionSetup? setup, long tickNs, WalkOutputs outputs)
    {
        (_path, _setup, _tickNs) = (path, setup, tickNs);
        (_sink, _triggers) = outputs;
        _entry = new double[setup?.Axes.Length ?? 0];
        if (setup is null)
            return;
        _sink = new SegmentSplitter(setup.Axes.Length, setup.Controller.MaxSegmentNs, outputs.Motion);
        _move = new SynchronisedMove(setup.Limits, setup.StepNs);
        _window = new WindowMotion(setup.Columns, (setup.LeastNs, tickNs), (EaseOf(setup), EaseOf(setup), setup.IsSmooth), _sink);
        _ahead = setup.IsSmooth ? new FrameBlock(path.Axes.Count, 2 * SmoothNodes.Ahead) : null;
    }

    /// <summary>How the first frame was entered; null before that.</summary>
    public MotionState? Entry { get; private set; }

    /// <summary>How the last frame was left; null before that, or where nothing moves.</summary>
    public MotionState? Exit { get; private set; }

    public MotionTimes Times => new(_runUpNs, _turnAroundNs, _settleNs, _runDownNs) { DwellNs = _dwellNs };

    /// <summary>Stand still first as long as the frame before the walk asks for; else whoever walks counts that elsewhere.</summary>
    public bool DwellsFirst { get; init; }

    /// <summary>The first frame that does not begin where the one before ended, without a gap between; and its axis.</summary>
    public (long Frame, int Axis)? Break { get; private set; }

    /// <summary>The first frame that cannot be begun by position: no encoder, or less than a count on, along the window's axis.</summary>
    public long? Unplaced { get; private set; }

    /// <summary>The first frame whose detector's clock may be off by more than half of it, in its window; and by how much.</summary>
    public (long Frame, long OffNs, long DurationNs)? Adrift { get; private set; }

    /// <summary>The compare of the window last opened.</summary>
    public PositionCompare? Compare { get; private set; }

    /// <summary>Nodes of a smooth window that are not yet given to the sink.</summary>
    public int PendingNodes => _window?.PendingNodes ?? 0;

    /// <summary>Duration of the straight stretch that is not yet given to the sink.</summary>
    public long PendingNs => _window?.PendingNs ?? 0;

    /// <summary>Walks the range, from rest to rest.</summary>
    public void Walk(FrameRange range, IWalkObserver? observer = null)
    {
        var block = new FrameBlock(_path.Axes.Count, (int)Math.Min(BlockFrames, range.Count));
        _delayNs = DwellsFirst && range.First > 0 ? DwellNs(_path.DelayOf(range.First - 1)) : 0;
        for (var start = range.First; start < range.End; start += block.Count)
        {
            _path.Read(start, block, (int)Math.Min(block.Capacity, range.End - start));
            for (var i = 0; i < block.Count; i++)
                if (!Frame(start + i, range.First, block, i, observer))
                    return;
        }
        if (_setup is not null)
            RunDown();
    }

    private bool Frame(long frame, long first, FrameBlock block, int index, IWalkObserver? observer)
    {
        var durationNs = DurationNs(block.DurationSeconds[index]);
        var dwellNs = _delayNs;
        _delayNs = DwellNs(block.DelaySeconds[index]);
        var opens = frame == first || dwellNs > 0 || (_setup is not null && block.Gap[index]);
        if (opens && frame != first && observer?.WindowBegins(frame) == false)
            return false;
        if (_setup is null)
        {
            if (opens)
                _triggers.Dwell(frame, dwellNs);
        }
        else if (opens)
        {
            Open(frame, durationNs, block, index, dwellNs);
        }
        else
        {
            _window!.Next(durationNs, block, index);
            if (_window.BrokenAxis >= 0)
                Break ??= (frame, _window.BrokenAxis);
        }
        _dwellNs += dwellNs;
        _last = frame;
        Drift(frame, durationNs, opens);
        _triggers.Frame(durationNs, _triggers.ByPosition ? WayOf(frame, opens, block, index) : null);
        return observer?.FramesDone(frame + 1) ?? true;
    }

    /// <summary>Frames that a detector begins by its own clock move away from their places with every frame of a window.</summary>
    private void Drift(long frame, long durationNs, bool opens)
    {
        if (_setup?.FreeRun is not { } freeRun)
            return;
        _windowNs = durationNs + (opens ? 0 : _windowNs);
        var offNs = freeRun.LateNs(_windowNs);
        if (offNs > durationNs / 2 && Array.Exists(_window!.EntryVelocity, v => v != 0))
            Adrift ??= (frame, offNs, durationNs);
    }

    private void Open(long frame, long durationNs, FrameBlock block, int index, long dwellNs)
    {
        var (setup, move, window) = (_setup!, _move!, _window!);
        var follows = _open;
        if (follows)
            CloseWindow();
        window.First(durationNs, block, index);
        if (_ahead is not null)
            EnterSmoothly(frame, _ahead);
        _compareAxis = setup.CompareAxis(window.EntryVelocity, durationNs);
        _compareSign = _compareAxis < 0 ? 0 : Math.Sign(window.EntryVelocity[_compareAxis]);
        Compare = _compareAxis < 0 ? null : CompareAt(block.Lower[setup.Columns[_compareAxis]][index]);
        var moving = Array.Exists(window.EntryVelocity, v => v != 0);
        var leadNs = moving ? LeadNs(durationNs) : 0;
        if (moving && !follows)
        {
            window.EaseIn(leadNs, _compareAxis);
            leadNs = LeadNs(durationNs);
        }
        window.EntryPosition(leadNs, _entry);
        Entry ??= new MotionState([.. _entry], [.. window.LeadVelocity], leadNs + window.EaseInNs);
        _sink.Enter(follows ? LimitCheck.TurnPhase : LimitCheck.RunUpPhase, frame);
        if (follows)
            TurnAround(moving, leadNs, dwellNs);
        else
            RunUp(leadNs + window.EaseInNs, dwellNs);
        _sink.Enter(LimitCheck.WindowPhase, frame);
        window.LateNs = setup.FreeRun is null ? 0 : durationNs / 2;
        window.Begin(leadNs, liveInLead: Compare is not null);
        _triggers.Open(frame, waitForLive: !setup.Controller.ConstantVelocityOnly, Compare);
        _open = true;
    }

    private long LeadNs(long frameNs) =>
        _setup!.LeadFor(_compareAxis, _compareAxis < 0 ? 0 : _window!.LeadVelocity[_compareAxis], frameNs);

    private static Ease EaseOf(MotionSetup setup) => new(setup.Limits, setup.Soft, (setup.StepNs, setup.LeastNs));

    /// <summary>How a smooth window is entered hangs on the frames after its first.</summary>
    private void EnterSmoothly(long frame, FrameBlock ahead)
    {
        var first = Math.Max(0, frame - SmoothNodes.Ahead);
        var at = (int)(frame - first);
        _path.Read(first, ahead, (int)Math.Min(at + SmoothNodes.Ahead, _path.Length - first));
        var from = at;
        while (from > 0 && Joins(ahead, from))
            from--;
        _window!.EnterSmoothly(ahead, (from, at, EndOf(ahead, at)), DurationNs);
    }

    /// <summary>A take that ends inside a smooth window leaves it on the course that goes on there.</summary>
    private void LeaveSmoothly(FrameBlock ahead)
    {
        if (_last + 1 >= _path.Length)
            return;
        _path.Read(_last, ahead, (int)Math.Min(SmoothNodes.Ahead, _path.Length - _last));
        if (!Joins(ahead, 1))
            return;
        var end = EndOf(ahead, 1);
        _path.Read(_last + 1, ahead, end - 1);
        _window!.GoesOn(ahead, end - 1, DurationNs);
    }

    private static bool Joins(FrameBlock block, int index) => !block.Gap[index] && block.DelaySeconds[index - 1] <= 0;

    private static int EndOf(FrameBlock block, int index)
    {
        while (index + 1 < block.Count && Joins(block, index + 1))
            index++;
        return index + 1;
    }

    private void RunUp(long leadNs, long dwellNs)
    {
        _move!.RunUp(_entry, _window!.LeadVelocity, MotionSetup.QuietNs);
        _sink.Begin(_move.From);
        if (dwellNs > 0)
            _sink.To(dwellNs, _move.From, new double[_entry.Length], live: false);
        _move.Emit(_sink);
        _runUpNs += _move.DurationNs + leadNs;
    }

    private void TurnAround(bool moving, long leadNs, long dwellNs)
    {
        var (move, window) = (_move!, _window!);
        var moveNs = dwellNs > 0
            ? move.JumpWithRest(window.ExitPosition, window.ExitVelocity, (_entry, window.EntryVelocity), dwellNs, _sink)
            : move.JumpStraight(window.ExitPosition, window.ExitVelocity, (_entry, window.EntryVelocity), _sink);
        _turnAroundNs += _leadOutNs + moveNs + leadNs;
        var settleNs = moving ? 0 : _setup!.SettleNs(window.ExitPosition, _entry);
        if (settleNs == 0)
            return;
        _sink.To(settleNs, _entry, window.EntryVelocity, live: false);
        _settleNs += settleNs;
    }

    private void CloseWindow()
    {
        var (setup, window) = (_setup!, _window!);
        var velocity = _compareAxis < 0 ? 0 : window.LeaveVelocity(_compareAxis);
        _leadOutNs = setup.LeadFor(_compareAxis, velocity, window.LastFrameNs) + (setup.FreeRun?.LateNs(_windowNs) ?? 0);
        if (_ahead is not null)
            LeaveSmoothly(_ahead);
        window.Close(_leadOutNs);
        _leadOutNs += window.EaseOutNs;
    }

    private void RunDown()
    {
        CloseWindow();
        var (move, window) = (_move!, _window!);
        Exit = new MotionState([.. window.ExitPosition], [.. window.ExitVelocity], _leadOutNs);
        _runDownNs += _leadOutNs;
        _open = false;
        if (!Array.Exists(window.ExitVelocity, v => v != 0))
            return;
        move.RunDown(window.ExitPosition, window.ExitVelocity);
        _sink.Enter(LimitCheck.RunDownPhase, null);
        move.Emit(_sink);
        _runDownNs += move.DurationNs;
    }

    /// <summary>The frame's way along the compared axis; null for the first of a window, which the window's own compare begins.</summary>
    private (double, double)? WayOf(long frame, bool opens, FrameBlock block, int index)
    {
        if (_setup is null || _compareAxis < 0 || _setup.Axes[_compareAxis].Encoder is not { } encoder)
        {
            Unplaced ??= frame;
            return null;
        }
        var column = _setup.Columns[_compareAxis];
        var (from, to) = (block.Lower[column][index], block.Upper[column][index]);
        if ((to - from) * _compareSign < Math.Abs(encoder.Scale))
            Unplaced ??= frame;
        return opens ? null : (from, to);
    }

    private PositionCompare CompareAt(double position) =>
        new(_setup!.Axes[_compareAxis].Name, position, _window!.EntryVelocity[_compareAxis] > 0);

    private long DwellNs(double seconds) => _setup?.DwellNs(seconds, _tickNs) ?? FrameDuration.DwellNs(seconds, _tickNs);

    private long DurationNs(double seconds)
    {
        if (seconds == _lastSeconds)
            return _lastNs;
        (_lastSeconds, _lastNs) = (seconds, FrameDuration.ToNs(seconds, _tickNs));
        return _lastNs;
    }
}
