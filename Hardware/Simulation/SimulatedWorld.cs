namespace Flyscan.Hardware.Simulation;

/// <summary>The beam clock of a simulated world on a thread of its own: scheduled events in time order, posted actions between
/// them.</summary>
/// <remarks>With a time scale above 0 beam time follows the wall clock; at 0 it jumps from event to event and stands still when there is
/// none. Events that are late keep their own beam time, so that what the world does depends on its events alone.</remarks>
public sealed class SimulatedWorld : ISimulationClock, IDisposable
{
    private const int MostEventsBeforePosted = 64;

    private readonly object _gate = new();
    private readonly Queue<Action> _posted = new();
    private readonly PriorityQueue<Entry, (long TimeNs, long Sequence)> _events = new();
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly AutoResetEvent _wake = new(false);
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private long _started;
    private volatile bool _stopping;
    private long _sequence;
    private long _nowNs;

    /// <summary>A world that has not begun: until <see cref="Start"/> it may be furnished from one thread.</summary>
    /// <param name="timeScale">Wall seconds per beamline second: 1 is real time, 0.1 ten times faster, 0 as fast as it goes.</param>
    /// <param name="time">The wall clock.</param>
    public SimulatedWorld(double timeScale, TimeProvider time)
    {
        if (!double.IsFinite(timeScale) || timeScale is < 0 or > 1000)
            throw new ArgumentOutOfRangeException(nameof(timeScale), timeScale, "The time scale is a number from 0 to 1000.");
        (TimeScale, _time) = (timeScale, time);
        _thread = new Thread(Run) { IsBackground = true, Name = "simulated world" };
    }

    /// <summary>Wall seconds per beamline second.</summary>
    public double TimeScale { get; }

    /// <summary>Completes when the world was disposed; fails with what an action threw.</summary>
    public Task Ended => _ended.Task;

    public long NowNs => Volatile.Read(ref _nowNs);

    /// <summary>Time begins.</summary>
    public void Start()
    {
        _started = _time.GetTimestamp();
        _thread.Start();
    }

    public IDisposable At(long timeNs, Action action)
    {
        var entry = new Entry(action);
        _events.Enqueue(entry, (Math.Max(timeNs, _nowNs), _sequence++));
        return entry;
    }

    public void AfterWall(long wallNs, Action action)
    {
        ITimer? timer = null;
        timer = _time.CreateTimer(
            _ =>
            {
                timer?.Dispose();
                Post(action);
            },
            null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        timer.Change(TimeSpan.FromTicks(wallNs / 100), Timeout.InfiniteTimeSpan);
    }

    public void Post(Action action)
    {
        lock (_gate)
            _posted.Enqueue(action);
        _wake.Set();
    }

    /// <summary>Ends the world's thread after the action it is running; waits for it unless called on it.</summary>
    public void Dispose()
    {
        _stopping = true;
        _wake.Set();
        if (Thread.CurrentThread != _thread && _thread.IsAlive)
            _thread.Join();
    }

    private void Run()
    {
        try
        {
            while (!_stopping)
                RunNext();
            _ended.TrySetResult();
        }
        catch (Exception error)
        {
            // The world ends here: whoever owns it learns the cause from Ended.
            _ended.TrySetException(error);
        }
    }

    private void RunNext()
    {
        var posted = TakePosted();
        for (var ran = 0; ran < MostEventsBeforePosted && !_stopping && TryTakeDue(out var due); ran++)
            due();
        if (posted.Count > 0)
        {
            // Between two events the moment is the wall's, but never past an event that is late.
            if (TimeScale > 0)
                AdvanceTo(Math.Min(BeamNowNs(), NextNs()));
            foreach (var action in posted)
                if (!_stopping)
                    action();
            return;
        }
        Wait();
    }

    private List<Action> TakePosted()
    {
        lock (_gate)
        {
            List<Action> taken = [.. _posted];
            _posted.Clear();
            return taken;
        }
    }

    private bool TryTakeDue(out Action action)
    {
        action = null!;
        var nextNs = NextNs();
        if (nextNs == long.MaxValue || nextNs > BeamNowNs())
            return false;
        action = _events.Dequeue().Take()!;
        AdvanceTo(nextNs);
        return true;
    }

    /// <summary>Beam time of the first event that still stands; the greatest number when there is none.</summary>
    private long NextNs()
    {
        while (_events.TryPeek(out var entry, out var due))
        {
            if (!entry.IsTakenBack)
                return due.TimeNs;
            _events.Dequeue();
        }
        return long.MaxValue;
    }

    private long BeamNowNs()
    {
        if (TimeScale == 0)
            return NextNs() is var next && next == long.MaxValue ? _nowNs : next;
        return (long)(_time.GetElapsedTime(_started).Ticks * 100.0 / TimeScale);
    }

    private void AdvanceTo(long timeNs) => Volatile.Write(ref _nowNs, Math.Max(_nowNs, timeNs));

    private void Wait()
    {
        var nextNs = NextNs();
        if (nextNs == long.MaxValue)
        {
            _wake.WaitOne();
            return;
        }
        var waitNs = (nextNs - BeamNowNs()) * TimeScale;
        if (waitNs > 0)
            _wake.WaitOne((int)Math.Min(Math.Ceiling(waitNs / 1e6), 1e6));
    }

    private sealed class Entry(Action action) : IDisposable
    {
        private Action? _action = action;

        public bool IsTakenBack => _action is null;

        public Action? Take() => Interlocked.Exchange(ref _action, null);

        public void Dispose() => _action = null;
    }
}
