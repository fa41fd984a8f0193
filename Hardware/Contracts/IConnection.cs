namespace Flyscan.Hardware.Contracts;

/// <summary>A byte stream that calls back: <see cref="Start"/> once, then Received in order and never concurrently, then Closed exactly
/// once.</summary>
public interface IConnection : IDisposable
{
    /// <summary>Begins delivering. The memory given to <paramref name="received"/> is only valid during the call.</summary>
    void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed);

    /// <summary>Queues bytes for sending, in order; copies them. Never blocks. Bytes sent after the connection closed are
    /// dropped.</summary>
    void Send(ReadOnlySpan<byte> bytes);
}

/// <summary>Makes connections.</summary>
public interface IConnector
{
    /// <summary>Errors: throws <see cref="IOException"/> naming host, port and cause when nobody answers.</summary>
    Task<IConnection> ConnectAsync(string host, int port, CancellationToken cancel);

    /// <summary>A connection over which much is received and a line or two is sent.</summary>
    Task<IConnection> ConnectStreamAsync(string host, int port, CancellationToken cancel) => ConnectAsync(host, port, cancel);
}
