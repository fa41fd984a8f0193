namespace Flyscan.Engine.Simulation;

/// <summary>Something that comes due at a virtual time.</summary>
internal abstract class SimulatedEvent(Life owner)
{
    internal Life Owner { get; } = owner;

    internal bool IsCancelled { get; private set; }

    internal bool IsDead => IsCancelled || !Owner.IsAlive;

    internal void Cancel() => IsCancelled = true;

    /// <summary>It is due: makes runnable what it stands for.</summary>
    internal abstract void Fire();
}

/// <summary>Something that can be run when it is its turn.</summary>
internal interface IRunnable
{
    void Run();
}

/// <summary>A callback at a time; at its time it is runnable beside everything else.</summary>
internal sealed class CallbackEvent(Life owner, string kind, Action action) : SimulatedEvent(owner), IRunnable, IDisposable
{
    public void Run()
    {
        if (IsDead)
            return;
        Owner.Run.Trace.Add(kind, Owner.Name, 0, static () => "");
        action();
    }

    public void Dispose() => Cancel();

    internal override void Fire() => Owner.Run.MakeReady(this, null, Owner);
}

/// <summary>A fault at its time: it takes no turn, so that one that meets nothing leaves the run as it is.</summary>
internal sealed class FaultEvent(Life owner, Action action) : SimulatedEvent(owner)
{
    internal override void Fire() => action();
}

/// <summary>What is to come, by time and then by the order in which it was scheduled.</summary>
internal sealed class EventQueue
{
    private readonly PriorityQueue<SimulatedEvent, (long DueNs, long Order)> _events = new(Comparer.Instance);
    private long _order;

    internal int Count => _events.Count;

    internal void Add(SimulatedEvent item, long dueNs) => _events.Enqueue(item, (dueNs, _order++));

    /// <summary>The time of the first event that still stands; null where there is none.</summary>
    internal long? NextNs()
    {
        while (_events.TryPeek(out var item, out var due))
        {
            if (!item.IsDead)
                return due.DueNs;
            _events.Dequeue();
        }

        return null;
    }

    internal void FireAllAt(long timeNs)
    {
        while (_events.TryPeek(out var item, out var due) && due.DueNs <= timeNs)
        {
            _events.Dequeue();
            if (!item.IsDead)
                item.Fire();
        }
    }

    private sealed class Comparer : IComparer<(long DueNs, long Order)>
    {
        internal static readonly Comparer Instance = new();

        public int Compare((long DueNs, long Order) x, (long DueNs, long Order) y) =>
            x.DueNs != y.DueNs ? x.DueNs.CompareTo(y.DueNs) : x.Order.CompareTo(y.Order);
    }
}
