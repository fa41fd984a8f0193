using Flyscan.Hardware.Simulation;

namespace Flyscan.Tests.Hardware.Simulation;

/// <summary>A beam clock that a test moves by hand.</summary>
internal sealed class SteppedWorld : ISimulationClock
{
    private readonly PriorityQueue<Entry, (long TimeNs, long Sequence)> _events = new();
    private readonly Queue<Action> _posted = new();
    private readonly object _gate = new();
    private long _sequence;

    public long NowNs { get; private set; }

    public IDisposable At(long timeNs, Action action)
    {
        var entry = new Entry(action);
        _events.Enqueue(entry, (Math.Max(timeNs, NowNs), _sequence++));
        return entry;
    }

    public void Post(Action action)
    {
        lock (_gate)
            _posted.Enqueue(action);
    }

    /// <summary>Runs everything up to and at this time.</summary>
    public void RunTo(long timeNs)
    {
        RunPosted();
        while (_events.TryPeek(out _, out var due) && due.TimeNs <= timeNs)
        {
            NowNs = Math.Max(NowNs, due.TimeNs);
            _events.Dequeue().Action?.Invoke();
            RunPosted();
        }
        NowNs = Math.Max(NowNs, timeNs);
    }

    /// <summary>Runs until nothing is scheduled; returns the time of the last event.</summary>
    public long RunToRest()
    {
        RunPosted();
        while (_events.TryPeek(out _, out var due))
            RunTo(due.TimeNs);
        return NowNs;
    }

    private void RunPosted()
    {
        while (true)
        {
            Action? action;
            lock (_gate)
                if (!_posted.TryDequeue(out action))
                    return;
            action();
        }
    }

    private sealed class Entry(Action action) : IDisposable
    {
        public Action? Action { get; private set; } = action;

        public void Dispose() => Action = null;
    }
}
