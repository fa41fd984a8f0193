using System.Net;
using System.Net.Sockets;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>Opens UDP sockets.</summary>
public sealed class UdpPorts : IDatagramPorts
{
    public IDatagramPort Open(IPAddress address, int port)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        try
        {
            socket.EnableBroadcast = true;
            socket.ReceiveBufferSize = 4 * 1024 * 1024;
            socket.Bind(new IPEndPoint(address, port));
            return new UdpPort(socket);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw new IOException($"Cannot open UDP {address}:{port}: {error.Message}.", error);
        }
    }

    private sealed class UdpPort(Socket socket) : IDatagramPort
    {
        private const int LargestDatagram = 65_536;

        private readonly byte[] _bytes = new byte[LargestDatagram];
        private readonly SocketAsyncEventArgs _receive = new();
        private Action<ReadOnlyMemory<byte>, IPEndPoint>? _received;

        public int Port => ((IPEndPoint)socket.LocalEndPoint!).Port;

        public void Start(Action<ReadOnlyMemory<byte>, IPEndPoint> received)
        {
            _received = received;
            _receive.SetBuffer(_bytes);
            _receive.RemoteEndPoint = new IPEndPoint(IPAddress.Any, 0);
            _receive.Completed += (_, _) => Continue();
            ThreadPool.UnsafeQueueUserWorkItem(static port => port.Receive(), this, preferLocal: false);
        }

        public void Send(ReadOnlySpan<byte> bytes, IPEndPoint to)
        {
            try
            {
                socket.SendTo(bytes, SocketFlags.None, to);
            }
            catch (Exception lost) when (lost is SocketException or ObjectDisposedException)
            {
                // A datagram may get lost anywhere; whoever needs an answer asks again.
            }
        }

        public void Dispose() => socket.Dispose();

        private void Receive()
        {
            try
            {
                while (!socket.ReceiveFromAsync(_receive))
                    if (!Deliver())
                        return;
            }
            catch (ObjectDisposedException)
            {
                // Disposed: nobody listens any more.
            }
        }

        private void Continue()
        {
            if (Deliver())
                Receive();
        }

        /// <summary>False: the socket is closed. Other errors are those of datagrams that came back, and end nothing.</summary>
        private bool Deliver()
        {
            if (_receive.SocketError == SocketError.OperationAborted)
                return false;
            if (_receive.SocketError == SocketError.Success)
                _received!(_bytes.AsMemory(0, _receive.BytesTransferred), (IPEndPoint)_receive.RemoteEndPoint!);
            return true;
        }
    }
}
