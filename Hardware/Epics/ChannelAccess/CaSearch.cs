namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>Searches as datagrams of Channel Access. Without I/O.</summary>
internal sealed class CaSearch(SearchPace pace)
{
    private readonly NameSearch _names = new(pace);
    private uint _sequence;

    /// <summary>When to ask next; null when nothing is searched for.</summary>
    public long? NextDeadline => _names.NextDeadline;

    /// <summary>Begins to search. Eager: the channel was connected a moment ago.</summary>
    public void Add(uint cid, string name, long nowNs, bool eager, long delayNs = 0) => _names.Add(cid, name, nowNs, eager, delayNs);

    /// <summary>No longer searched for.</summary>
    public bool Remove(uint cid) => _names.Remove(cid);

    /// <summary>Fills the buffer with the next datagram that is due; false when there is none now.</summary>
    public bool TryTake(long nowNs, CaBuffer to)
    {
        to.Clear();
        while (_names.TryNext(nowNs, to.Count, LengthOf, out var next))
        {
            if (to.Count == 0)
                new CaMessage.Version(1, CaMessage.Minor, ++_sequence).WriteTo(to);
            new CaMessage.Search(next.Cid, CaMessage.Minor, false, next.Name).WriteTo(to);
        }
        return to.Count > 0;
    }

    /// <summary>Sends what is due, at most a burst; the rest waits for the next deadline.</summary>
    public void Send(long nowNs, CaBuffer scratch, Action<CaBuffer> send) => _names.Send(nowNs, () =>
    {
        if (!TryTake(nowNs, scratch))
            return false;
        send(scratch);
        return true;
    });

    private static int LengthOf(string name) => CaHeader.Length + CaBuffer.Padded(EpicsText.Bytes(name).Length + 1);
}
