using System.Net;

namespace Flyscan.Hardware.Epics.ChannelAccess;

/// <summary>What a client is given from outside. Time: the wall clock, for when readings came.</summary>
public sealed record CaSurroundings(
    Contracts.IClock Clock, Contracts.IConnector Connector, Contracts.IDatagramPorts Datagrams, TimeProvider Time);

/// <summary>A client of Channel Access.</summary>
/// <remarks>Opens the search socket; nothing is sent before a channel is opened. <b>Errors</b>
/// <see cref="Contracts.SettingsException"/> for an address that means nothing, <see cref="IOException"/> when no socket can be opened.
/// </remarks>
public sealed class CaClient(CaSettings settings, CaSurroundings around)
    : PvClient(settings, settings.ServerPort, around, new CaSearch(settings.Pace))
{
    private readonly CaCircuitSettings _circuitSettings = new(
        settings.User, settings.Host, (ushort)settings.Priority, settings.EchoAfterNs, settings.EchoWithinNs, settings.LargestMessage);

    private protected override PvChannel NewChannel(uint cid, string name) => new CaChannel(this, cid, name);

    private protected override PvCircuit NewCircuit(long nowNs) => new CaCircuit(_circuitSettings, nowNs);

    private protected override void Read(ReadOnlyMemory<byte> datagram, IPAddress from)
    {
        while (CaHeader.TryRead(datagram.Span, out var header) is var length and > 0 && header.Size <= datagram.Length - length)
        {
            var message = CaMessage.FromServer(header, datagram.Slice(length, (int)header.Size));
            datagram = datagram[(length + (int)header.Size)..];
            if (message is CaMessage.SearchReply { Found: { } found })
                Found(found, from);
        }
    }
}
