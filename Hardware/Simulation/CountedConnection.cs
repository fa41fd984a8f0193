using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Simulation;

/// <summary>A connection that says once when it has closed, whoever serves it.</summary>
internal sealed class CountedConnection(IConnection inner, Action gone) : IConnection
{
    public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed) => inner.Start(received, cause =>
    {
        closed(cause);
        gone();
    });

    public void Send(ReadOnlySpan<byte> bytes) => inner.Send(bytes);

    public void Dispose() => inner.Dispose();
}
