using System.Runtime.CompilerServices;
using Akka.Actor;

namespace Akka.Dispatch;

internal enum DequeueResult
{
    Empty,
    Item,

    /// <summary>A sender has reserved the next place but not filled it yet.</summary>
    Pending,
}

/// <summary>
/// An unbounded queue for many senders and one receiver at a time: senders reserve a place with one interlocked addition.
/// Segments that were read to their end are used again, so that a queue which is kept up with allocates nothing.
/// </summary>
internal sealed class MessageQueue
{
    private const int FirstSegment = 8;
    private const int LargestSegment = 1024;
    private const int MostSpares = 4;

    private readonly Lock _segments = new();
    private Segment _head;
    private volatile Segment _tail;
    private Segment? _spare;
    private int _spares;
    private Front? _front;

    internal MessageQueue() => _head = _tail = new Segment(FirstSegment);

    /// <summary>Whether a place is reserved or filled; receiver only.</summary>
    internal bool HasAny
    {
        get
        {
            if (_front is not null)
                return true;
            var head = _head;
            return head.Taken < head.Slots.Length ? head.Taken < Volatile.Read(ref head.Reserved) : head.Next is not null;
        }
    }

    internal void Enqueue(object message, IActorRef? sender)
    {
        while (true)
        {
            var segment = _tail;
            var index = Interlocked.Increment(ref segment.Reserved) - 1;
            var slots = segment.Slots;
            if ((uint)index < (uint)slots.Length)
            {
                ref var slot = ref slots[index];
                slot.Sender = sender;
                Volatile.Write(ref slot.Message, message);
                return;
            }

            Append(segment);
        }
    }

    /// <summary>Puts a message before all others; receiver only.</summary>
    internal void Prepend(Envelope envelope) => _front = new Front(envelope, _front);

    internal DequeueResult TryDequeue(out object message, out IActorRef? sender)
    {
        if (_front is { } front)
        {
            _front = front.Next;
            (message, sender) = (front.Envelope.Message, front.Envelope.Sender);
            return DequeueResult.Item;
        }

        var head = _head;
        if (head.Taken == head.Slots.Length)
        {
            if (head.Next is not { } next)
                return Nothing(DequeueResult.Empty, out message, out sender);
            _head = next;
            Keep(head);
            head = next;
        }

        ref var slot = ref head.Slots[head.Taken];
        var found = Volatile.Read(ref slot.Message);
        if (found is null)
        {
            var reserved = head.Taken < Volatile.Read(ref head.Reserved);
            return Nothing(reserved ? DequeueResult.Pending : DequeueResult.Empty, out message, out sender);
        }

        (message, sender) = (found, slot.Sender);
        slot = default;
        head.Taken++;
        return DequeueResult.Item;
    }

    // A sender may come late, with a segment that was read to its end or is in use again: only the last one, when full, gets a successor.
    [MethodImpl(MethodImplOptions.NoInlining)]
    private void Append(Segment full)
    {
        lock (_segments)
        {
            if (!ReferenceEquals(_tail, full) || Volatile.Read(ref full.Reserved) < full.Slots.Length)
                return;
            var next = TakeSpare() ?? new Segment(Math.Min(full.Slots.Length * 4, LargestSegment));
            full.Next = next;
            _tail = next;
        }
    }

    // While a segment is spare it stays full, so that a late sender finds no place in it.
    private void Keep(Segment read)
    {
        if (read.Slots.Length < LargestSegment)
            return;
        lock (_segments)
        {
            if (_spares == MostSpares)
                return;
            _spares++;
            read.Next = _spare;
            _spare = read;
        }
    }

    private Segment? TakeSpare()
    {
        if (_spare is not { } spare)
            return null;
        _spare = spare.Next;
        _spares--;
        spare.Next = null;
        spare.Taken = 0;
        Volatile.Write(ref spare.Reserved, 0);
        return spare;
    }

    private static DequeueResult Nothing(DequeueResult result, out object message, out IActorRef? sender)
    {
        message = null!;
        sender = null;
        return result;
    }

    private struct Slot
    {
        internal object? Message;
        internal IActorRef? Sender;
    }

    private sealed class Segment(int size)
    {
        internal readonly Slot[] Slots = new Slot[size];
        internal volatile Segment? Next;
        internal int Taken;
        internal int Reserved;
    }

    private sealed class Front(Envelope envelope, Front? next)
    {
        internal Envelope Envelope { get; } = envelope;

        internal Front? Next { get; } = next;
    }
}
