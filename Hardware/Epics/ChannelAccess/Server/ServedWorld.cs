using Flyscan.Hardware.Simulation;

namespace Flyscan.Hardware.Epics.ChannelAccess.Server;

/// <summary>A beam clock at a server's time and under its lock: events in the order of their times, each at its own.</summary>
internal sealed class ServedWorld(CaServer server) : ISimulationClock
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<Event, (long, long)> _due = new();
    private IDisposable? _wake;
    private long _wakeNs = long.MaxValue;
    private long _order;
    private long? _eventNs;

    public long NowNs => _eventNs ?? server.NowNs;

    public IDisposable At(long timeNs, Action action)
    {
        var scheduled = new Event(action);
        lock (_gate)
        {
            _due.Enqueue(scheduled, (Math.Max(timeNs, NowNs), _order++));
            Arm();
        }
        return scheduled;
    }

    public void Post(Action action) => At(long.MinValue, action);

    private void Arm()
    {
        if (!_due.TryPeek(out _, out var first) || first.Item1 >= _wakeNs)
            return;
        _wake?.Dispose();
        _wakeNs = first.Item1;
        _wake = server.At(_wakeNs, Run);
    }

    private void Run()
    {
        lock (_gate)
            (_wake, _wakeNs) = (null, long.MaxValue);
        while (Next() is { } next)
            next.Action?.Invoke();
        lock (_gate)
        {
            _eventNs = null;
            Arm();
        }
    }

    private Event? Next()
    {
        lock (_gate)
        {
            if (!_due.TryPeek(out _, out var first) || first.Item1 > server.NowNs)
                return null;
            _eventNs = first.Item1;
            return _due.Dequeue();
        }
    }

    private sealed class Event(Action action) : IDisposable
    {
        public Action? Action { get; private set; } = action;

        public void Dispose() => Action = null;
    }
}
