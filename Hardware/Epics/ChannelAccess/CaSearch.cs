using System.Net;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>Searches as datagrams of Channel Access. Without I/O.</summary>
internal sealed class CaSearch(SearchPace pace) : NameSearch(pace)
{
    private readonly CaBuffer _datagram = new();
    private uint _sequence;

    public override ReadOnlySpan<byte> DatagramTo(IPEndPoint server) => _datagram.Written;

    public override void Ask(PvCircuit nameServer)
    {
        var names = _datagram.Written[CaHeader.Length..];
        names.CopyTo(nameServer.Outgoing.Append(names.Length));
    }

    protected override int HeadLength => CaHeader.Length;

    protected override int LengthOf(string name) => CaHeader.Length + CaBuffer.Padded(EpicsText.Bytes(name).Length + 1);

    protected override void Write(IReadOnlyList<PvName> names)
    {
        _datagram.Clear();
        new CaMessage.Version(1, CaMessage.Minor, ++_sequence).WriteTo(_datagram);
        foreach (var (cid, name) in names)
            new CaMessage.Search(cid, CaMessage.Minor, false, name).WriteTo(_datagram);
    }
}
