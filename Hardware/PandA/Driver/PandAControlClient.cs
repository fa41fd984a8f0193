using Flyscan.Hardware.Contracts;
using Flyscan.Hardware.PandA.Protocol;
using Flyscan.Hardware.Transport;

namespace Flyscan.Hardware.PandA.Driver;

/// <summary>The box refused a command.</summary>
internal sealed class PandARefusedException(string command, string reason) : IOException($"{command} was refused: {reason}");

/// <summary>One control connection: pumps bytes and wake-ups through the protocol, and completes a task per batch of commands.</summary>
internal sealed class PandAControlClient : IPandAControl
{
    private readonly IConnection _connection;
    private readonly IClock _clock;
    private readonly PandAControlProtocol _protocol;
    private readonly Action<string> _lost;
    private readonly object _gate = new();
    private readonly Queue<Batch> _batches = new();
    private IDisposable? _wake;
    private Exception? _dead;

    /// <param name="lost">Called once when the connection can no longer be used; not after <see cref="Dispose"/>.</param>
    public PandAControlClient(IConnection connection, IClock clock, PandAControlLimits limits, Action<string> lost)
    {
        (_connection, _clock, _lost) = (connection, clock, lost);
        _protocol = new PandAControlProtocol(limits);
        connection.Start(Receive, Closed);
    }

    public Task<PandAReply[]> SendAsync(IReadOnlyList<PandACommand> commands, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (commands.Count == 0)
            return Task.FromResult(Array.Empty<PandAReply>());
        var batch = new Batch(commands);
        string? lost;
        lock (_gate)
        {
            if (_dead is not null)
                return Task.FromException<PandAReply[]>(_dead);
            _batches.Enqueue(batch);
            _protocol.Send(commands, _clock.NowNs);
            lost = Drain();
        }
        if (lost is not null)
            _lost(lost);
        return batch.Done.Task.OrCancelled(cancel);
    }

    public void Dispose()
    {
        lock (_gate)
            Die(new IOException("the control connection was closed"));
    }

    private void Receive(ReadOnlyMemory<byte> bytes)
    {
        string? lost;
        lock (_gate)
        {
            _protocol.Receive(bytes.Span);
            lost = Drain();
        }
        if (lost is not null)
            _lost(lost);
    }

    private void Closed(Exception? cause)
    {
        var text = $"the control connection was lost: {cause?.Message ?? "closed by the box"}";
        lock (_gate)
        {
            if (_dead is not null)
                return;
            Die(new IOException(text));
        }
        _lost(text);
    }

    private void Wake()
    {
        string? lost;
        lock (_gate)
        {
            _wake = null;
            if (_dead is not null)
                return;
            _protocol.Tick(_clock.NowNs);
            lost = Drain();
        }
        if (lost is not null)
            _lost(lost);
    }

    /// <summary>Acts on what the protocol wants; returns why the connection was lost, if it was.</summary>
    private string? Drain()
    {
        while (_dead is null && _protocol.TryTake(out var output))
            switch (output)
            {
                case PandAControlProtocol.Output.Transmit transmit:
                    _connection.Send(transmit.Bytes);
                    break;
                case PandAControlProtocol.Output.Replied replied:
                    if (_batches.Peek().Add(replied.Reply))
                        _batches.Dequeue();
                    break;
                case PandAControlProtocol.Output.Fault fault:
                    Die(fault.TimedOut ? new TimeoutException(fault.Reason) : new IOException(fault.Reason));
                    return fault.Reason;
                default:
                    throw new System.Diagnostics.UnreachableException();
            }
        // One wake-up serves many commands: when it comes too early for the present one, it is set again.
        if (_dead is null && _wake is null && _protocol.NextDeadline is { } deadline)
            _wake = _clock.WakeAt(deadline, Wake);
        return null;
    }

    private void Die(Exception cause)
    {
        if (_dead is not null)
            return;
        _dead = cause;
        _wake?.Dispose();
        foreach (var batch in _batches)
            batch.Done.TrySetException(cause);
        _batches.Clear();
        _connection.Dispose();
    }

    private sealed class Batch(IReadOnlyList<PandACommand> commands)
    {
        private readonly PandAReply[] _replies = new PandAReply[commands.Count];
        private int _count;

        public TaskCompletionSource<PandAReply[]> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        /// <summary>True: that was the last one.</summary>
        public bool Add(PandAReply reply)
        {
            _replies[_count++] = reply;
            if (_count < _replies.Length)
                return false;
            Done.TrySetResult(_replies);
            return true;
        }
    }
}
