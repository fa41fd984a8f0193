namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>How channels are searched for.</summary>
/// <remarks><b>Units</b> nanoseconds, bytes. Eager: after a loss, for EagerForNs.</remarks>
internal sealed record CaSearchPace
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

/// <summary>Which names are asked for when: at once, then ever less often; eagerly after a loss. Without I/O.</summary>
internal sealed class CaSearch(CaSearchPace pace)
{
    private readonly Dictionary<uint, Entry> _entries = [];
    private readonly PriorityQueue<Entry, (long DueNs, long Order)> _due = new();
    private long _order;
    private uint _sequence;
    private long _quietUntilNs = long.MinValue;

    /// <summary>Names that are searched for.</summary>
    public int Count => _entries.Count;

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

    /// <summary>Fills the buffer with the next datagram that is due; false when there is none now.</summary>
    public bool TryTake(long nowNs, CaBuffer to)
    {
        to.Clear();
        if (nowNs < _quietUntilNs)
            return false;
        while (true)
        {
            Prune();
            if (!_due.TryPeek(out var entry, out var due) || due.DueNs > nowNs)
                break;
            var length = CaHeader.Length + CaBuffer.Padded(EpicsText.Bytes(entry.Name).Length + 1);
            if (to.Count > 0 && to.Count + length > pace.LargestDatagram)
                break;
            if (to.Count == 0)
                new CaMessage.Version(1, CaMessage.Minor, ++_sequence).WriteTo(to);
            new CaMessage.Search(entry.Cid, CaMessage.Minor, false, entry.Name).WriteTo(to);
            _due.Dequeue();
            _due.Enqueue(entry, (nowNs + entry.IntervalNs, _order++));
            var longest = nowNs < entry.EagerUntilNs ? pace.EagerLongestNs : pace.LongestNs;
            entry.IntervalNs = Math.Min(entry.IntervalNs * 2, longest);
        }
        return to.Count > 0;
    }

    /// <summary>Sends what is due, at most a burst; the rest waits for the next deadline.</summary>
    public void Send(long nowNs, CaBuffer scratch, Action<CaBuffer> send)
    {
        for (var sent = 0; sent < pace.Burst; sent++)
        {
            if (!TryTake(nowNs, scratch))
                return;
            send(scratch);
        }
        _quietUntilNs = nowNs + pace.BurstGapNs;
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
