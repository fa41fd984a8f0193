using System.Runtime.InteropServices;

namespace Flyscan.Host.Cli;

/// <summary>Ctrl-C and SIGTERM as things to await: the first asks for a pause, the second for an abort.</summary>
internal sealed class Interrupts : IDisposable
{
    private readonly PosixSignalRegistration[] _registrations;
    private readonly CancellationTokenSource _second = new();
    private readonly SemaphoreSlim _signals = new(0);
    private int _count;
    private Task? _next;

    public Interrupts() => _registrations =
    [
        PosixSignalRegistration.Create(PosixSignal.SIGINT, Hear),
        PosixSignalRegistration.Create(PosixSignal.SIGTERM, Hear),
    ];

    public int Count => Volatile.Read(ref _count);

    /// <summary>Cancelled by the second signal: for waits that nothing else ends.</summary>
    public CancellationToken Second => _second.Token;

    /// <summary>Completes at the next signal that was not awaited yet.</summary>
    public Task NextAsync()
    {
        if (_next is null or { IsCompleted: true })
            _next = _signals.WaitAsync();
        return _next;
    }

    public void Reset() => Volatile.Write(ref _count, 0);

    public void Dispose()
    {
        foreach (var registration in _registrations)
            registration.Dispose();
        _second.Dispose();
    }

    private void Hear(PosixSignalContext context)
    {
        context.Cancel = true;
        if (Interlocked.Increment(ref _count) == 2)
            _second.Cancel();
        _signals.Release();
    }
}
