using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Simulation;

namespace Flyscan.Tests.Hardware.PandA;

/// <summary>One thread, one virtual clock: the box's world, the driver's clock, and where the driver's continuations run.</summary>
internal sealed class FakeWorld : SynchronizationContext, ISimulationClock, IClock
{
    private readonly Queue<Action> _posted = new();
    private readonly PriorityQueue<Scheduled, (long, long)> _timed = new();
    private long _order;

    public long NowNs { get; private set; }

    public IDisposable At(long timeNs, Action action)
    {
        var scheduled = new Scheduled(action);
        _timed.Enqueue(scheduled, (Math.Max(timeNs, NowNs), _order++));
        return scheduled;
    }

    public IDisposable WakeAt(long timeNs, Action wake) => At(timeNs, wake);

    public void Post(Action action)
    {
        lock (_posted)
            _posted.Enqueue(action);
    }

    public override void Post(SendOrPostCallback d, object? state) => Post(() => d(state));

    public override void Send(SendOrPostCallback d, object? state) => throw new NotSupportedException();

    public override SynchronizationContext CreateCopy() => this;

    /// <summary>Runs the world until the task has ended; returns its result.</summary>
    public T Run<T>(Func<Task<T>> begin)
    {
        var former = Current;
        SetSynchronizationContext(this);
        try
        {
            var task = begin();
            while (!task.IsCompleted)
                if (!Step())
                    throw new InvalidOperationException("The world stands still and the task has not ended.");
            return task.GetAwaiter().GetResult();
        }
        finally
        {
            SetSynchronizationContext(former);
        }
    }

    /// <summary>Runs everything that is due until then.</summary>
    public void RunUntil(long timeNs)
    {
        At(timeNs, () => { });
        Run(async () =>
        {
            var reached = new TaskCompletionSource<bool>();
            At(timeNs, () => reached.SetResult(true));
            return await reached.Task;
        });
    }

    private bool Step()
    {
        Action? action = null;
        lock (_posted)
            _posted.TryDequeue(out action);
        if (action is not null)
        {
            action();
            return true;
        }
        while (_timed.TryDequeue(out var next, out var at))
        {
            if (next.Action is not { } due)
                continue;
            NowNs = Math.Max(NowNs, at.Item1);
            due();
            return true;
        }
        return false;
    }

    private sealed class Scheduled(Action action) : IDisposable
    {
        public Action? Action { get; private set; } = action;

        public void Dispose() => Action = null;
    }
}

/// <summary>A position that moves linearly between the corners given; constant before and after.</summary>
internal sealed class LinearCount : ICountSignal
{
    private readonly List<(long TimeNs, double Count)> _corners = [(0, 0)];

    public event Action? CourseChanged;

    /// <summary>From now on the position goes through these corners.</summary>
    public void Move(params (long TimeNs, double Count)[] corners)
    {
        var from = corners[0].TimeNs;
        var here = Exact(from);
        _corners.RemoveAll(c => c.TimeNs >= from);
        _corners.Add((from, here));
        _corners.AddRange(corners);
        CourseChanged?.Invoke();
    }

    public int At(long timeNs) => (int)Math.Round(Exact(timeNs));

    public double Mean(long fromNs, long toNs)
    {
        var times = _corners.Select(c => c.TimeNs).Where(t => t > fromNs && t < toNs).Prepend(fromNs).Append(toNs).Distinct().ToList();
        var sum = 0.0;
        for (var i = 1; i < times.Count; i++)
            sum += (Exact(times[i - 1]) + Exact(times[i])) / 2 * (times[i] - times[i - 1]);
        return sum / (toNs - fromNs);
    }

    public (int Least, int Greatest) Range(long fromNs, long toNs)
    {
        var counts = _corners.Where(c => c.TimeNs > fromNs && c.TimeNs < toNs).Select(c => (int)Math.Round(c.Count))
            .Append(At(fromNs)).Append(At(toNs)).ToList();
        return (counts.Min(), counts.Max());
    }

    public long? NextReach(int threshold, bool ascending, long fromNs)
    {
        bool Reached(double count) => ascending ? Math.Round(count) >= threshold : Math.Round(count) <= threshold;
        if (Reached(Exact(fromNs)))
            return fromNs;
        foreach (var corner in _corners.Where(c => c.TimeNs > fromNs))
        {
            if (!Reached(corner.Count))
                continue;
            var (low, high) = (fromNs, corner.TimeNs);
            while (high - low > 1)
            {
                var middle = (low + high) / 2;
                (low, high) = Reached(Exact(middle)) ? (low, middle) : (middle, high);
            }
            return high;
        }
        return null;
    }

    private double Exact(long timeNs)
    {
        var next = _corners.FindIndex(c => c.TimeNs > timeNs);
        if (next < 0)
            return _corners[^1].Count;
        if (next == 0)
            return _corners[0].Count;
        var (a, b) = (_corners[next - 1], _corners[next]);
        return a.Count + (b.Count - a.Count) * (timeNs - a.TimeNs) / (b.TimeNs - a.TimeNs);
    }
}

/// <summary>A bit that a test drives.</summary>
internal sealed class TestBit : IBitSignal
{
    public bool Value { get; private set; }

    public event Action<bool>? Changed;

    public void Set(bool value)
    {
        if (Value == value)
            return;
        Value = value;
        Changed?.Invoke(value);
    }
}
