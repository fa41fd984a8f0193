namespace Flyscan.Engine.Simulation;

/// <summary>Runs actions of one node one at a time and in order, as a thread or a socket does; other things run between them.</summary>
public sealed class SimulatedLane : IRunnable
{
    private readonly Life _life;
    private readonly Queue<Entry> _waiting = new();
    private bool _isReady;

    internal SimulatedLane(Life life) => _life = life;

    /// <summary>Virtual time in nanoseconds.</summary>
    public long NowNs => _life.Run.NowNs;

    /// <summary>Runs the action after all that were posted or came due before.</summary>
    public void Post(Action action) => Enqueue(new Entry(action));

    /// <summary>Posts the action at that time, or now where it is past; disposing the result takes it back until it has run.</summary>
    public IDisposable At(long timeNs, Action action)
    {
        var due = new DueEntry(this, new Entry(action));
        _life.Run.Schedule(due, timeNs);
        return due;
    }

    void IRunnable.Run()
    {
        _isReady = false;
        if (_waiting.TryDequeue(out var entry))
        {
            if (_waiting.Count > 0)
                MakeReady();
            entry.Action?.Invoke();
        }
    }

    private void Enqueue(Entry entry)
    {
        _life.Run.RequireThread("an action was posted");
        _waiting.Enqueue(entry);
        if (!_isReady)
            MakeReady();
    }

    private void MakeReady()
    {
        _isReady = true;
        _life.Run.MakeReady(this, null, _life);
    }

    private sealed class Entry(Action action)
    {
        internal Action? Action { get; set; } = action;
    }

    private sealed class DueEntry(SimulatedLane lane, Entry entry) : SimulatedEvent(lane._life), IDisposable
    {
        public void Dispose()
        {
            entry.Action = null;
            Cancel();
        }

        internal override void Fire() => lane.Enqueue(entry);
    }
}
