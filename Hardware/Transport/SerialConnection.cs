using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Transport;

/// <summary>A serial line as a byte stream: a thread waits for input and calls back.</summary>
internal sealed class SerialConnection : IConnection
{
    /// <summary>How soon a line that is closed is let go, and how often a full line is tried again.</summary>
    private const int LookMilliseconds = 50;
    private const int MostPending = 1 << 20;

    private readonly int _descriptor;
    private readonly int? _held;
    private readonly string _path;
    private readonly object _gate = new();
    private readonly List<byte> _pending = [];
    private Action<ReadOnlyMemory<byte>>? _received;
    private Action<Exception?>? _closed;
    private Exception? _cause;
    private bool _isClosed;

    /// <param name="descriptor">Open and non-blocking; owned from here on.</param>
    /// <param name="held">A second descriptor that is closed with it.</param>
    public SerialConnection(int descriptor, string path, int? held = null) => (_descriptor, _path, _held) = (descriptor, path, held);

    public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed)
    {
        lock (_gate)
        {
            if (_received is not null)
                throw new InvalidOperationException("A connection is started once.");
            (_received, _closed) = (received, closed);
        }
        new Thread(Run) { IsBackground = true, Name = $"serial {_path}" }.Start();
    }

    public void Send(ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            if (_pending.Count + bytes.Length > MostPending)
            {
                Close(new IOException($"{_path}: the line takes nothing: more than {MostPending} bytes wait to be sent."));
                return;
            }
            _pending.AddRange(bytes);
            Transmit();
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            Close(null);
            if (_received is null)
                Release();
        }
    }

    private void Close(Exception? cause)
    {
        if (_isClosed)
            return;
        (_isClosed, _cause) = (true, cause);
        Termios.LetGo(_descriptor);
    }

    private void Transmit()
    {
        try
        {
            while (_pending.Count > 0)
            {
                var sent = Termios.Write(_descriptor, System.Runtime.InteropServices.CollectionsMarshal.AsSpan(_pending));
                if (sent <= 0)
                    return;
                _pending.RemoveRange(0, sent);
            }
        }
        catch (IOException error)
        {
            Close(new IOException($"{_path}: {error.Message}", error));
        }
    }

    private void Run()
    {
        var buffer = new byte[4096];
        while (!IsClosed(out var waits))
        {
            // Closed meanwhile: what came is for whoever opened the line after.
            if (Termios.Wait(_descriptor, waits, LookMilliseconds) && !IsClosed(out _))
                Receive(buffer);
            lock (_gate)
                if (!_isClosed)
                    Transmit();
        }
        Release();
        _closed!(_cause);
    }

    private void Receive(byte[] buffer)
    {
        try
        {
            var count = Termios.Read(_descriptor, buffer);
            if (count > 0)
                _received!(buffer.AsMemory(0, count));
            else if (count == 0)
                CloseLocked(new IOException($"{_path}: the device is gone."));
        }
        catch (IOException error)
        {
            CloseLocked(new IOException($"{_path}: {error.Message}", error));
        }
    }

    private bool IsClosed(out bool waits)
    {
        lock (_gate)
        {
            waits = _pending.Count > 0;
            return _isClosed;
        }
    }

    private void CloseLocked(Exception cause)
    {
        lock (_gate)
            Close(cause);
    }

    private void Release()
    {
        Termios.CloseDescriptor(_descriptor);
        if (_held is int held)
            Termios.CloseDescriptor(held);
    }
}
