using System.Net;

namespace Flyscan.Hardware.Epics;

/// <summary>How channels are searched for.</summary>
/// <remarks><b>Units</b> nanoseconds, bytes. Eager: after a loss, for EagerForNs.</remarks>
internal sealed record SearchPace
{
    public long FirstNs { get; init; } = 32_000_000;

    public long LongestNs { get; init; } = 300_000_000_000;

    public long EagerFirstNs { get; init; } = 50_000_000;

    public long EagerLongestNs { get; init; } = 1_000_000_000;

    public long EagerForNs { get; init; } = 60_000_000_000;

    /// <summary>Above it, some networks would cut a datagram.</summary>
    public int LargestDatagram { get; init; } = 1024;

    /// <summary>Datagrams in one go; the next go comes <see cref="BurstGapNs"/> later, so that servers' buffers hold them.</summary>
    public int Burst { get; init; } = 64;

    public long BurstGapNs { get; init; } = 5_000_000;
}

/// <summary>A name that is asked for, under the client's number of its channel.</summary>
internal readonly record struct PvName(uint Cid, string Name);

/// <summary>Which names are asked for when: at once, then ever less often; eagerly after a loss. A transport writes the datagrams. Without
/// I/O.</summary>
internal abstract class NameSearch(SearchPace pace)
{
    private readonly List<PvName> _taken = [];
    private readonly Dictionary<uint, Entry> _entries = [];
    private readonly PriorityQueue<Entry, (long DueNs, long Order)> _due = new();
    private long _order;
    private long _quietUntilNs = long.MinValue;

    /// <summary>UDP port at which answers are awaited.</summary>
    public int AnswerPort { get; set; }

    /// <summary>When to ask next; null when nothing is searched for.</summary>
    public long? NextDeadline
    {
        get
        {
            Prune();
            return _due.TryPeek(out _, out var due) ? Math.Max(due.DueNs, _quietUntilNs) : null;
        }
    }

    /// <summary>Begins to search. Eager: the channel was connected a moment ago.</summary>
    public void Add(uint cid, string name, long nowNs, bool eager, long delayNs = 0)
    {
        var entry = new Entry(cid, name)
        {
            IntervalNs = eager ? pace.EagerFirstNs : pace.FirstNs,
            EagerUntilNs = eager ? nowNs + pace.EagerForNs : long.MinValue,
        };
        _entries[cid] = entry;
        _due.Enqueue(entry, (nowNs + delayNs, _order++));
    }

    /// <summary>No longer searched for.</summary>
    public bool Remove(uint cid)
    {
        if (!_entries.Remove(cid, out var entry))
            return false;
        entry.IsDone = true;
        return true;
    }

    /// <summary>Sends what is due, at most a burst; the rest waits for the next deadline.</summary>
    /// <param name="nowNs">Now.</param>
    /// <param name="send">Sends the search that has just been written.</param>
    public void Send(long nowNs, Action send)
    {
        for (var sent = 0; sent < pace.Burst; sent++)
        {
            if (!Take(nowNs))
                return;
            Write(_taken);
            send();
        }
        _quietUntilNs = nowNs + pace.BurstGapNs;
    }

    /// <summary>The search that was written last, as it goes to an address.</summary>
    public abstract ReadOnlySpan<byte> DatagramTo(IPEndPoint server);

    /// <summary>Asks the search that was written last of a name server.</summary>
    public abstract void Ask(PvCircuit nameServer);

    /// <summary>Bytes of a datagram beside the names.</summary>
    protected abstract int HeadLength { get; }

    /// <summary>Bytes that a name adds.</summary>
    protected abstract int LengthOf(string name);

    protected abstract void Write(IReadOnlyList<PvName> names);

    /// <summary>Takes the names that are due and fit into one datagram; false when there are none.</summary>
    private bool Take(long nowNs)
    {
        _taken.Clear();
        var used = HeadLength;
        while (nowNs >= _quietUntilNs && NextDue(nowNs) is { } entry)
        {
            used += LengthOf(entry.Name);
            if (_taken.Count > 0 && used > pace.LargestDatagram)
                break;
            _due.Dequeue();
            _due.Enqueue(entry, (nowNs + entry.IntervalNs, _order++));
            var longest = nowNs < entry.EagerUntilNs ? pace.EagerLongestNs : pace.LongestNs;
            entry.IntervalNs = Math.Min(entry.IntervalNs * 2, longest);
            _taken.Add(new PvName(entry.Cid, entry.Name));
        }
        return _taken.Count > 0;
    }

    private Entry? NextDue(long nowNs)
    {
        Prune();
        return _due.TryPeek(out var entry, out var due) && due.DueNs <= nowNs ? entry : null;
    }

    private void Prune()
    {
        while (_due.TryPeek(out var entry, out _) && entry.IsDone)
            _due.Dequeue();
    }

    private sealed class Entry(uint cid, string name)
    {
        public uint Cid => cid;

        public string Name => name;

        public long IntervalNs { get; set; }

        public long EagerUntilNs { get; init; }

        public bool IsDone { get; set; }
    }
}
