using Akka.Actor;

namespace Flyscan.Engine.Time;

/// <summary>Something due at a time; cancelling it takes it out of the queue.</summary>
internal abstract class ScheduledItem
{
    internal Clockwork? Owner;
    internal TimeSpan Due;
    internal long Order;
    internal int Index = -1;

    internal void Cancel() => Owner?.Remove(this);

    internal abstract void Run();
}

/// <summary>The queue of what is due, run by one alarm of the clock; what is due at the same time runs in the order it was added.</summary>
internal sealed class Clockwork : IDisposable
{
    private readonly IEngineClock _clock;
    private readonly Lock _lock = new();
    private ScheduledItem[] _heap = new ScheduledItem[64];
    private int _count;
    private long _order;
    private TimeSpan _armedFor = TimeSpan.MaxValue;
    private bool _closed;

    internal Clockwork(IEngineClock clock)
    {
        _clock = clock;
        clock.Alarm = RunDue;
    }

    /// <summary>Hears of what scheduled actions throw.</summary>
    internal Action<Exception>? Fault { get; set; }

    internal TimeSpan Elapsed => _clock.Elapsed;

    internal DateTimeOffset Now => _clock.Now;

    public void Dispose()
    {
        lock (_lock)
        {
            _closed = true;
            for (var i = 0; i < _count; i++)
                _heap[i].Index = -1;
            Array.Clear(_heap);
            _count = 0;
        }

        _clock.Dispose();
    }

    internal ScheduledItem TellOnce(TimeSpan delay, ICanTell receiver, object message, IActorRef? sender)
    {
        var item = new TellItem(receiver, message, sender);
        Add(item, delay);
        return item;
    }

    internal void Add(ScheduledItem item, TimeSpan delay)
    {
        var now = _clock.Elapsed;
        item.Due = delay > TimeSpan.Zero ? now + delay : now;
        lock (_lock)
        {
            if (_closed)
                return;
            item.Owner = this;
            item.Order = _order++;
            if (_count == _heap.Length)
                Array.Resize(ref _heap, _count * 2);
            Up(item, _count++);
            Arm(now);
        }
    }

    internal void Remove(ScheduledItem item)
    {
        lock (_lock)
        {
            if (!_closed && item.Index >= 0)
                TakeOut(item.Index);
        }
    }

    private void RunDue()
    {
        lock (_lock)
            _armedFor = TimeSpan.MaxValue;
        while (NextDue() is { } item)
            Run(item);
    }

    // What is scheduled may be anyone's code: its fault must not keep the rest from running.
    private void Run(ScheduledItem item)
    {
        try
        {
            item.Run();
        }
        catch (Exception e)
        {
            Fault?.Invoke(e);
        }
    }

    private ScheduledItem? NextDue()
    {
        var now = _clock.Elapsed;
        lock (_lock)
        {
            if (_count == 0)
                return null;
            var first = _heap[0];
            if (first.Due > now)
            {
                Arm(now);
                return null;
            }

            TakeOut(0);
            return first;
        }
    }

    private void Arm(TimeSpan now)
    {
        var first = _heap[0].Due;
        if (first >= _armedFor)
            return;
        _armedFor = first;
        _clock.SetAlarm(first - now);
    }

    private void TakeOut(int index)
    {
        var item = _heap[index];
        item.Index = -1;
        var last = _heap[--_count];
        _heap[_count] = null!;
        if (index == _count)
            return;
        if (index > 0 && Before(last, _heap[(index - 1) / 2]))
            Up(last, index);
        else
            Down(last, index);
    }

    private void Up(ScheduledItem item, int index)
    {
        while (index > 0 && Before(item, _heap[(index - 1) / 2]))
        {
            Place(_heap[(index - 1) / 2], index);
            index = (index - 1) / 2;
        }

        Place(item, index);
    }

    private void Down(ScheduledItem item, int index)
    {
        while (true)
        {
            var child = (2 * index) + 1;
            if (child >= _count)
                break;
            if (child + 1 < _count && Before(_heap[child + 1], _heap[child]))
                child++;
            if (Before(item, _heap[child]))
                break;
            Place(_heap[child], index);
            index = child;
        }

        Place(item, index);
    }

    private void Place(ScheduledItem item, int index)
    {
        _heap[index] = item;
        item.Index = index;
    }

    private static bool Before(ScheduledItem a, ScheduledItem b) => a.Due < b.Due || (a.Due == b.Due && a.Order < b.Order);

    private sealed class TellItem(ICanTell receiver, object message, IActorRef? sender) : ScheduledItem
    {
        internal override void Run() => receiver.Tell(message, sender);
    }
}
