using Akka.Actor;

namespace Akka.Dispatch;

/// <summary>One actor's messages, and the work item that processes some of them when a dispatcher runs it.</summary>
internal sealed class Mailbox : IThreadPoolWorkItem
{
    private readonly ActorCell _cell;
    private readonly IDispatcher _dispatcher;
    private readonly IMailboxObserver? _observer;
    private readonly MessageQueue _queue = new();
    private readonly Lock _drain = new();
    private SystemMessage? _system;
    private int _scheduled;
    private int _suspended;
    private volatile bool _closed;

    internal Mailbox(ActorCell cell, IDispatcher dispatcher)
    {
        _cell = cell;
        _dispatcher = dispatcher;
        _observer = dispatcher as IMailboxObserver;
    }

    internal bool IsClosed => _closed;

    internal bool HasUserMessages => _queue.HasAny;

    /// <summary>What the dispatcher's observer keeps with this mailbox.</summary>
    internal object? Note { get; set; }

    internal void Post(object message, IActorRef? sender)
    {
        if (_observer is not null)
        {
            _observer.Posting();
            if (_observer.Diverts(_cell, message, sender))
                return;
        }

        Accept(message, sender);
    }

    /// <summary>Queues a message, whatever an observer says.</summary>
    internal void Accept(object message, IActorRef? sender)
    {
        _queue.Enqueue(message, sender);
        if (_closed)
            Drain();
        else if (Volatile.Read(ref _scheduled) == 0 && Volatile.Read(ref _suspended) == 0)
            Schedule();
    }

    internal void PostSystem(SystemMessage message)
    {
        _observer?.Posting();
        SystemMessage? top;
        do
        {
            top = Volatile.Read(ref _system);
            message.Next = top;
        }
        while (Interlocked.CompareExchange(ref _system, message, top) != top);

        if (_closed)
            Drain();
        else
            Schedule();
    }

    /// <summary>Puts messages before those that wait, in their order; the cell's own thread only.</summary>
    internal void Prepend(IReadOnlyList<Envelope> envelopes)
    {
        for (var i = envelopes.Count - 1; i >= 0; i--)
            _queue.Prepend(envelopes[i]);
        if (_closed)
            Drain();
    }

    /// <summary>Holds back user messages; the cell's own thread only.</summary>
    internal void Suspend() => Volatile.Write(ref _suspended, _suspended + 1);

    internal void Resume() => Volatile.Write(ref _suspended, Math.Max(0, _suspended - 1));

    /// <summary>Sends what waits, and all that comes later, to the dead letters.</summary>
    internal void Close()
    {
        _closed = true;
        Interlocked.MemoryBarrier();
        Drain();
    }

    void IThreadPoolWorkItem.Execute() => Run();

    internal void Run()
    {
        if (_closed)
            return;
        var outer = ActorCell.Current;
        ActorCell.Current = _cell;
        var pending = false;
        try
        {
            ProcessSystemMessages();
            pending = ProcessUserMessages();
        }
        finally
        {
            ActorCell.Current = outer;
            Release(pending);
        }
    }

    private bool ProcessUserMessages()
    {
        for (var left = _dispatcher.Throughput; left > 0 && _suspended == 0 && !_closed; left--)
        {
            var result = _queue.TryDequeue(out var message, out var sender);
            if (result != DequeueResult.Item)
                return result == DequeueResult.Pending;
            _observer?.Receiving(_cell, message, sender);
            _cell.Invoke(message, sender);
            if (Volatile.Read(ref _system) is not null)
                ProcessSystemMessages();
        }

        return false;
    }

    private void ProcessSystemMessages()
    {
        while (!_closed && TakeSystemMessages() is { } message)
        {
            for (SystemMessage? next; ; message = next)
            {
                next = message.Next;
                message.Next = null;
                if (_closed)
                    _cell.SystemMessageAfterEnd(message);
                else
                    _cell.InvokeSystem(message);
                if (next is null)
                    break;
            }
        }
    }

    private SystemMessage? TakeSystemMessages()
    {
        if (Volatile.Read(ref _system) is null)
            return null;
        var newestFirst = Interlocked.Exchange(ref _system, null);
        SystemMessage? oldestFirst = null;
        while (newestFirst is not null)
        {
            var next = newestFirst.Next;
            newestFirst.Next = oldestFirst;
            oldestFirst = newestFirst;
            newestFirst = next;
        }

        return oldestFirst;
    }

    private void Release(bool pending)
    {
        if (_closed)
            return;
        if (pending)
        {
            _dispatcher.Execute(this);
            return;
        }

        Interlocked.Exchange(ref _scheduled, 0);
        if (Volatile.Read(ref _system) is not null || (_suspended == 0 && _queue.HasAny))
            Schedule();
    }

    private void Schedule()
    {
        if (Interlocked.CompareExchange(ref _scheduled, 1, 0) == 0)
            _dispatcher.Execute(this);
    }

    private void Drain()
    {
        lock (_drain)
        {
            var spin = default(SpinWait);
            DequeueResult result;
            while ((result = _queue.TryDequeue(out var message, out var sender)) != DequeueResult.Empty)
            {
                if (result == DequeueResult.Item)
                    _cell.MessageAfterEnd(message, sender);
                else
                    spin.SpinOnce();
            }

            for (var message = TakeSystemMessages(); message is not null; message = message.Next)
                _cell.SystemMessageAfterEnd(message);
        }
    }
}
