using Flyscan.Hardware.Contracts;

namespace Flyscan.Hardware.Simulation;

/// <summary>The beam clock for what is written for any clock; used on the world's thread only.</summary>
internal sealed class WorldClock(ISimulationClock world) : IClock
{
    public long NowNs => world.NowNs;

    public IDisposable WakeAt(long timeNs, Action wake) => world.At(timeNs, wake);
}

/// <summary>A connection whose bytes arrive on the world's thread.</summary>
internal sealed class PostedConnection(IConnection inner, ISimulationClock world) : IConnection
{
    public void Start(Action<ReadOnlyMemory<byte>> received, Action<Exception?> closed) => inner.Start(
        bytes =>
        {
            // Valid during the call only.
            var copy = bytes.ToArray();
            world.Post(() => received(copy));
        },
        cause => world.Post(() => closed(cause)));

    public void Send(ReadOnlySpan<byte> bytes) => inner.Send(bytes);

    public void Dispose() => inner.Dispose();
}
