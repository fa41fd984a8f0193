using Flyscan.Scanning.Paths;

namespace Flyscan.Scanning.Trajectories;

/// <summary>The motion through one window: a lead of constant velocity, each frame from bound to bound in its time, a lead out.</summary>
/// <remarks>
/// Nodes stand at frame bounds, and at midpoints where a frame is not run evenly. Velocity at a node is that of the parabola
/// through it and its neighbours; the first and last frame keep their own. Nodes on one straight line in time are given as one
/// segment, nodes closer than the controller takes are left out. Live is high from the lead on (or from the first frame) to the end
/// of the lead out: frames that run late by the lag of axis and box are still in live time, at the window's velocity. Times count
/// from the window's start and positions come from the path, so that nothing is summed up.
/// <b>Units</b> nanoseconds, axis units.
/// </remarks>
internal sealed partial class WindowMotion
{
    private const double Rounding = 4e-16;

    private readonly int _axes;
    private readonly int[] _columns;
    private readonly long _leastNs;
    private readonly double _tick;
    private readonly MotionSink _sink;
    private readonly double[] _slope;
    private readonly SmoothNodes? _smooth;
    private readonly Ease _in;
    private readonly Ease _out;
    private readonly double[] _accelerations;
    private readonly StepWatch _steps;
    private readonly WindowFrame _spare;
    private bool _goesOn;
    private WindowFrame _previous;
    private WindowFrame _current;
    private Node _emitted;
    private Node _candidate;
    private Node _next;
    private bool _hasCandidate;
    private bool _straight;
    private long _count;
    private bool _live;
    private long _leadNs;
    private long _startNs;

    /// <param name="columns">Where each axis stands in the blocks of frames.</param>
    /// <param name="eases">Smooth windows are entered and left by them, and acceleration has no steps inside; without, it may step at
    /// nodes, and velocity hangs on the next ones only.</param>
    /// <remarks><b>Units</b> leastNs: shortest segment; tickNs: resolution of the trigger box, nanoseconds.</remarks>
    public WindowMotion(int[] columns, (long LeastNs, long TickNs) grain, (Ease In, Ease Out, bool Smooth) eases, MotionSink sink)
    {
        var (leastNs, tickNs) = grain;
        var axes = columns.Length;
        (_axes, _columns, _leastNs, _tick, _sink) = (axes, columns, leastNs, tickNs / 1e9, sink);
        (_previous, _current) = (new WindowFrame(axes), new WindowFrame(axes));
        (_emitted, _candidate, _next) = (new Node(axes), new Node(axes), new Node(axes));
        _slope = new double[axes];
        (_in, _out) = (eases.In, eases.Out);
        _smooth = eases.Smooth ? new SmoothNodes(axes) : null;
        _accelerations = new double[axes];
        _steps = new StepWatch(axes, sink);
        _spare = new WindowFrame(axes);
        (EntryVelocity, ExitVelocity) = (new double[axes], new double[axes]);
    }

    /// <summary>Velocity into the first frame.</summary>
    public double[] EntryVelocity { get; }

    /// <summary>Velocity through the lead: that into the first frame, unless the window is entered in mid curve.</summary>
    public ReadOnlySpan<double> LeadVelocity => _in.Velocities;

    /// <summary>How long acceleration is taken up between the lead and the first frame.</summary>
    public long EaseInNs => _in.DurationNs;

    /// <summary>How long acceleration is taken back between the last frame and the lead out; valid after <see cref="Close"/>.</summary>
    public long EaseOutNs => _out.DurationNs;

    /// <summary>Velocity through the lead out.</summary>
    public double[] ExitVelocity { get; }

    /// <summary>Where the lead out ended; valid after <see cref="Close"/>.</summary>
    public ReadOnlySpan<double> ExitPosition => _emitted.Positions;

    /// <summary>Duration of the frame last given.</summary>
    public long LastFrameNs => _current.DurationNs;

    /// <summary>The axis whose frame before did not end where the frame last given begins; -1 when all join.</summary>
    public int BrokenAxis { get; private set; }

    /// <summary>How much longer than its lead a window's velocity is kept, at most, where a take ends inside it.</summary>
    public long LateNs { get; set; }

    /// <summary>How long the straight stretch not given yet lasts.</summary>
    public long PendingNs => _hasCandidate ? _candidate.TimeNs - _emitted.TimeNs : 0;

    /// <summary>Nodes whose velocities hang on frames to come.</summary>
    public int PendingNodes => _smooth?.Waiting ?? 0;

    /// <summary>An axis's velocity at the end of the frame last given.</summary>
    public double LeaveVelocity(int axis) => EdgeVelocity(_current, axis, last: true);

    /// <summary>Reads the window's first frame, so that its entry is known.</summary>
    public void First(long durationNs, FrameBlock block, int index)
    {
        BrokenAxis = -1;
        Read(_current, durationNs, block, index);
        for (var i = 0; i < _axes; i++)
            EntryVelocity[i] = EdgeVelocity(_current, i, last: false);
        _in.None(EntryVelocity);
        _steps.Begin();
    }

    /// <summary>Finds how the course of a smooth window is entered at one of its frames, from those around it.</summary>
    /// <remarks>A take that begins inside a window so flies the same course as one that begins before it.</remarks>
    public void EnterSmoothly(FrameBlock frames, (int From, int At, int End) range, Func<double, long> toNs)
    {
        var (smooth, timeNs, entry) = (_smooth!, 0L, 0);
        Read(_spare, toNs(frames.DurationSeconds[range.From]), frames, range.From);
        smooth.Begin(0, _spare.Lower, []);
        for (var k = range.From; k < range.End; k++)
        {
            if (k < range.At)
                entry++;
            timeNs = AddBeyond(timeNs, frames, k, toNs);
            if (_spare.Halved && k < range.At)
                entry++;
        }
        smooth.End();
        smooth.VelocitiesAt(entry).CopyTo(EntryVelocity);
        smooth.AccelerationsAfter(entry, _accelerations);
        _in.None(EntryVelocity);
    }

    /// <summary>Takes the acceleration of a smooth window up before its first frame.</summary>
    public void EaseIn(long leadNs, int compareAxis)
    {
        if (_smooth is not null)
            _in.In(_current.Lower, EntryVelocity, _accelerations, leadNs, compareAxis);
    }

    /// <summary>Before <see cref="Close"/> inside a smooth window: the frames that follow there.</summary>
    public void GoesOn(FrameBlock frames, int count, Func<double, long> toNs)
    {
        Middle(_current);
        _smooth!.Add(_startNs + _current.DurationNs, _current.Upper);
        TakeSmooth(_smooth);
        var timeNs = _startNs + _current.DurationNs;
        for (var k = 0; k < count; k++)
            timeNs = AddBeyond(timeNs, frames, k, toNs);
        _goesOn = true;
    }

    /// <summary>Where the axes must be, at <see cref="LeadVelocity"/>, when a lead of this length begins.</summary>
    public void EntryPosition(long leadNs, Span<double> into)
    {
        for (var i = 0; i < _axes; i++)
            into[i] = _current.Lower[i] - _in.Ways[i] - LeadVelocity[i] * (leadNs / 1e9);
    }

    /// <summary>Begins to give points; the last point given was the entry.</summary>
    /// <remarks>With <paramref name="liveInLead"/> the lead is live, else live rises at the first frame.</remarks>
    public void Begin(long leadNs, bool liveInLead)
    {
        (_hasCandidate, _leadNs, _startNs) = (false, leadNs + LateNs, 0);
        EntryPosition(leadNs, _emitted.Positions);
        LeadVelocity.CopyTo(_emitted.Velocities);
        _emitted.TimeNs = -leadNs - _in.DurationNs;
        _live = true;
        _sink.MayStopAt(_emitted.Positions, _emitted.Velocities, 0);
        _smooth?.Begin(0, _current.Lower, EntryVelocity);
        if (leadNs == 0)
            return;
        if (_in.DurationNs > 0)
        {
            EntryPosition(0, _next.Positions);
            LeadVelocity.CopyTo(_next.Velocities);
            _next.TimeNs = -_in.DurationNs;
            Lead(liveInLead);
        }
        _current.Lower.CopyTo(_next.Positions, 0);
        EntryVelocity.CopyTo(_next.Velocities, 0);
        _next.TimeNs = 0;
        Lead(liveInLead);
    }

    /// <summary>A further frame of the window.</summary>
    public void Next(long durationNs, FrameBlock block, int index)
    {
        (_previous, _current) = (_current, _previous);
        Read(_current, durationNs, block, index);
        Middle(_previous);
        _steps.Bound(_previous, _current);
        var (before, after) = (ElementSeconds(_previous), ElementSeconds(_current));
        for (var i = 0; i < _axes; i++)
        {
            var velocityBefore = (_previous.Upper[i] - (_previous.Halved ? _previous.Midpoint[i] : _previous.Lower[i])) / before;
            var velocityAfter = ((_current.Halved ? _current.Midpoint[i] : _current.Upper[i]) - _current.Lower[i]) / after;
            _next.Positions[i] = _current.Lower[i];
            _next.Velocities[i] = (velocityBefore * after + velocityAfter * before) / (before + after);
            if (!Joins(i))
                BrokenAxis = i;
        }
        _next.TimeNs = _startNs;
        Place();
    }

    /// <summary>Ends the window after the frame last given.</summary>
    public void Close(long leadOutNs)
    {
        if (!_goesOn)
            Middle(_current);
        _steps.End();
        for (var i = 0; i < _axes; i++)
        {
            ExitVelocity[i] = EdgeVelocity(_current, i, last: true);
            _next.Positions[i] = _current.Upper[i];
            _next.Velocities[i] = ExitVelocity[i];
        }
        _startNs += _current.DurationNs;
        _next.TimeNs = _startNs;
        _out.None(ExitVelocity);
        if (_smooth is null)
            Take();
        else
            EndSmoothly(_smooth, leadOutNs);
        for (var i = 0; i < _axes; i++)
        {
            _next.Positions[i] = _current.Upper[i] + _out.Ways[i] + ExitVelocity[i] * (leadOutNs / 1e9);
            _next.Velocities[i] = ExitVelocity[i];
        }
        _next.TimeNs = _startNs + _out.DurationNs + leadOutNs;
        var joined = _hasCandidate && _straight && Extends();
        if (_hasCandidate && !joined && _candidate.TimeNs - _emitted.TimeNs >= _leastNs)
            GiveInside(ref _candidate);
        Give(ref _next);
        _sink.MayStopAt(_emitted.Positions, _emitted.Velocities, 0);
    }

    private void Lead(bool live)
    {
        if (live)
        {
            Take();
            return;
        }
        _live = false;
        Give(ref _next);
        _live = true;
    }

    private void Middle(WindowFrame frame)
    {
        if (frame.Halved)
        {
            for (var i = 0; i < _axes; i++)
            {
                _next.Positions[i] = frame.Midpoint[i];
                _next.Velocities[i] = (frame.Upper[i] - frame.Lower[i]) / (frame.DurationNs / 1e9);
            }
            _next.TimeNs = _startNs + frame.DurationNs / 2;
            Place();
        }
        if (!ReferenceEquals(frame, _current))
            _startNs += frame.DurationNs;
    }

    /// <summary>A node inside the window.</summary>
    private void Place()
    {
        if (_smooth is null)
        {
            Take();
            return;
        }
        _smooth.Add(_next.TimeNs, _next.Positions);
        TakeSmooth(_smooth);
    }

    private long AddBeyond(long timeNs, FrameBlock frames, int index, Func<double, long> toNs)
    {
        Read(_spare, toNs(frames.DurationSeconds[index]), frames, index);
        if (_spare.Halved)
            _smooth!.AddBeyond(timeNs + _spare.DurationNs / 2, _spare.Midpoint);
        timeNs += _spare.DurationNs;
        _smooth!.AddBeyond(timeNs, _spare.Upper);
        return timeNs;
    }

    private void TakeSmooth(SmoothNodes smooth)
    {
        while (smooth.TryTake(out var timeNs, _next.Positions, _next.Velocities))
        {
            _next.TimeNs = timeNs;
            Take();
        }
    }

    private void EndSmoothly(SmoothNodes smooth, long leadOutNs)
    {
        if (!_goesOn)
            smooth.Add(_startNs, _next.Positions);
        smooth.End();
        smooth.LastVelocities.CopyTo(ExitVelocity);
        _out.None(ExitVelocity);
        if (_goesOn)
        {
            smooth.LastAccelerations(_accelerations);
            _out.Out(_current.Upper, ExitVelocity, _accelerations, leadOutNs);
        }
        _goesOn = false;
        TakeSmooth(smooth);
        if (_out.DurationNs == 0)
            return;
        for (var i = 0; i < _axes; i++)
            _next.Positions[i] = _current.Upper[i] + _out.Ways[i];
        _out.Velocities.CopyTo(_next.Velocities);
        _out.Velocities.CopyTo(ExitVelocity);
        _next.TimeNs = _startNs + _out.DurationNs;
        Take();
    }

    private bool Joins(int axis)
    {
        var (end, start) = (_previous.Upper[axis], _current.Lower[axis]);
        var width = Math.Abs(_current.Upper[axis] - start) + Math.Abs(end - _previous.Lower[axis]);
        return Math.Abs(start - end) <= 1e-6 * width + 1e-12 * (Math.Abs(end) + Math.Abs(start));
    }

    private double EdgeVelocity(WindowFrame frame, int i, bool last)
    {
        var seconds = frame.DurationNs / 1e9;
        var (lower, middle, upper) = (frame.Lower[i], frame.Midpoint[i], frame.Upper[i]);
        if (!frame.Halved)
            return (upper - lower) / seconds;
        // An axis that stands does so to the last bit, wherever it is.
        if (lower == middle && middle == upper)
            return 0;
        return last ? (3 * upper - 4 * middle + lower) / seconds : (4 * middle - 3 * lower - upper) / seconds;
    }

    private static double ElementSeconds(WindowFrame frame) => frame.DurationNs / (frame.Halved ? 2e9 : 1e9);

    private void Read(WindowFrame frame, long durationNs, FrameBlock block, int index)
    {
        frame.DurationNs = durationNs;
        frame.Halved = false;
        var mayHalve = durationNs / 2 >= _leastNs;
        for (var i = 0; i < _axes; i++)
        {
            var (from, middle, to) = (block.Lower[_columns[i]][index], block.Midpoint[_columns[i]][index], block.Upper[_columns[i]][index]);
            (frame.Lower[i], frame.Midpoint[i], frame.Upper[i]) = (from, middle, to);
            var bend = Math.Abs(middle - (from + to) / 2);
            if (mayHalve && bend > 1e-9 * Math.Abs(to - from) + 4 * Rounding * Math.Abs(middle))
                frame.Halved = true;
        }
    }
}
