using System.Net;
using System.Text;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Searches as datagrams of pvAccess. Without I/O.</summary>
internal sealed class PvaSearch(SearchPace pace)
{
    /// <summary>Where a datagram says that it goes to one server only, which then passes it on to its neighbours.</summary>
    public const int FlagsAt = PvaHeader.Length + 4;

    /// <summary>Bytes beside the names.</summary>
    private const int HeadLength = PvaHeader.Length + 4 + 4 + 16 + 2 + 1 + 4 + 2;

    private static readonly PvaTypeIds NoTypes = new();
    private readonly NameSearch _names = new(pace);
    private readonly List<PvaName> _taken = [];
    private uint _sequence;

    /// <summary>When to ask next; null when nothing is searched for.</summary>
    public long? NextDeadline => _names.NextDeadline;

    /// <summary>Begins to search. Eager: the channel was connected a moment ago.</summary>
    public void Add(uint cid, string name, long nowNs, bool eager, long delayNs = 0) => _names.Add(cid, name, nowNs, eager, delayNs);

    /// <summary>No longer searched for.</summary>
    public bool Remove(uint cid) => _names.Remove(cid);

    /// <summary>The next search that is due; null when there is none now.</summary>
    /// <param name="nowNs">Now.</param>
    /// <param name="port">Where answers are awaited.</param>
    public PvaMessage.Search? Take(long nowNs, int port)
    {
        _taken.Clear();
        var used = 0;
        while (_names.TryNext(nowNs, used, LengthOf, out var next))
        {
            used += LengthOf(next.Name) + (used == 0 ? HeadLength : 0);
            _taken.Add(new PvaName(next.Cid, next.Name));
        }
        return _taken.Count == 0
            ? null
            : new PvaMessage.Search(++_sequence, 0, IPAddress.Any, (ushort)port, [PvaMessage.Tcp], _taken.ToEquatableArray());
    }

    /// <summary>Sends what is due, at most a burst; the rest waits for the next deadline.</summary>
    public void Send(long nowNs, int port, Action<PvaMessage.Search> send) => _names.Send(nowNs, () =>
    {
        if (Take(nowNs, port) is not { } search)
            return false;
        send(search);
        return true;
    });

    /// <summary>A search as a datagram; searches hold no types.</summary>
    public static void Write(PvaMessage.Search search, PvaWriter to)
    {
        to.Clear();
        search.WriteTo(to, NoTypes);
    }

    private static int LengthOf(string name) => 4 + 3 + Encoding.UTF8.GetByteCount(name);
}
