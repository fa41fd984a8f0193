using System.Net.Sockets;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>Makes TCP connections without Nagle's delay.</summary>
/// <param name="mostPending">Bytes that may wait for a peer that does not read; more closes the connection.</param>
/// <param name="ownThreads">A thread for each connection instead of the thread pool: for few, whose round trips count.</param>
public sealed class TcpConnector(int mostPending = TcpConnector.DefaultMostPending, bool ownThreads = false) : IConnector
{
    /// <summary>Bytes: 64 MiB.</summary>
    public const int DefaultMostPending = 64 * 1024 * 1024;

    public async Task<IConnection> ConnectAsync(string host, int port, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (ownThreads && ThreadedConnection.IsSupported)
            {
                await ConnectOnThreadAsync(socket, host, port, cancel);
                return new ThreadedConnection(socket, mostPending);
            }
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

    /// <summary>Connects without any of the socket's asynchronous calls: the first of them would make every later call wait through the
    /// thread pool.</summary>
    private static async Task ConnectOnThreadAsync(Socket socket, string host, int port, CancellationToken cancel)
    {
        var connected = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() =>
        {
            try
            {
                socket.Connect(host, port);
                connected.TrySetResult();
            }
            catch (Exception failed) when (failed is SocketException or ObjectDisposedException)
            {
                connected.TrySetException(failed);
            }
        })
        { IsBackground = true, Name = "connecting" }.Start();
        using var given = cancel.Register(() =>
        {
            if (connected.TrySetCanceled(cancel))
                socket.Dispose();
        });
        await connected.Task;
    }
}
