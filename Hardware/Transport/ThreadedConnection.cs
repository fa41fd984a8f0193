using System.Net.Sockets;
using System.Runtime.InteropServices;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>A TCP socket with a thread that blocks in it: what comes is delivered by the thread that the kernel wakes, without a hop
/// through the thread pool.</summary>
/// <remarks>For few connections whose round trips count. Sending goes straight into the kernel as long as it takes the bytes; what it does
/// not take is sent by a thread that lives as long as that lasts.</remarks>
internal sealed partial class ThreadedConnection : IConnection
{
    private const int ReceiveBytes = 256 * 1024;
    private const int DoNotWait = 0x40;
    private const int NoSignal = 0x4000;
    private const int WouldBlock = 11;
    private const int Interrupted = 4;

    private readonly object _gate = new();
    private readonly Socket _socket;
    private readonly int _mostPending;
    private byte[] _queued = [];
    private int _queuedCount;
    private bool _isWriting;
    private bool _started;
    private bool _closed;
    private Exception? _cause;

    /// <param name="socket">Connected; owned from here on.</param>
    /// <param name="mostPending">Bytes that may wait for a peer that does not read; more closes the connection.</param>
    public ThreadedConnection(Socket socket, int mostPending)
    {
        (_socket, _mostPending) = (socket, mostPending);
        socket.NoDelay = true;
    }

    /// <summary>Whether this system has what it needs.</summary>
    public static bool IsSupported => OperatingSystem.IsLinux();

    public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed)
    {
        lock (_gate)
        {
            if (_started)
                throw new InvalidOperationException("A connection is started once.");
            _started = true;
        }
        new Thread(() => Receive(received, closed)) { IsBackground = true, Name = "connection" }.Start();
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_closed || bytes.IsEmpty)
                return;
            var sent = _isWriting ? 0 : TrySend(bytes);
            if (sent < 0)
            {
                CloseLocked(new IOException("Sending failed: the connection was lost."));
                return;
            }
            if (sent < bytes.Length)
                Queue(bytes[sent..]);
        }
    }

    public void Dispose()
    {
        lock (_gate)
            CloseLocked(null);
    }

    private void Receive(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed)
    {
        var buffer = new byte[ReceiveBytes];
        Exception? cause = null;
        try
        {
            while (_socket.Receive(buffer) is var count and > 0)
                received(buffer.AsMemory(0, count));
        }
        catch (SocketException lost)
        {
            cause = new IOException($"Connection lost: {lost.SocketErrorCode}.", lost);
        }
        catch (ObjectDisposedException)
        {
            // Closed here.
        }
        lock (_gate)
        {
            // Whoever closed first knows why.
            cause = _closed ? _cause : cause;
            CloseLocked(cause);
        }
        closed(cause);
    }

    /// <summary>Bytes that the kernel took without waiting; -1 when the connection is lost.</summary>
    private int TrySend(ReadOnlySpan<byte> bytes)
    {
        while (true)
        {
            var sent = (int)SendNow((int)_socket.Handle, bytes, (nuint)bytes.Length, DoNotWait | NoSignal);
            if (sent >= 0)
                return sent;
            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    continue;
                case WouldBlock:
                    return 0;
                default:
                    return -1;
            }
        }
    }

    private void Queue(ReadOnlySpan<byte> bytes)
    {
        if ((long)_queuedCount + bytes.Length > _mostPending)
        {
            CloseLocked(new IOException($"The peer does not read: more than {_mostPending} bytes wait to be sent."));
            return;
        }
        if (_queued.Length - _queuedCount < bytes.Length)
            Array.Resize(ref _queued, Math.Max(_queued.Length * 2, _queuedCount + bytes.Length));
        bytes.CopyTo(_queued.AsSpan(_queuedCount));
        _queuedCount += bytes.Length;
        if (_isWriting)
            return;
        _isWriting = true;
        new Thread(WriteQueued) { IsBackground = true, Name = "connection, sending" }.Start();
    }

    private void WriteQueued()
    {
        var sending = Array.Empty<byte>();
        while (true)
        {
            int count;
            lock (_gate)
            {
                if (_queuedCount == 0 || _closed)
                {
                    (_isWriting, _queued, _queuedCount) = (false, [], 0);
                    return;
                }
                (sending, _queued) = (_queued, sending);
                (count, _queuedCount) = (_queuedCount, 0);
            }
            try
            {
                _socket.Send(sending.AsSpan(0, count));
            }
            catch (SocketException failed)
            {
                lock (_gate)
                    CloseLocked(new IOException($"Sending failed: {failed.SocketErrorCode}.", failed));
            }
            catch (ObjectDisposedException)
            {
                // Closed meanwhile: what was queued is dropped, as the contract says.
            }
        }
    }

    private void CloseLocked(Exception? cause)
    {
        if (_closed)
            return;
        (_closed, _cause) = (true, cause);
        try
        {
            // Said first: closing a socket that still receives may reset the connection, and the peer would call this close a loss.
            // It also wakes the thread that receives.
            _socket.Shutdown(cause is null ? SocketShutdown.Both : SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The peer went first.
        }
        _socket.Dispose();
    }

    [LibraryImport("libc", EntryPoint = "send", SetLastError = true)]
    private static partial nint SendNow(int socket, ReadOnlySpan<byte> bytes, nuint length, int flags);
}
