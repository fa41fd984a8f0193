using System.Net;
using System.Text;
using Flyscan.Scanning.Units;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>Searches as datagrams of pvAccess. Without I/O.</summary>
/// <param name="pace">How often.</param>
/// <param name="broadcasts">Addresses that reach every server.</param>
internal sealed class PvaSearch(SearchPace pace, IEnumerable<IPAddress> broadcasts) : NameSearch(pace)
{
    private const int FlagsAt = PvaHeader.Length + 4;

    private static readonly PvaTypeIds NoTypes = new();
    private readonly HashSet<IPAddress> _broadcasts = [.. broadcasts];
    private readonly PvaWriter _datagram = new(isServer: false);
    private PvaMessage.Search? _search;
    private uint _sequence;

    public override ReadOnlySpan<byte> DatagramTo(IPEndPoint server)
    {
        byte[] bytes = [.. _datagram.Written];
        // A server that is asked alone passes the question on to the others of its machine.
        bytes[FlagsAt] = _broadcasts.Contains(server.Address) ? (byte)0 : PvaMessage.UnicastFlag;
        return bytes;
    }

    public override void Ask(PvCircuit nameServer) => ((PvaCircuit)nameServer).Search(_search!);

    protected override int HeadLength => PvaHeader.Length + 4 + 4 + 16 + 2 + 1 + 4 + 2;

    protected override int LengthOf(string name) => 4 + 3 + Encoding.UTF8.GetByteCount(name);

    protected override void Write(IReadOnlyList<PvName> names)
    {
        _search = new PvaMessage.Search(
            ++_sequence, 0, IPAddress.Any, (ushort)AnswerPort, [PvaMessage.Tcp], names.ToEquatableArray());
        _datagram.Clear();
        // Searches hold no types.
        _search.WriteTo(_datagram, NoTypes);
    }
}
