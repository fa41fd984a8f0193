using System.Net.Sockets;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>Makes TCP connections without Nagle's delay.</summary>
/// <param name="mostPending">Bytes that may wait for a peer that does not read; more closes the connection.</param>
public sealed class TcpConnector(int mostPending = TcpConnector.DefaultMostPending) : IConnector
{
    /// <summary>Bytes: 64 MiB.</summary>
    public const int DefaultMostPending = 64 * 1024 * 1024;

    public async Task<IConnection> ConnectAsync(string host, int port, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(host, port, cancel);
            return new TcpConnection(socket, mostPending);
        }
        catch (SocketException error)
        {
            socket.Dispose();
            throw Refused(host, port, error);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    public async Task<IConnection> ConnectStreamAsync(string host, int port, CancellationToken cancel)
    {
        try
        {
            return await TcpStreamConnection.ConnectAsync(host, port, cancel);
        }
        catch (SocketException error)
        {
            throw Refused(host, port, error);
        }
    }

    private static IOException Refused(string host, int port, SocketException error) => new(
        $"Cannot connect to {host}:{port}: {error.Message}. Check that the device is on and the address right.", error);
}
