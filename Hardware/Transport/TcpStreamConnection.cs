using System.Net.Sockets;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>A TCP socket that a thread of its own reads: for streams, where handing each piece to the thread pool costs as much as
/// taking it from the kernel.</summary>
/// <remarks>Only blocking calls are made on it: the first asynchronous one would have all others wait for a thread of the runtime.
/// </remarks>
internal sealed class TcpStreamConnection : IConnection
{
    /// <summary>Bytes that may be sent at a time: a new socket's buffer has room for them.</summary>
    public const int MostSent = 4096;

    private const int ReceiveBytes = 256 * 1024;

    private readonly Socket _socket;
    private readonly object _gate = new();
    private bool _started;
    private bool _closed;
    private Action<ReadOnlyMemory<byte>>? _onReceived;
    private Action<Exception?>? _onClosed;

    private TcpStreamConnection(Socket socket) => _socket = socket;

    /// <summary>Connects on a thread; cancelling gives up.</summary>
    /// <remarks><b>Errors</b> <see cref="SocketException"/>.</remarks>
    public static async Task<IConnection> ConnectAsync(string host, int port, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        var done = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => Connect(socket, host, port, done)) { IsBackground = true, Name = "connect" }.Start();
        try
        {
            using (cancel.Register(socket.Dispose))
                await done.Task;
            cancel.ThrowIfCancellationRequested();
            return new TcpStreamConnection(socket);
        }
        catch
        {
            socket.Dispose();
            cancel.ThrowIfCancellationRequested();
            throw;
        }
    }

    public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed)
    {
        lock (_gate)
        {
            if (_started)
                throw new InvalidOperationException("A connection is started once.");
            _started = true;
            (_onReceived, _onClosed) = (received, closed);
        }
        new Thread(Receive) { IsBackground = true, Name = "stream" }.Start();
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bytes.Length, MostSent);
        lock (_gate)
        {
            if (_closed)
                return;
            try
            {
                _socket.Send(bytes);
            }
            catch (SocketException)
            {
                // The reading thread tells of the loss.
            }
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            if (_closed)
                return;
            _closed = true;
            try
            {
                // Wakes the thread, and tells the peer in order: closing a socket that still receives would reset it.
                _socket.Shutdown(SocketShutdown.Both);
            }
            catch (SocketException)
            {
                // The peer went first.
            }
            _socket.Dispose();
        }
    }

    private static void Connect(Socket socket, string host, int port, TaskCompletionSource done)
    {
        try
        {
            socket.Connect(host, port);
            done.SetResult();
        }
        catch (Exception error) when (error is SocketException or ObjectDisposedException)
        {
            done.SetException(error);
        }
    }

    private void Receive()
    {
        var buffer = new byte[ReceiveBytes];
        Exception? cause = null;
        try
        {
            for (int count; (count = _socket.Receive(buffer)) > 0;)
                _onReceived!(buffer.AsMemory(0, count));
        }
        catch (SocketException error)
        {
            cause = new IOException($"Connection lost: {error.SocketErrorCode}.");
        }
        catch (ObjectDisposedException)
        {
            // Ours to close.
        }
        bool ours;
        lock (_gate)
            ours = _closed;
        Dispose();
        _onClosed!(ours ? null : cause);
    }
}
