using System.Net.Sockets;
using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>A TCP socket that calls back on the thread pool; completions never touch a synchronization context.</summary>
internal sealed class TcpConnection : IConnection
{
    private const int ReceiveBytes = 256 * 1024;

    private readonly Socket _socket;
    private readonly int _mostPending;
    private readonly SocketAsyncEventArgs _receive = new();
    private readonly SocketAsyncEventArgs _send = new();
    private readonly object _gate = new();
    private readonly byte[] _received = new byte[ReceiveBytes];
    private byte[] _queued = new byte[4096];
    private byte[] _sending = new byte[4096];
    private int _queuedCount;
    private int _sendingFrom;
    private int _sendingEnd;
    private bool _sendBusy;
    private bool _started;
    private bool _closed;
    private Exception? _cause;
    private Action<ReadOnlyMemory<byte>>? _onReceived;
    private Action<Exception?>? _onClosed;

    /// <param name="socket">Connected; owned from here on.</param>
    /// <param name="mostPending">Bytes that may wait for a peer that does not read; more closes the connection.</param>
    public TcpConnection(Socket socket, int mostPending)
    {
        socket.NoDelay = true;
        _socket = socket;
        _mostPending = mostPending;
        _receive.SetBuffer(_received);
        _receive.Completed += (_, _) => ContinueReceiving();
        _send.Completed += (_, _) => ContinueSending();
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
        ThreadPool.UnsafeQueueUserWorkItem(static connection => connection.Receive(), this, preferLocal: false);
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_closed || bytes.IsEmpty)
                return;
            if ((long)_queuedCount + bytes.Length > _mostPending)
            {
                CloseLocked(new IOException($"The peer does not read: more than {_mostPending} bytes wait to be sent."));
                return;
            }
            Enqueue(bytes);
            if (_sendBusy)
                return;
            _sendBusy = true;
        }
        Transmit();
    }

    public void Dispose()
    {
        lock (_gate)
            CloseLocked(null);
    }

    private void Enqueue(ReadOnlySpan<byte> bytes)
    {
        if (_queued.Length - _queuedCount < bytes.Length)
            Array.Resize(ref _queued, Math.Max(_queued.Length * 2, _queuedCount + bytes.Length));
        bytes.CopyTo(_queued.AsSpan(_queuedCount));
        _queuedCount += bytes.Length;
    }

    private void CloseLocked(Exception? cause)
    {
        if (_closed)
            return;
        _closed = true;
        _cause = cause;
        // Said first: disposing a socket that still receives may reset the connection, and the peer would call this close a loss.
        if (cause is null && _socket.Connected)
            SayGoodbye();
        // Closing completes the pending receive, which reports the end on its own thread.
        _socket.Dispose();
    }

    private void SayGoodbye()
    {
        try
        {
            _socket.Shutdown(SocketShutdown.Send);
        }
        catch (SocketException)
        {
            // The peer went first.
        }
    }

    private void Receive()
    {
        try
        {
            while (!_socket.ReceiveAsync(_receive))
                if (!Deliver())
                    return;
        }
        catch (ObjectDisposedException)
        {
            Report(null);
        }
    }

    private void ContinueReceiving()
    {
        if (Deliver())
            Receive();
    }

    private bool Deliver()
    {
        var failed = _receive.SocketError != SocketError.Success;
        if (failed || _receive.BytesTransferred == 0)
        {
            Report(failed ? new IOException($"Connection lost: {_receive.SocketError}.") : null);
            return false;
        }
        _onReceived!(_received.AsMemory(0, _receive.BytesTransferred));
        return true;
    }

    private void Report(Exception? cause)
    {
        Action<Exception?>? closed;
        lock (_gate)
        {
            closed = _onClosed;
            _onClosed = null;
            cause = _closed ? _cause : cause;
            CloseLocked(cause);
        }
        closed?.Invoke(cause);
    }

    private void Transmit()
    {
        try
        {
            while (NextPart())
                if (_socket.SendAsync(_send) || !Sent())
                    return;
        }
        catch (ObjectDisposedException)
        {
            // The connection was closed meanwhile: what was queued is dropped, as the contract says.
        }
    }

    private void ContinueSending()
    {
        if (Sent())
            Transmit();
    }

    private bool NextPart()
    {
        lock (_gate)
        {
            if (_sendingFrom == _sendingEnd)
            {
                if (_queuedCount == 0 || _closed)
                {
                    _sendBusy = false;
                    return false;
                }
                (_queued, _sending) = (_sending, _queued);
                (_sendingFrom, _sendingEnd, _queuedCount) = (0, _queuedCount, 0);
            }
            _send.SetBuffer(_sending, _sendingFrom, _sendingEnd - _sendingFrom);
            return true;
        }
    }

    private bool Sent()
    {
        lock (_gate)
        {
            if (_send.SocketError != SocketError.Success)
            {
                CloseLocked(new IOException($"Sending failed: {_send.SocketError}."));
                return false;
            }
            _sendingFrom += _send.BytesTransferred;
            return true;
        }
    }
}
