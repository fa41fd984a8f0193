using System.Net;
using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.Epics.ChannelAccess;
using Flyscan.Hardware.Transport;

namespace Flyscan.Tests.Hardware.Epics.CLibrary;

/// <summary>What EPICS base's caRepeater does, which no package of Debian has: it hands beacons on to the clients that register.</summary>
internal sealed class Repeater : IDisposable
{
    private readonly IDatagramPort _port = new UdpPorts().Open(IPAddress.Any, 0);
    private readonly TaskCompletionSource _registered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly List<IPEndPoint> _clients = [];

    public Repeater() => _port.Start(Received);

    public int Port => _port.Port;

    /// <summary>Completes when a client has registered.</summary>
    public Task Registered => _registered.Task;

    public void Dispose() => _port.Dispose();

    private void Received(ReadOnlyMemory<byte> bytes, IPEndPoint from)
    {
        var answer = new CaBuffer();
        // Clients register with a message or with nothing at all.
        if (CaHeader.TryRead(bytes.Span, out var header) == 0 || header.Command == CaCommand.RepeaterRegister)
        {
            _clients.Add(new IPEndPoint(from.Address, from.Port));
            new CaMessage.RepeaterConfirm(AddressOf(from)).WriteTo(answer);
            _port.Send(answer.Written, from);
            _registered.TrySetResult();
        }
        else if (header.Command == CaCommand.Beacon)
        {
            new CaMessage.Beacon(header.Type, header.Count, header.P1, AddressOf(from)).WriteTo(answer);
            foreach (var client in _clients)
                _port.Send(answer.Written, client);
        }
    }

    private static uint AddressOf(IPEndPoint from) =>
        System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(from.Address.GetAddressBytes());
}
