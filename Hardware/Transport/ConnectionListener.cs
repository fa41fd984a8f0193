using System.Net;
using System.Net.Sockets;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>Accepts TCP connections for simulators and hands each one, not yet started, to its owner.</summary>
public sealed class ConnectionListener : IDisposable
{
    private readonly Socket _socket;
    private readonly Action<IConnection> _accepted;
    private readonly SocketAsyncEventArgs _accept = new();
    private readonly int _mostPending;
    private readonly bool _ownThreads;

    private ConnectionListener(Socket socket, Action<IConnection> accepted, int mostPending, bool ownThreads)
    {
        (_socket, _accepted, _mostPending) = (socket, accepted, mostPending);
        _ownThreads = ownThreads && ThreadedConnection.IsSupported;
        _accept.Completed += (_, _) => ContinueAccepting();
    }

    /// <summary>Port it listens on; the system's choice where 0 was asked for.</summary>
    public int Port => ((IPEndPoint)_socket.LocalEndPoint!).Port;

    /// <summary>Listens at once. <paramref name="accepted"/> is called on the thread pool, one connection at a time.</summary>
    /// <param name="ownThreads">A thread for each connection instead of the thread pool: for few, whose round trips count.</param>
    /// <remarks><b>Errors</b> <see cref="IOException"/> naming address and cause: port in use, not a local address.</remarks>
    public static ConnectionListener Listen(
        string host, int port, Action<IConnection> accepted, int mostPending = TcpConnector.DefaultMostPending, bool ownThreads = false)
    {
        Socket? socket = null;
        try
        {
            var address = IPAddress.TryParse(host, out var literal) ? literal : Dns.GetHostAddresses(host)[0];
            socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
            socket.Bind(new IPEndPoint(address, port));
            socket.Listen(64);
        }
        catch (SocketException error)
        {
            socket?.Dispose();
            throw new IOException($"Cannot listen on {host}:{port}: {error.Message}.", error);
        }
        var listener = new ConnectionListener(socket, accepted, mostPending, ownThreads);
        listener.Accept();
        return listener;
    }

    public void Dispose() => _socket.Dispose();

    private void Accept()
    {
        try
        {
            while (!_socket.AcceptAsync(_accept))
                HandOver();
        }
        catch (ObjectDisposedException)
        {
            // Disposed: it no longer listens.
        }
    }

    private void ContinueAccepting()
    {
        HandOver();
        if (_accept.SocketError != SocketError.OperationAborted)
            Accept();
    }

    private void HandOver()
    {
        var socket = _accept.AcceptSocket;
        _accept.AcceptSocket = null;
        if (_accept.SocketError == SocketError.Success && socket is not null)
            _accepted(_ownThreads ? new ThreadedConnection(socket, _mostPending) : new TcpConnection(socket, _mostPending));
        else
            socket?.Dispose();
    }
}
