using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess;

namespace Flyscan.Hardware.Epics.PvAccess;

/// <summary>A client of pvAccess.</summary>
/// <remarks>Opens the search socket; nothing is sent before a channel is opened. <b>Errors</b> <see cref="SettingsException"/> for an
/// address that means nothing, <see cref="IOException"/> when no socket can be opened.</remarks>
public sealed class PvaClient(PvaSettings settings, CaSurroundings around)
    : PvClient(settings, settings.SearchPort, around, new PvaSearch(settings.Pace, Broadcasts()))
{
    private readonly PvaCircuitSettings _circuitSettings = new(
        settings.User, settings.Host, settings.EchoAfterNs, settings.EchoWithinNs, settings.LargestMessage);

    private readonly PvaContext _noTypes = new(new PvaTypeCache(), static _ => null);

    private protected override PvChannel NewChannel(uint cid, string name) => new PvaChannel(this, cid, name);

    private protected override PvCircuit NewCircuit(long nowNs) => new PvaCircuit(_circuitSettings, nowNs);

    private protected override void Read(ReadOnlyMemory<byte> datagram, IPAddress from)
    {
        while (PvaHeader.TryRead(datagram.Span, out var header)
            && (header.IsControl || header.Size <= datagram.Length - PvaHeader.Length))
        {
            var size = header.IsControl ? 0 : (int)header.Size;
            var message = PvaMessage.FromServer(header, datagram.Slice(PvaHeader.Length, size).Span, _noTypes);
            datagram = datagram[(PvaHeader.Length + size)..];
            if (message is PvaMessage.SearchReply { Found: { } found })
                Found(found, from);
        }
    }

    private static IEnumerable<IPAddress> Broadcasts() =>
        [IPAddress.Broadcast, .. EpicsAddresses.Broadcasts().Where(a => !IPAddress.IsLoopback(a))];
}
